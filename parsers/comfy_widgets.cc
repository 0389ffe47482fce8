#include "parsers/comfy_widgets.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "parsers/comfy_values.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// Of a picture; smaller numbers are ratios.
constexpr std::int64_t kLeastSide = 16;

// What follows a seed: how it changes from one run to the next. Early editors
// wrote a boolean.
bool is_control_word(JsonValue value) {
  if (value.is_bool()) return true;
  const std::string_view word = value.string().value_or("");
  return word == "randomize" || word == "fixed" || word == "increment" ||
         word == "decrement" || word == "increment-wrap" || word == "random";
}

bool is_seed_name(std::string_view name) {
  return name == "seed" || name == "noise_seed" || name == "rand_seed";
}

class Namer {
 public:
  explicit Namer(Graph& graph) : graph_(graph) {}

  std::vector<Widget> name(JsonValue node, std::string_view class_type,
                           std::span<const JsonValue> shown);

 private:
  void name_by_inputs(JsonValue node, const std::vector<JsonValue>& values,
                      std::vector<Widget>& widgets);
  std::size_t name_in_order(std::string_view order, std::string_view number,
                            const std::vector<JsonValue>& values,
                            std::size_t at, std::vector<Widget>& widgets);
  void name_by_table(std::string_view order,
                     const std::vector<JsonValue>& values,
                     std::vector<Widget>& widgets);
  void name_loras(const std::vector<JsonValue>& values,
                  std::vector<Widget>& widgets);
  std::string text_names(JsonValue node, std::string_view type,
                         std::size_t count);
  void name_by_kind(JsonValue node, std::string_view type,
                    const std::vector<JsonValue>& values,
                    std::vector<Widget>& widgets);

  Graph& graph_;
};

// Newer editors list every widget among the inputs, in order.
void Namer::name_by_inputs(JsonValue node, const std::vector<JsonValue>& values,
                           std::vector<Widget>& widgets) {
  std::vector<std::string_view> names;
  node["inputs"].for_each_element([&](JsonValue input) {
    const auto name = input["widget"]["name"].string();
    if (name) names.push_back(*name);
  });
  std::size_t controls = 0;
  for (std::size_t i = 1; i < values.size(); ++i)
    if (!values[i].is_bool() && is_control_value(values[i]) &&
        values[i - 1].is_number())
      ++controls;
  // Older editors list only those that were turned into inputs.
  if (names.empty() || names.size() + controls < values.size()) return;
  std::size_t at = 0;
  for (const std::string_view name : names) {
    if (at >= values.size()) break;
    widgets.push_back({name, values[at++]});
    if (is_seed_name(name) && at < values.size() &&
        is_control_value(values[at]))
      ++at;
  }
}

// Widgets that come with the choice made in the one before them: the names
// behind it in `>none:>photo:photo+lens`.
void name_by_choice(std::string_view choices,
                    const std::vector<JsonValue>& values, std::size_t& at,
                    std::vector<Widget>& widgets) {
  const auto chosen = values[at - 1].string();
  while (!choices.empty()) {
    choices.remove_prefix(1);
    const std::string_view choice = choices.substr(0, choices.find('>'));
    choices.remove_prefix(choice.size());
    const std::size_t colon = choice.find(':');
    if (choice.substr(0, colon) != chosen) continue;
    std::string_view names = choice.substr(colon + 1);
    while (!names.empty() && at < values.size()) {
      const std::string_view name = names.substr(0, names.find('+'));
      names.remove_prefix(std::min(names.size(), name.size() + 1));
      widgets.push_back({name, values[at++]});
    }
    return;
  }
}

// Names for values from `at` on; a # in a name stands for `number`. Returns
// where the names end.
std::size_t Namer::name_in_order(std::string_view order,
                                 std::string_view number,
                                 const std::vector<JsonValue>& values,
                                 std::size_t at, std::vector<Widget>& widgets) {
  while (!order.empty() && at < values.size()) {
    std::string_view name = next_item(order);
    if (name == "-") {
      if (is_control_value(values[at])) ++at;
      continue;
    }
    const std::string_view choices =
        name.substr(std::min(name.find('>'), name.size()));
    name.remove_suffix(choices.size());
    if (const std::size_t mark = name.find('#'); mark != name.npos)
      name = graph_.keep(
          std::string(name).replace(mark, 1, number.data(), number.size()));
    widgets.push_back({name, values[at++]});
    name_by_choice(choices, values, at, widgets);
    if (is_seed_name(name) && !order.starts_with('-') && at < values.size() &&
        is_control_word(values[at]))
      ++at;
  }
  return at;
}

// From the first name with a # on, a table's names are repeated as long as
// there are values.
void Namer::name_by_table(std::string_view order,
                          const std::vector<JsonValue>& values,
                          std::vector<Widget>& widgets) {
  const std::size_t mark = std::min(order.find('#'), order.size());
  const std::size_t comma = order.substr(0, mark).rfind(',');
  const std::size_t once = mark == order.size()  ? mark
                           : comma == order.npos ? 0
                                                 : comma + 1;
  std::size_t at = name_in_order(order.substr(0, once), "", values, 0, widgets);
  const std::string_view repeated = order.substr(once);
  for (std::size_t round = 1; at < values.size() && !repeated.empty();) {
    const std::size_t end =
        name_in_order(repeated, std::to_string(round++), values, at, widgets);
    if (end == at) break;
    at = end;
  }
}

// Samplers list seed, steps, cfg, sampler and scheduler in this order, whatever
// stands before; then denoise. The two names tell where they are.
bool name_like_a_sampler(const NodeKind& kind,
                         const std::vector<JsonValue>& values,
                         std::vector<Widget>& widgets) {
  const auto is_word = [&](std::size_t i) {
    return values[i].is_string() && !is_control_word(values[i]) &&
           !values[i].string()->empty();
  };
  const auto is_number = [&](std::size_t i) { return values[i].is_number(); };
  std::size_t names = 2;
  while (names + 1 < values.size() &&
         !(is_word(names) && is_word(names + 1) && is_number(names - 1) &&
           is_number(names - 2)))
    ++names;
  if (names + 1 >= values.size()) return false;

  // What else a class has stands between cfg and the names, or before steps,
  // which are whole.
  std::size_t steps = names - 2;
  if (values[steps].text().find('.') != std::string::npos)
    while (steps > 0 && is_number(steps - 1)) --steps;
  // The seed is what a word for its changes follows, else the number before.
  std::size_t seed = 0;
  while (seed < steps && !(is_number(seed) && values[seed + 1].is_string() &&
                           is_control_word(values[seed + 1])))
    ++seed;
  if (seed == steps && seed > 0) {
    --seed;
    if (seed > 0 && is_control_value(values[seed])) --seed;
  }
  // Or it is the last of all.
  if (!is_number(seed) || seed == steps)
    for (std::size_t i = names + 2; i + 1 < values.size(); ++i)
      if (is_number(i) && values[i + 1].is_string() &&
          is_control_word(values[i + 1]))
        seed = i;
  if (seed != steps && is_number(seed)) {
    std::string_view own = spec_of(kind, "seed");
    widgets.push_back({own.empty() ? "seed" : next_item(own), values[seed]});
  }
  widgets.push_back({"steps", values[steps]});
  widgets.push_back({"cfg", values[steps + 1]});
  widgets.push_back({"sampler_name", values[names]});
  widgets.push_back({"scheduler", values[names + 1]});
  if (names + 2 < values.size())
    if (const auto denoise = values[names + 2].number();
        is_number(names + 2) && *denoise > 0 && *denoise <= 1)
      widgets.push_back({"denoise", values[names + 2]});
  return true;
}

// Older versions of a class, and others of its family, have other widgets: a
// seed or a width that is a word says that the names of the table are not
// theirs.
bool are_misnamed(const std::vector<Widget>& widgets) {
  return std::any_of(widgets.begin(), widgets.end(), [](const Widget& widget) {
    const FieldSet fields = usual_fields(widget.name);
    constexpr FieldSet kNumbers =
        field_bit(NodeField::kSeed) | field_bit(NodeField::kSteps) |
        field_bit(NodeField::kCfg) | field_bit(NodeField::kWidth) |
        field_bit(NodeField::kHeight);
    return (fields & kNumbers) != 0 && widget.value.is_string();
  });
}

// Files of LoRAs, each before its strengths.
void Namer::name_loras(const std::vector<JsonValue>& values,
                       std::vector<Widget>& widgets) {
  const auto is_file = [](JsonValue value) {
    return value.is_string() && is_model_file(*value.string());
  };
  const bool is_alone =
      std::count_if(values.begin(), values.end(), is_file) == 1;
  std::string number;
  std::size_t loras = 0;
  std::size_t names = 3;  // of the last file and its strengths: all given
  for (const JsonValue value : values) {
    if (is_file(value)) {
      if (!is_alone) {
        number = '_';
        number += std::to_string(++loras);
      }
      names = 0;
    } else if (!value.is_number()) {
      if (!is_control_word(value)) names = 3;
      continue;
    }
    constexpr std::array<std::string_view, 3> kNames = {
        "lora_name", "strength_model", "strength_clip"};
    if (names >= kNames.size()) continue;
    std::string name(kNames[names++]);
    name += number;
    widgets.push_back({graph_.keep(std::move(name)), value});
  }
}

// Several words, as against choices, keys and names of modes.
bool is_prose(std::string_view text) {
  return text.find_first_of(" ,\n") != text.npos &&
         std::any_of(text.begin(), text.end(), is_letter);
}

bool has_prose(const std::vector<JsonValue>& values) {
  return std::any_of(values.begin(), values.end(), [](JsonValue value) {
    return is_prose(value.string().value_or(""));
  });
}

// The input that holds the file which a class reads.
std::string_view name_of_file(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4>
      kNames = {{{"vae", "vae_name"},
                 {"controlnet", "control_net_name"},
                 {"clip", "clip_name"},
                 {"upscale", "model_name"}}};
  for (const auto& [word, name] : kNames)
    if (contains_ignoring_case(type, word)) return name;
  return "ckpt_name";
}

bool names_both_sides(JsonValue slots) {
  bool has_positive = false;
  bool has_negative = false;
  slots.for_each_element([&](JsonValue slot) {
    const std::string_view name = slot["name"].string().value_or("");
    has_positive = has_positive || contains_ignoring_case(name, "pos");
    has_negative = has_negative || contains_ignoring_case(name, "neg");
  });
  return has_positive && has_negative;
}

// Widgets that were turned into inputs leave their old values behind.
std::size_t count_stale_texts(JsonValue node) {
  std::size_t count = 0;
  node["inputs"].for_each_element([&](JsonValue input) {
    if (input["widget"] && !input["link"].is_null() &&
        input["type"].string() == "STRING")
      ++count;
  });
  return count;
}

// What the texts of a node are called, in order: as its row has it, or as it
// looks by its outputs and its name.
std::string Namer::text_names(JsonValue node, std::string_view type,
                              std::size_t count) {
  const NodeKind& kind = node_kind(type);
  const std::string_view own = spec_of(kind, "text");
  if (!own.empty() && own.find('*') == own.npos) return std::string(own);
  std::string_view positive = spec_of(kind, "positivetext");
  std::string_view negative = spec_of(kind, "negativetext");
  const bool has_row = !positive.empty() && !negative.empty() &&
                       positive.find('*') == positive.npos &&
                       negative.find('*') == negative.npos;
  if (has_row) {
    std::string names(next_item(positive));
    names += ',';
    names += next_item(negative);
    return names;
  }
  // Outputs for both sides, made of the texts: not of what comes in.
  if (count > 1 && names_both_sides(node["outputs"]) &&
      !names_both_sides(node["inputs"]))
    return "positive,negative";
  if (contains_ignoring_case(type, "replac"))
    return count == 2 ? "find,replace" : "text,find,replace";
  return "text,text_2,text_3,text_4";
}

// A node of which one widget says which of its inputs it hands on.
bool has_chooser(JsonValue node, std::string_view type) {
  if (!spec_of(node_kind(type), "select").empty() ||
      contains_any_ignoring_case(type, {"switch", "index"}))
    return true;
  bool has_true = false;
  bool has_false = false;
  node["inputs"].for_each_element([&](JsonValue input) {
    const std::string_view name = input["name"].string().value_or("");
    has_true = has_true || contains_ignoring_case(name, "true");
    has_false = has_false || contains_ignoring_case(name, "false");
  });
  return has_true && has_false;
}

// What a node is handed, besides values for its widgets.
struct Handed {
  bool anything = false;
  bool clip = false;
  bool conditioning = false;
};

Handed handed_to(JsonValue node) {
  Handed handed;
  node["inputs"].for_each_element([&](JsonValue input) {
    if (!input["link"].is_number() || input["widget"]) return;
    handed.anything = true;
    if (contains_ignoring_case(input["name"].string().value_or(""), "clip"))
      handed.clip = true;
    if (input["type"].string() == "CONDITIONING") handed.conditioning = true;
  });
  return handed;
}

// Width and height, side by side.
std::optional<std::size_t> sides_in(const std::vector<JsonValue>& values) {
  const auto is_side = [&](std::size_t i) {
    const auto side =
        values[i].is_number() ? values[i].integer() : std::nullopt;
    return side && *side >= kLeastSide;
  };
  for (std::size_t i = 0; i + 1 < values.size(); ++i)
    if (is_side(i) && is_side(i + 1)) return i;
  return std::nullopt;
}

// A class nobody listed, from an editor that names no widgets.
void Namer::name_by_kind(JsonValue node, std::string_view type,
                         const std::vector<JsonValue>& values,
                         std::vector<Widget>& widgets) {
  const auto has = [&](std::string_view part) {
    return contains_ignoring_case(type, part);
  };
  if ((has("sampl") || has("detail") || has("upscale") || has("refine")) &&
      name_like_a_sampler(node_kind(type), values, widgets))
    return;
  if (has("lora")) {
    name_loras(values, widgets);
    if (!widgets.empty()) return;
  }
  std::string_view choosers = spec_of(node_kind(type), "select");
  std::string_view chooser = next_item(choosers);
  bool is_chosen = !has_chooser(node, type);
  std::string_view number_names = spec_of(node_kind(type), "value");
  std::string_view number = next_item(number_names);
  if (number.empty()) number = has("seed") ? "seed" : "value";
  const bool picks_sizes = contains_any_ignoring_case(
      type, {"latent", "size", "resolution", "ratio", "dimension"});
  const bool joins = contains_any_ignoring_case(
      type, {"concat", "join", "combin", "merge", "append"});
  const bool is_listed = node_kind(type).role != NodeRole::kUnknown;
  // What a loader's row calls the file is its first word.
  std::string_view file_names = node_kind(type).role == NodeRole::kLoader
                                    ? spec_of(node_kind(type), "name")
                                    : std::string_view();
  std::string_view file = next_item(file_names);
  const Handed handed = handed_to(node);
  if (const auto at =
          picks_sizes && !is_listed ? sides_in(values) : std::nullopt) {
    widgets.push_back({"width", values[*at]});
    widgets.push_back({"height", values[*at + 1]});
  }
  // Numbers beside a text, or of a node that works on what it gets, are
  // settings.
  const bool holds_number =
      is_listed || has("seed") || (!handed.anything && !has_prose(values));
  std::vector<JsonValue> texts;
  for (const JsonValue value : values) {
    // What says which branch a switch takes stands before all others.
    if (!is_chosen && (value.is_bool() || value.is_number())) {
      is_chosen = true;
      if (chooser.empty()) chooser = value.is_bool() ? "boolean" : "index";
      widgets.push_back({chooser, value});
      continue;
    }
    if (is_control_word(value)) continue;
    if (value.is_number() && holds_number) widgets.push_back({number, value});
    const auto text = value.string();
    if (!text) continue;
    if (!file.empty())
      widgets.push_back({std::exchange(file, {}), value});
    else if (picks_sizes && pixel_size_in(*text, kLeastSide))
      widgets.push_back({"resolution", value});
    else if (is_model_file(*text))
      widgets.push_back({name_of_file(type), value});
    else if (joins && text->size() < 8 &&
             std::none_of(text->begin(), text->end(), is_letter))
      widgets.push_back({"delimiter", value});
    else if (is_listed || handed.clip ||
             (!names_what_is_read(type, *text) &&
              (!handed.conditioning || is_prose(*text))))
      texts.push_back(value);
  }
  if (texts.empty() || count_stale_texts(node) >= texts.size()) return;
  const std::string_view all =
      graph_.keep(text_names(node, type, texts.size()));
  // Modes and keys stand before the text as well as behind it.
  const bool has_one =
      !joins && (all.find(',') == all.npos || all.starts_with("text,text_2"));
  if (has_one)
    if (const auto prose = std::find_if(
            texts.begin(), texts.end(),
            [](JsonValue text) { return is_prose(*text.string()); });
        prose != texts.end())
      std::rotate(texts.begin(), prose, prose + 1);
  std::string_view names = all;
  for (const JsonValue text : texts) {
    if (names.empty()) break;
    widgets.push_back({next_item(names), text});
  }
}

std::vector<Widget> Namer::name(JsonValue node, std::string_view class_type,
                                std::span<const JsonValue> shown) {
  std::vector<Widget> widgets;
  const JsonValue stored = node["widgets_values"];
  if (shown.empty() && stored.is_object()) {
    stored.for_each_member([&](std::string_view name, JsonValue value) {
      widgets.push_back({name, value});
    });
    return widgets;
  }
  if (const JsonValue named = node["widgets_values_named"];
      shown.empty() && named) {
    named.for_each_member([&](std::string_view name, JsonValue value) {
      widgets.push_back({name, value});
    });
    return widgets;
  }
  const std::vector<JsonValue> values =
      shown.empty() ? elements(stored)
                    : std::vector(shown.begin(), shown.end());
  if (values.empty()) return widgets;

  // Widgets that are objects say themselves what they are.
  std::size_t loras = 0;
  for (const JsonValue value : values) {
    if (value.is_object() && value["lora"])
      widgets.push_back(
          {graph_.keep("lora_" + std::to_string(++loras)), value});
    else if (value.is_array() && value[0].is_object())
      widgets.push_back({"loras", value});
  }
  if (loras != 0) return widgets;
  name_by_inputs(node, values, widgets);
  if (!widgets.empty()) return widgets;
  const std::string_view order = spec_of(node_kind(class_type), "widgets");
  if (!order.empty()) name_by_table(order, values, widgets);
  if (are_misnamed(widgets)) widgets.clear();
  if (widgets.empty()) name_by_kind(node, class_type, values, widgets);
  return widgets;
}

}  // namespace

std::vector<Widget> named_widgets(JsonValue node, std::string_view class_type,
                                  Graph& graph,
                                  std::span<const JsonValue> shown) {
  return Namer(graph).name(node, class_type, shown);
}

bool is_control_value(JsonValue value) {
  return is_control_word(value) || value.is_null();
}

std::vector<JsonValue> elements(JsonValue list) {
  std::vector<JsonValue> values;
  list.for_each_element([&](JsonValue value) { values.push_back(value); });
  return values;
}

}  // namespace sdmeta
