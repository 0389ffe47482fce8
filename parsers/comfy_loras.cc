#include "parsers/comfy_loras.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "parsers/air.h"
#include "parsers/comfy_stacks.h"
#include "parsers/comfy_values.h"
#include "parsers/comfy_walk_parts.h"
#include "parsers/lora_tags.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

using Resolve = std::function<JsonValue(const GraphInput&)>;

// Where the strengths of the LoRA number # stand; without a number, `_#` and
// `#_` fall away. First come the names of stacks that have a simple and an
// advanced mode (efficiency nodes, Easy-Use).
constexpr std::array<std::string_view, 2> kSimpleWeights = {"lora_wt_#",
                                                            "lora_#_strength"};
constexpr std::array<std::string_view, 2> kAdvancedWeights = {
    "model_str_#", "lora_#_model_strength"};
constexpr std::array<std::string_view, 13> kWeights = {
    "strength_model_#",      "model_weight_#",
    "model_strength_#",      "strength_#",
    "lora_model_strength_#", "lora_strength_#",
    "lora_weight_#",         "weight_#",
    "model_str_#",           "lora_wt_#",
    "lora_#_strength",       "strength#",
    "lora_#_model_strength"};
constexpr std::array<std::string_view, 6> kClipWeights = {
    "strength_clip_#", "clip_weight_#",        "clip_strength_#",
    "clip_str_#",      "lora_clip_strength_#", "lora_#_clip_strength"};
constexpr std::string_view kBypass = "bypass";

bool is_nothing(std::string_view name) {
  return is_no_name(name) || name == "undefined" || name == "No LoRA";
}

// `pattern` with its # filled in.
std::string numbered(std::string_view pattern, std::string_view number) {
  const std::size_t at = pattern.find('#');
  std::string_view before = pattern.substr(0, at);
  std::string_view after = pattern.substr(at + 1);
  if (number.empty()) {
    if (before.ends_with('_'))
      before.remove_suffix(1);
    else if (after.starts_with('_'))
      after.remove_prefix(1);
  }
  std::string name;
  name.reserve(before.size() + number.size() + after.size());
  name += before;
  name += number;
  name += after;
  return name;
}

// LoRAs, in any case.
bool starts_like_a_lora(std::string_view name) {
  constexpr std::string_view kLora = "lora";
  return name.size() >= kLora.size() &&
         equal_ignoring_case(name.substr(0, kLora.size()), kLora);
}

// The number in a name such as lora_name_2, lora_02, lora_3_name, lora1; empty
// for lora_name and lora; nullopt for names of other things.
std::optional<std::string_view> lora_number(std::string_view name) {
  if (!name.starts_with("lora")) return std::nullopt;
  name.remove_prefix(4);
  bool had_name = false;
  if (name.starts_with("_name")) {
    name.remove_prefix(5);
    had_name = true;
  }
  if (name.empty()) return name;
  if (name.starts_with('_')) name.remove_prefix(1);
  if (!had_name && name.ends_with("_name")) name.remove_suffix(5);
  if (name.empty() || name.size() > 4) return std::nullopt;
  for (const char c : name)
    if (c < '0' || c > '9') return std::nullopt;
  return name;
}

// A name of a class nobody listed, taken apart: `strength_model1`,
// `LoRA_2_weight`, `lora_a`.
struct LoraName {
  std::string id;  // a number or a single letter, if any
  bool is_lora = false;
  bool is_weight = false;
  bool is_of_clip = false;
  bool is_switch = false;
  bool is_strange = false;  // has other words too
};

LoraName words_of(std::string_view name) {
  LoraName found;
  const auto add_word = [&](const std::string& word) {
    const auto is = [&](std::initializer_list<std::string_view> words) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    if (word == "lora")
      found.is_lora = true;
    else if (is({"strength", "weight", "wt", "str", "scale", "multiplier"}))
      found.is_weight = true;
    else if (is({"clip", "te"}))
      found.is_of_clip = true;
    else if (is({"on", "enabled", "enable", "switch", "active", "toggle",
                 "use"}))
      found.is_switch = true;
    else if (is_digit(word[0]) || word.size() == 1)
      found.is_strange =
          found.is_strange || !std::exchange(found.id, word).empty();
    else if (!is({"name", "file", "path", "model", "slot", "unet"}))
      found.is_strange = true;
  };
  if (!each_word(name, add_word)) found.is_strange = true;
  return found;
}

// A strength that another node makes may not be in the graph: no other stands
// in for it.
struct Strength {
  std::optional<double> value;
  bool is_hidden = false;

  bool is_given() const { return value || is_hidden; }
  bool may_do_something() const {
    return is_hidden || (value && std::fabs(*value) >= kLeastStrength);
  }
};

class Node {
 public:
  Node(const Graph& graph, NodeIndex node, const Resolve& resolve,
       std::size_t& work_left)
      : graph_(graph),
        node_(node),
        inputs_(graph.inputs(node)),
        resolve_(resolve),
        work_left_(work_left) {}

  /// False if there is not as much work left.
  bool pays(std::size_t work) {
    is_cut_ = is_cut_ || work > work_left_;
    if (!is_cut_) work_left_ -= work;
    return !is_cut_;
  }
  /// To take a list apart costs more than to compare names.
  bool pays_for(std::size_t bytes) { return pays(4 * bytes); }
  bool is_cut() const { return is_cut_; }

  /// By a switch for the whole node.
  bool is_switched_off() const {
    return value(kBypass).boolean().value_or(false) ||
           std::any_of(
               kNodeSwitches.begin(), kNodeSwitches.end(),
               [&](std::string_view name) { return is_off(value(name)); });
  }
  /// Stacks show so many of their LoRAs; the others are left over.
  bool is_beyond_count(std::string_view number) const {
    auto count = value("lora_count").integer();
    if (!count) count = value("num_loras").integer();
    return count && number_in<std::int64_t>(number).value_or(0) > *count;
  }
  /// The name of the mode; `is_hidden` if there is one that is not known.
  std::string_view mode(bool& is_hidden) const {
    for (const std::string_view name : {"input_mode", "mode"})
      if (const GraphInput* input = input_named(name)) {
        const auto word = value_of(*input).string();
        is_hidden = !word && input->is_link();
        if (word && !word->empty()) return *word;
      }
    return {};
  }
  /// False for a node that only names a LoRA.
  bool loads() const {
    constexpr FieldSet kTaken = field_bit(NodeField::kModel) |
                                field_bit(NodeField::kClip) |
                                field_bit(NodeField::kModelName);
    return (graph_.fields(node_) & kTaken) != 0 ||
           graph_.node(node_).kind->role == NodeRole::kLora;
  }

  /// The name of a file, or what is loaded where none is chosen.
  std::string_view name_in(const GraphInput& input) const {
    const std::string_view file = value_of(input).string().value_or("");
    if (!is_nothing(file)) return file;
    const std::string_view air = spec_of(*graph_.node(node_).kind, "air");
    const auto ids = value(air).string();
    return ids && parse_air_ids(*ids) ? *ids : file;
  }

  const GraphInput* input_named(std::string_view name) const {
    for (const GraphInput& input : inputs_)
      if (input.name == name) return &input;
    return nullptr;
  }
  JsonValue value(std::string_view name) const {
    const GraphInput* input = input_named(name);
    return input != nullptr ? value_of(*input) : JsonValue();
  }
  JsonValue value_of(const GraphInput& input) const {
    return input.is_link() ? resolve_(input) : plain_value(input.value);
  }

  Strength strength_in(const GraphInput& input) const {
    const auto number = value_of(input).number();
    return {number, !number && input.is_link()};
  }
  template <std::size_t N>
  Strength weight(const std::array<std::string_view, N>& patterns,
                  std::string_view number) const {
    for (const std::string_view pattern : patterns)
      if (const GraphInput* input = input_named(numbered(pattern, number)))
        if (const Strength found = strength_in(*input); found.is_given())
          return found;
    return {};
  }

  /// The number of an input whose name says that it is the strength of the
  /// LoRA that `about` names.
  Strength weight_of(const LoraName& about, bool of_clip) const {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const LoraName& word = words()[i];
      if (!word.is_weight || word.is_strange || word.is_switch ||
          word.is_of_clip != of_clip || word.id != about.id)
        continue;
      if (const Strength found = strength_in(inputs_[i]); found.is_given())
        return found;
    }
    return {};
  }
  bool is_switched_off(const LoraName& about) const {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const LoraName& word = words()[i];
      if (word.is_switch && !word.is_strange && word.id == about.id &&
          is_off(value_of(inputs_[i])))
        return true;
    }
    return false;
  }

 private:
  // Of the inputs' names; taken apart when somebody asks.
  const std::vector<LoraName>& words() const {
    if (words_.empty())
      for (const GraphInput& input : inputs_)
        words_.push_back(words_of(input.name));
    return words_;
  }

  const Graph& graph_;
  NodeIndex node_;
  std::span<const GraphInput> inputs_;
  const Resolve& resolve_;
  std::size_t& work_left_;
  bool is_cut_ = false;
  mutable std::vector<LoraName> words_;
};

void add(std::vector<Lora>& loras, std::string_view name, Strength weight,
         Strength clip_weight) {
  if (is_nothing(name)) return;
  if (weight.value && !weight.may_do_something() &&
      !clip_weight.may_do_something())
    return;
  Lora lora;
  lora.name = std::string(name);
  lora.weight = weight.is_given() ? weight.value : clip_weight.value;
  if (weight.is_given() && clip_weight.value != weight.value)
    lora.clip_weight = clip_weight.value;
  loras.push_back(std::move(lora));
}

// LoraManager's cycler shows the LoRA of `current_index`; in a queue of several
// runs another one's turn may have come.
std::optional<std::string_view> name_in_cycle(JsonValue entry) {
  const auto turn = entry["execution_index"].integer();
  if (turn && turn != entry["current_index"].integer()) return std::nullopt;
  return entry["current_lora_filename"].string();
}

// {"on": true, "lora": "x", "strength": 1} (rgthree) or
// {"name": "x", "strength": 1, "clipStrength": 1, "active": true}
// (LoraManager), or what its cycler is at.
void add_object(JsonValue entry, std::vector<Lora>& loras) {
  for (const std::string_view key : {"on", "active", "enabled"})
    if (is_off(entry[key])) return;
  std::optional<std::string_view> name;
  for (const std::string_view key : {"lora", "name", "lora_name"})
    if (!name) name = plain_value(entry[key]).string();
  if (!name) name = name_in_cycle(entry);
  if (!name) return;
  std::optional<double> weight;
  for (const std::string_view key : {"strength", "strength_model", "weight",
                                     "strengthModel", "model_strength", "sm"})
    if (!weight) weight = entry[key].number();
  std::optional<double> clip_weight;
  for (const std::string_view key :
       {"strengthTwo", "clipStrength", "strength_clip", "clip_strength",
        "text_encoder_weight", "sc"})
    if (!clip_weight) clip_weight = entry[key].number();
  // The strengths of the LoRA's own notes are used, which are not here.
  if (entry["use_preset_strength"].boolean().value_or(false)) {
    weight.reset();
    clip_weight.reset();
  }
  add(loras, *name, {weight}, {clip_weight});
}

// Comma-separated names and weights (SwarmUI). A name without a weight is left
// out there, and so it is here, unless the weights are not in the graph.
void add_named_list(std::string_view names, std::string_view weights,
                    bool are_hidden, std::vector<Lora>& loras) {
  while (!names.empty() && (are_hidden || !weights.empty())) {
    const std::string_view name = trimmed(next_item(names));
    const auto weight = number_in<double>(trimmed(next_item(weights)));
    if (weight || are_hidden) add(loras, name, {weight}, {});
  }
}

void add_list(JsonValue list, std::vector<Lora>& loras) {
  list.for_each_element([&](JsonValue entry) {
    if (entry.is_object()) {
      add_object(entry, loras);
    } else if (entry.is_array() && entry[std::size_t{0}].is_string()) {
      // [name, model strength, clip strength], as stacks travel.
      add(loras, *entry[std::size_t{0}].string(),
          {entry[std::size_t{1}].number()}, {entry[std::size_t{2}].number()});
    }
  });
}

// What an input holds in one piece: lists, objects, tags. False if it is the
// name of a single LoRA, or nothing of that kind.
bool add_lists(Node& values, const GraphInput& input, const Limits& limits,
               std::vector<Lora>& loras) {
  const std::string_view text = input.value.string().value_or("");
  const JsonValue held = plain_value(input.value);
  if ((input.name == "loras" || input.name == "lora_stack") &&
      !text.starts_with('[')) {
    // tinyterraNodes: a box of tags under the name of a list.
    if (input.name == "loras")
      if (const auto tags = values.value_of(input).string();
          tags && values.pays_for(tags->size()))
        collect_lora_tags(*tags, loras);
    add_list(held, loras);
    // A list of one is unwrapped like any other list of one.
    if (held.is_object()) add_object(held, loras);
    return true;
  }
  if (!input.is_link() && input.value.is_object() && !held.is_string()) {
    add_object(input.value, loras);
    return true;
  }
  if (input.name == "lora_names") {
    const auto names = values.value_of(input).string().value_or("");
    const auto weights = values.value("lora_weights").string();
    if (values.pays_for(names.size() + weights.value_or("").size()))
      add_named_list(names, weights.value_or(""), !weights, loras);
    return true;
  }
  if (!text.starts_with('[') && !text.starts_with('{')) return false;
  if (!values.pays_for(text.size())) return true;
  const JsonDocument list = parse_json(text, limits);
  // WeiLin's first boxes: {"prompt": "1girl", "lora": [{"lora": "x", ...}]}.
  add_list(list.root().is_object() ? list.root()["lora"] : list.root(), loras);
  return true;
}

// lora_name_2, with its strengths under one of many names.
void add_numbered(const Node& values, const GraphInput& input,
                  std::string_view number, std::vector<Lora>& loras) {
  const std::string_view name = values.name_in(input);
  if (name.empty() || values.is_beyond_count(number)) return;
  const LoraName words = words_of(input.name);
  if (values.is_switched_off(words)) return;
  bool is_mode_hidden = false;
  const bool is_advanced = values.mode(is_mode_hidden).starts_with("advanced");
  Strength weight = is_advanced ? values.weight(kAdvancedWeights, number)
                                : values.weight(kSimpleWeights, number);
  const bool is_simple = weight.is_given() && !is_advanced;
  if (!weight.is_given()) weight = values.weight(kWeights, number);
  // In simple mode the clip strengths are left over from the advanced one.
  Strength clip_weight =
      is_simple ? Strength{} : values.weight(kClipWeights, number);
  if (!weight.is_given() && !clip_weight.is_given()) {
    weight = values.weight_of(words, false);
    clip_weight = values.weight_of(words, true);
  }
  if (is_mode_hidden) weight = clip_weight = {{}, true};
  // A name without a strength in a node that neither takes nor loads a model is
  // a choice for another node, which has the strength.
  if (!weight.is_given() && !clip_weight.is_given() && !values.loads()) return;
  add(loras, name, weight, clip_weight);
}

// Names of no known form that still say what they are: LoRA_a, lora slot 2.
void add_by_words(const Node& values, const GraphInput& input,
                  std::vector<Lora>& loras) {
  const LoraName words = words_of(input.name);
  if (!words.is_lora || words.is_weight || words.is_switch ||
      words.is_of_clip || words.is_strange || values.is_switched_off(words))
    return;
  const JsonValue name = values.value_of(input);
  if (is_model_file(name.string().value_or("")))
    add(loras, *name.string(), values.weight_of(words, false),
        values.weight_of(words, true));
}

}  // namespace

void collect_lora_tags(std::string_view text, std::vector<Lora>& loras) {
  std::vector<Lora> tagged;
  add_tagged_loras(text, tagged);
  for (Lora& lora : tagged) {
    if (lora.clip_weight) std::swap(lora.weight, lora.clip_weight);
    loras.push_back(std::move(lora));
  }
}

bool collect_loras(const Graph& graph, NodeIndex node, const Resolve& resolve,
                   const Limits& limits, std::size_t& work_left,
                   std::vector<Lora>& loras) {
  const std::span<const GraphInput> inputs = graph.inputs(node);
  const NodeKind& kind = *graph.node(node).kind;
  const std::string_view own = spec_of(kind, "lora");
  // A box for prompts that loads LoRAs may keep both in one text.
  const bool is_box = kind.role == NodeRole::kLora &&
                      (kind.own_fields & field_bit(NodeField::kText)) != 0;
  const auto is_of_loras = [&](const GraphInput& input) {
    return starts_like_a_lora(input.name) ||
           (!own.empty() && input.name == own) ||
           (is_box && input.value.string().value_or("").starts_with('{'));
  };
  if (std::none_of(inputs.begin(), inputs.end(), is_of_loras)) return true;
  Node values(graph, node, resolve, work_left);
  if (!values.pays(inputs.size() * inputs.size())) return false;
  if (values.is_switched_off()) return true;
  for (const GraphInput& input : inputs) {
    if (!is_of_loras(input) || add_lists(values, input, limits, loras))
      continue;
    const auto number = !own.empty() && input.name == own
                            ? std::optional<std::string_view>("")
                            : lora_number(input.name);
    if (number)
      add_numbered(values, input, *number, loras);
    else
      add_by_words(values, input, loras);
  }
  return !values.is_cut();
}

}  // namespace sdmeta
