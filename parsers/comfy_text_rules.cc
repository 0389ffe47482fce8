// Classes that put their text together by a rule of their own: `split=` of
// their row in comfy_nodes.inc names it.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/comfy_captions.h"
#include "parsers/comfy_text.h"
#include "parsers/text.h"
#include "parsers/text_parts.h"

namespace sdmeta {
namespace {

// Lines that begin with # are notes to oneself (WAS suite).
std::string without_comment_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!trimmed(line).starts_with('#')) lines.emplace_back(line);
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return join(lines, "\n");
}

// What StringFunction|pysssss calls tidy: runs of white space become a space,
// none stays before a comma, runs of commas become one.
std::string tidied(std::string_view text) {
  std::string spaced;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_space(text[end])) ++end;
    if (end - i >= 2)
      spaced += ' ';
    else
      end = i + 1;
    if (end == i + 1) spaced += text[i];
    i = end;
  }
  std::string tidy;
  for (const char c :
       replace_all(spaced, " ,", ",", spaced.size()).value_or(""))
    if (c != ',' || !tidy.ends_with(',')) tidy += c;
  return std::string(trimmed(tidy));
}

// Without white space at one end, or at both.
std::string trimmed_at(const std::string& text, std::string_view end) {
  const std::string_view inner = trimmed(text);
  const auto before = static_cast<std::size_t>(inner.data() - text.data());
  const auto after = text.size() - before - inner.size();
  if (end == "Left") return text.substr(before, inner.size() + after);
  if (end == "Right") return text.substr(0, before + inner.size());
  return std::string(inner);
}

// `(word:1.2)` as its word and weight; a weight that is none stays with the
// word.
std::pair<std::string_view, std::string_view> weighted_word(
    std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool is_weighted =
      text.starts_with('(') && text.ends_with(')') && colon != text.npos &&
      colon > 1 && colon + 2 < text.size() &&
      text.find_first_not_of("0123456789.", colon + 1) == text.size() - 1;
  if (!is_weighted) return {text, {}};
  return {trimmed(text.substr(1, colon - 1)),
          text.substr(colon + 1, text.size() - colon - 2)};
}

// The text of the last of some frames up to `frame`; nothing where they are not
// told by numbers.
std::optional<std::string> keyframe(std::string_view schedule,
                                    std::int64_t frame, const Limits& limits) {
  schedule = trimmed(schedule);
  while (schedule.ends_with(',') || schedule.ends_with('\n'))
    schedule = trimmed(schedule.substr(0, schedule.size() - 1));
  std::string object = "{";
  object += schedule;
  object += '}';
  const JsonDocument document = parse_json(object, limits);
  std::optional<std::string_view> text;
  std::int64_t best = -1;
  document.root().for_each_member([&](std::string_view key, JsonValue value) {
    const auto number = number_in<std::int64_t>(trimmed(key));
    const auto words = value.string();
    if (!number || !words) return;
    // One alone is every frame's.
    if (!text || (*number <= frame && *number >= best)) {
      text = words;
      best = *number;
    }
  });
  if (!text) return std::nullopt;
  return std::string(*text);
}

std::string_view half_of(std::string_view text, PromptSide side) {
  constexpr std::string_view kNegative = "--neg";
  const std::size_t at = text.find(kNegative);
  if (side == PromptSide::kPositive) return text.substr(0, at);
  return at == text.npos ? std::string_view()
                         : text.substr(at + kNegative.size());
}

}  // namespace

std::optional<GraphTexts::Text> GraphTexts::by_own_rule(NodeIndex node,
                                                        PromptSide side,
                                                        unsigned depth) {
  const std::string_view rule = spec_of(*graph_.node(node).kind, "split");
  if (rule == "schedule") return or_hint(node, scheduled(node, side, depth));
  if (rule == "toggles") return or_hint(node, toggled(node, side, depth));
  if (rule == "preset") return preset(node, side, depth);
  if (rule == "caption") return captioned(node, side, depth);
  if (rule != "comments" && rule != "line") return std::nullopt;
  const Text text = named(node, NodeField::kText, side, depth);
  if (!text) return or_hint(node, text);
  return rule == "line" ? one_line(node, *text) : without_comment_lines(*text);
}

// pysssss' StringFunction appends or replaces; others replace only. A pattern
// of its in slashes is a regular expression: what that makes is not known.
GraphTexts::Text GraphTexts::replaced(NodeIndex node, PromptSide side,
                                      unsigned depth) {
  const NodeKind& kind = *graph_.node(node).kind;
  std::string_view names = spec_of(kind, "text");
  std::array<std::string, 7> parts;  // a text, and what replaces what in it
  bool is_known = false;
  for (std::size_t i = 0; i < parts.size() && !names.empty(); ++i) {
    const GraphInput* input = values_.input_named(node, next_item(names));
    if (input == nullptr) continue;
    if (Text text = ask(*input, side, depth)) {
      if (i == 0) is_known = true;
      parts[i] = std::move(*text);
    }
  }
  const auto word = [&](std::string_view name) {
    const GraphInput* input = values_.input_named(node, name);
    return input != nullptr ? input->value.string().value_or("")
                            : std::string_view();
  };
  const std::string_view split = spec_of(kind, "split");
  if (split == "trim")
    return is_known ? Text(trimmed_at(parts[0], word("mode"))) : std::nullopt;
  const bool tidies = word("tidy_tags") == "yes";
  if (split == "replace" || word("action") == "replace") {
    if (!is_known) return std::nullopt;
    const std::string_view what = parts[1];
    if (split != "replace" && what.size() > 1 && what.starts_with('/') &&
        what.ends_with('/')) {
      return unknown(node);
    }
    Text text = std::move(parts[0]);
    for (std::size_t i = 1; text && i < parts.size(); i += 2)
      text = replaced_in(*text, parts[i], parts[i + 1]);
    return text && tidies ? tidied(*text) : text;
  }
  std::vector<std::string> filled;
  for (std::string& part : parts)
    if (!part.empty()) filled.push_back(std::move(part));
  if (filled.empty() && !is_known) return std::nullopt;
  return tidies ? tidied(join(filled, ", ")) : join(filled, "");
}

// LoraManager: trigger words as a list of {"text", "active", "strength"}; the
// text they were read from stands beside it, and another text at the input
// wins.
GraphTexts::Text GraphTexts::toggled(NodeIndex node, PromptSide side,
                                     unsigned depth) {
  const auto text_named = [&](std::string_view name) -> Text {
    const GraphInput* input = values_.input_named(node, name);
    return input != nullptr ? ask(*input, side, depth) : std::nullopt;
  };
  const auto is_set = [&](std::string_view name, bool otherwise) {
    const GraphInput* input = values_.input_named(node, name);
    return input != nullptr ? input->value.boolean().value_or(otherwise)
                            : otherwise;
  };
  const Text source = text_named("orinalMessage");
  const Text given = text_named("trigger_words");
  if (given && !given->empty() && given != source) return given;
  const GraphInput* list = values_.input_named(node, "toggle_trigger_words");
  if (list == nullptr || list->is_link()) return source;
  const bool weighs = is_set("allow_strength_adjustment", false);
  const bool keeps_groups = is_set("group_mode", true) && !weighs;
  std::vector<std::string> words;
  JsonValue entries = list->value;
  if (entries.is_object()) entries = entries["__value__"];
  entries.for_each_element([&](JsonValue entry) {
    std::string_view text = trimmed(entry["text"].string().value_or(""));
    if (text.empty() || !entry["active"].boolean().value_or(false)) return;
    if (keeps_groups) {
      words.emplace_back(text);
      return;
    }
    const auto [word, weight] = weighted_word(text);
    std::optional<double> strength = entry["strength"].number();
    if (!strength) strength = number_in<double>(weight);
    if (!weighs || !strength) {
      words.emplace_back(word);
      return;
    }
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   *strength, std::chars_format::fixed, 2);
    std::string weighted = "(";
    weighted += word;
    weighted += ':';
    weighted.append(digits.data(), end.ptr);
    weighted += ')';
    words.push_back(std::move(weighted));
  });
  return join(words, ", ");
}

// A list of prompts, one a line, of which the graph says which one: not where
// several are run in turn, or where lines are put together.
GraphTexts::Text GraphTexts::one_line(NodeIndex node,
                                      const std::string& lines) {
  const auto input = [&](std::string_view name) {
    const GraphInput* found = values_.input_named(node, name);
    return found != nullptr ? found->value : JsonValue();
  };
  const bool skips_empty =
      input("remove_empty_lines").boolean().value_or(false);
  std::vector<std::string_view> all;
  for (std::string_view rest = lines;;) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (!skips_empty || !trimmed(line).empty()) all.push_back(line);
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  if (all.size() == 1) return std::string(all[0]);
  const auto number = values_.value(node, NodeField::kValue).integer();
  const bool is_one = input("max_rows").integer().value_or(1) == 1 &&
                      !input("multiline").boolean().value_or(false);
  if (all.empty() || !is_one || !number || *number < 0) return std::nullopt;
  return std::string(all[static_cast<std::size_t>(*number) % all.size()]);
}

// FizzNodes: texts for some frames, `"0": "a cat", "24": "a dog --neg wet"`. A
// frame has the last text before it, between `pre_text` and `app_text`; a batch
// begins with frame 0. What follows --neg in any of the three is negative.
GraphTexts::Text GraphTexts::scheduled(NodeIndex node, PromptSide side,
                                       unsigned depth) {
  const auto text_named = [&](std::string_view name) -> Text {
    const GraphInput* input = values_.input_named(node, name);
    return input != nullptr ? ask(*input, side, depth) : std::nullopt;
  };
  std::int64_t frame = 0;
  if (const GraphInput* input = values_.input_named(node, "current_frame"))
    frame = values_.value_of(*input, NodeField::kValue).integer().value_or(0);
  TextParts parts;
  bool is_known = false;
  constexpr std::array<std::array<std::string_view, 3>, 3> kNames = {
      {{"pre_text", "text", "app_text"},
       {"pre_text_G", "text_g", "app_text_G"},
       {"pre_text_L", "text_l", "app_text_L"}}};
  for (const auto& [before, name, after] : kNames) {
    const Text schedule = text_named(name);
    if (!schedule) continue;
    is_known = true;
    // To read it takes longer than to copy it.
    bytes_made_ += 3 * schedule->size();
    std::vector<std::string> pieces;
    for (const std::string& piece :
         {text_named(before).value_or(""),
          keyframe(*schedule, frame, values_.limits()).value_or(*schedule),
          text_named(after).value_or("")}) {
      const std::string_view half = trimmed(half_of(piece, side));
      if (!half.empty()) pieces.emplace_back(half);
    }
    parts.add(join(pieces, " "));
  }
  if (!is_known) return std::nullopt;
  return join(parts.all(), "\n");
}

// LayerStyle (chflame163/ComfyUI_LayerStyle): a chain of nodes adds a text
// under a title, a later one of the same title takes its place; one is chosen
// by title, by number if none has the title, or by lot.
GraphTexts::Text GraphTexts::preset(NodeIndex node, PromptSide side,
                                    unsigned depth) {
  const auto text_named = [&](NodeIndex of, std::string_view name) -> Text {
    const GraphInput* input = values_.input_named(of, name);
    return input != nullptr ? ask(*input, side, depth) : std::nullopt;
  };
  std::vector<NodeIndex> chain;
  const GraphInput* link = values_.input_named(node, "text_preset");
  while (link != nullptr && link->is_link() && chain.size() < kMaxDepth &&
         values_.spend(link->node)) {
    chain.push_back(link->node);
    link = values_.input_named(link->node, "text_preset");
  }
  std::vector<NodeIndex> presets;
  std::map<std::string, std::size_t> places;
  for (auto added = chain.rbegin(); added != chain.rend(); ++added) {
    const Text title = text_named(*added, "title");
    if (!title || title->empty()) continue;
    // To find its place takes longer than to copy it.
    bytes_made_ += 4 * title->size();
    const auto [place, is_new] = places.emplace(*title, presets.size());
    if (is_new)
      presets.push_back(*added);
    else
      presets[place->second] = *added;
  }
  const GraphInput* lot = values_.input_named(node, "random_choice");
  const bool is_by_lot =
      lot != nullptr && (lot->is_link() || lot->value.boolean() == true);
  std::optional<std::size_t> chosen;
  if (presets.size() == 1) {
    chosen = 0;
  } else if (!is_by_lot) {
    const auto place =
        places.find(text_named(node, "choice_title").value_or(""));
    const GraphInput* number = values_.input_named(node, "default");
    if (place != places.end())
      chosen = place->second;
    else if (number != nullptr)
      if (const auto at =
              values_.value_of(*number, NodeField::kValue).integer();
          at && *at >= 0)
        chosen = static_cast<std::size_t>(*at);
  }
  if (chosen && *chosen < presets.size())
    return text_named(presets[*chosen], "content");
  return unknown(node);
}

// KJNodes: a caption of widgets and regions, or one that is handed in as JSON
// where there are no regions, or always.
GraphTexts::Text GraphTexts::captioned(NodeIndex node, PromptSide side,
                                       unsigned depth) {
  bool is_known = true;
  const auto held = [&](std::string_view name) {
    const GraphInput* input = values_.input_named(node, name);
    if (input == nullptr) return std::string();
    Text text = ask(*input, side, depth);
    is_known = is_known && text.has_value();
    return std::move(text).value_or("");
  };
  const Limits& limits = values_.limits();
  const std::string elements = held("elements_data");
  const bool is_empty = !has_elements(elements, limits);
  // To read them twice takes longer than to copy them.
  bytes_made_ += 6 * elements.size();
  if (is_empty || held("import_mode") == "always")
    if (std::string given = held("import_json"); !trimmed(given).empty()) {
      bytes_made_ += 3 * given.size();
      if (parse_json(given, limits).root().is_object()) return given;
    }
  // Boxes that another node found.
  if (is_empty && values_.input_named(node, "bboxes") != nullptr)
    is_known = false;
  // Later versions can write the boxes of regions in other ways.
  for (const auto& [name, usual] :
       {std::pair("coord_mode", "normalized"), std::pair("bbox_order", "yx")})
    if (const std::string way = held(name); !is_empty && !way.empty())
      is_known = is_known && way == usual;
  const std::string style = held("style");
  const std::array<std::string, 7> parts = {
      held("high_level_description"),
      held("background"),
      held(style == "photo" ? "photo" : "art_style"),
      held("aesthetics"),
      held("lighting"),
      held("medium"),
      held("style_palette_data")};
  if (!is_known) {
    return unknown(node);
  }
  return ideogram_caption({.description = parts[0],
                           .background = parts[1],
                           .style = style,
                           .style_text = parts[2],
                           .aesthetics = parts[3],
                           .lighting = parts[4],
                           .medium = parts[5],
                           .palette = parts[6],
                           .elements = elements,
                           .is_pretty = held("output_format") == "pretty"},
                          limits);
}

}  // namespace sdmeta
