#include "parsers/comfy_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "parsers/comfy_captions.h"
#include "parsers/text.h"
#include "parsers/text_parts.h"

namespace sdmeta {
namespace {

// Chains of loaders, reroutes and concatenations in real graphs stay below 50.
constexpr unsigned kMaxDepth = 300;
// Concatenating a text with itself doubles it; some forty nodes would make
// terabytes, and so does replacing each letter of it by a text. Real prompts,
// with every node they pass through counted, stay below a megabyte.
constexpr std::size_t kMaxBytesMade = 16u << 20;

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

// What goes between the parts of a join is typed, or chosen by a word for it.
std::string spelt_out(std::string delimiter, std::string_view comma) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9>
      kWords = {{{"\\n", "\n"},
                 {"newline", "\n"},
                 {"new line", "\n"},
                 {"line break", "\n"},
                 {"space", " "},
                 {"comma", ", "},
                 {"none", ""},
                 {"nothing", ""},
                 {"empty", ""}}};
  for (const auto& [word, meaning] : kWords)
    if (equal_ignoring_case(delimiter, word))
      return std::string(word == "comma" && !comma.empty() ? comma : meaning);
  return delimiter;
}

std::string_view half_of(std::string_view text, PromptSide side) {
  constexpr std::string_view kNegative = "--neg";
  const std::size_t at = text.find(kNegative);
  if (side == PromptSide::kPositive) return text.substr(0, at);
  return at == text.npos ? std::string_view()
                         : text.substr(at + kNegative.size());
}

}  // namespace

std::optional<std::string> GraphTexts::text(const GraphInput& input,
                                            PromptSide side) {
  return ask(input, side, 0);
}

std::optional<std::string> GraphTexts::text_of(NodeIndex node,
                                               PromptSide side) {
  return ask_node(node, -1, side, 0);
}

GraphTexts::Text GraphTexts::ask(const GraphInput& input, PromptSide side,
                                 unsigned depth) {
  if (input.is_link()) return ask_node(input.node, input.slot, side, depth + 1);
  const JsonValue literal = plain_value(input.value);
  if (const auto text = literal.string()) return std::string(*text);
  if (literal.is_number()) return literal.text();
  return std::nullopt;
}

GraphTexts::Text GraphTexts::ask_node(NodeIndex node, int slot, PromptSide side,
                                      unsigned depth) {
  const NodeKind& kind = *graph_.node(node).kind;
  if (slot >= 0 && slot <= 1 && kind.is_polar)
    side = slot == 0 ? PromptSide::kPositive : PromptSide::kNegative;
  if (const std::string_view output = output_name(kind, slot); output != "-") {
    if (output == "positive")
      side = PromptSide::kPositive;
    else if (output == "negative")
      side = PromptSide::kNegative;
    else
      return output_text(node, output, side, depth);
  }

  std::int32_t& memo =
      memo_[static_cast<std::size_t>(side)][static_cast<std::size_t>(node)];
  if (memo >= 0) {
    const Text& known = texts_[static_cast<std::size_t>(memo)];
    if (known) bytes_made_ += known->size();
    return bytes_made_ > kMaxBytesMade ? std::nullopt : known;
  }
  if (memo == kUnderWay || depth > kMaxDepth || !values_.spend(node))
    return std::nullopt;
  if (bytes_made_ > kMaxBytesMade) {
    is_cut_ = true;
    return std::nullopt;
  }
  memo = kUnderWay;
  Text text = compute(node, side, depth);
  if (text) {
    bytes_made_ += text->size();
    if (bytes_made_ > kMaxBytesMade) {
      is_cut_ = true;
      text.reset();
    }
  }
  memo = static_cast<std::int32_t>(texts_.size());
  texts_.push_back(text);
  return text;
}

GraphTexts::Text GraphTexts::output_text(NodeIndex node, std::string_view name,
                                         PromptSide side, unsigned depth) {
  if (depth > kMaxDepth || !values_.spend(node)) return std::nullopt;
  if (const GraphInput* input = values_.input_named(node, name))
    return ask(*input, side, depth);
  if (values_.role(node) == NodeRole::kSwitch) {
    const GraphInput* branch = values_.selected(node);
    return branch != nullptr && branch->is_link()
               ? output_text(branch->node, name, side, depth + 1)
               : std::nullopt;
  }
  Text text;
  graph_.each_input(node, NodeField::kPipe, [&](const GraphInput& input) {
    if (input.is_link()) text = output_text(input.node, name, side, depth + 1);
    return text.has_value();
  });
  return text;
}

GraphTexts::Text GraphTexts::compute(NodeIndex node, PromptSide side,
                                     unsigned depth) {
  const NodeKind& kind = *graph_.node(node).kind;
  if (side == PromptSide::kPositive && !guidance_)
    if (const GraphInput* held = values_.input(node, NodeField::kGuidance)) {
      guidance_ = values_.value_of(*held, NodeField::kGuidance).number();
      // SwarmUI writes -1 where none is set.
      if (guidance_ && *guidance_ < 0) guidance_.reset();
    }

  Text text;
  switch (kind.role) {
    case NodeRole::kZeroOut: return std::string();
    case NodeRole::kMath: return std::nullopt;
    case NodeRole::kOpaqueText:
    case NodeRole::kOpaqueNumber:
      open_.push_back(node);
      return shown_elsewhere(node);
    case NodeRole::kCachedText:
      text = named(node, NodeField::kText, side, depth);
      if (text) return text;
      open_.push_back(node);
      return cached(node);
    case NodeRole::kSwitch:
      if (const GraphInput* branch = branch_taken(node, side))
        return ask(*branch, side, depth);
      return std::nullopt;
    case NodeRole::kJoin:
      return joined(node, spec_of(kind, "text"), side, depth);
    case NodeRole::kReplace: return replaced(node, side, depth);
    case NodeRole::kRegion: {
      text = conditionings(node, side, depth);
      if (Text region = named(node, NodeField::kText, side, depth);
          region && !region->empty())
        regions_.add(std::move(*region));
      return text;
    }
    case NodeRole::kText:
      if (spec_of(kind, "split") == "schedule") {
        text = scheduled(node, side, depth);
        break;
      }
      if (spec_of(kind, "split") == "preset") return preset(node, side, depth);
      if (spec_of(kind, "split") == "caption")
        return captioned(node, side, depth);
      if (spec_of(kind, "split") == "toggles") {
        text = toggled(node, side, depth);
        break;
      }
      if (spec_of(kind, "text").empty()) return by_shape(node, side, depth);
      text = named(node, NodeField::kText, side, depth);
      if (text && spec_of(kind, "split") == "comments")
        text = without_comment_lines(*text);
      if (text && spec_of(kind, "split") == "line")
        return one_line(node, *text);
      break;
    case NodeRole::kLora:
      // A box that loads LoRAs and holds a prompt for whichever side it feeds.
      text = by_shape(node, side, depth);
      if (text || spec_of(kind, "text").empty()) return text;
      text = encoded(node, side, depth);
      break;
    case NodeRole::kEncoder:
      if (spec_of(kind, "text").empty()) return by_shape(node, side, depth);
      text = encoded(node, side, depth);
      break;
    case NodeRole::kUnknown:
      if (!makes_unknown_text(node)) return by_shape(node, side, depth);
      open_.push_back(node);
      return shown_elsewhere(node);
    default: return by_shape(node, side, depth);
  }
  if (text) return text;
  // A widget under a link is stale: the editor's copy of it says nothing.
  bool is_linked = false;
  graph_.each_input(node, NodeField::kText, [&](const GraphInput& input) {
    is_linked = input.is_link();
    return is_linked;
  });
  if (is_linked) return std::nullopt;
  if (Text hint = hinted(node)) return hint;
  open_.push_back(node);
  return std::nullopt;
}

GraphTexts::Text GraphTexts::named(NodeIndex node, NodeField field,
                                   PromptSide side, unsigned depth) {
  Text best;
  graph_.each_input(node, field, [&](const GraphInput& input) {
    Text text = ask(input, side, depth);
    // An empty `populated_text` beside a filled template is not the prompt.
    if (text && (!best || best->empty())) best = std::move(text);
    return best && !best->empty();
  });
  return best;
}

GraphTexts::Text GraphTexts::encoded(NodeIndex node, PromptSide side,
                                     unsigned depth) {
  const NodeKind& kind = *graph_.node(node).kind;
  encoders_[static_cast<std::size_t>(side)].push_back(node);
  std::string_view names = spec_of(kind, "text");
  if (spec_of(kind, "split") == "smz") {
    const GraphInput* flag = values_.input_named(node, "with_SDXL");
    if (flag != nullptr && flag->value.boolean().value_or(false))
      names = "text_g,text_l";
  }
  if (spec_of(kind, "split") == "schedule") return scheduled(node, side, depth);
  // Wildcard encoders keep the template beside its result.
  if (names.starts_with("populated_text"))
    return named(node, NodeField::kText, side, depth);
  return joined(node, names, side, depth);
}

GraphTexts::Text GraphTexts::conditionings(NodeIndex node, PromptSide side,
                                           unsigned depth) {
  TextParts parts;
  bool is_known = false;
  graph_.each_input(node, NodeField::kConditioning,
                    [&](const GraphInput& input) {
                      if (!input.is_link()) return false;
                      if (Text text = ask(input, side, depth)) {
                        is_known = true;
                        parts.add(std::move(*text));
                      }
                      return false;
                    });
  if (!is_known) return std::nullopt;
  return join(parts.all(), "\n");
}

// The inputs that match a name, by number or letter if they have one: the
// executed graph lists widgets before links, the editor's the other way.
std::vector<const GraphInput*> GraphTexts::inputs_like(
    NodeIndex node, std::string_view name) const {
  std::vector<const GraphInput*> found;
  for (const GraphInput& input : graph_.inputs(node))
    if (name_matches(name, input.name)) found.push_back(&input);
  const std::size_t stem = name.size() - (name.ends_with('*') ? 1 : 0);
  const auto rank = [stem](const GraphInput* input) {
    std::string_view rest = input->name.substr(stem);
    if (rest.starts_with('_')) rest.remove_prefix(1);
    return std::pair(rest.size(), rest);
  };
  const bool are_ranked =
      std::all_of(found.begin(), found.end(), [&](const GraphInput* input) {
        const std::string_view rest = rank(input).second;
        return rest.size() <= 1 ||
               rest.find_first_not_of("0123456789") == rest.npos;
      });
  if (are_ranked)
    std::stable_sort(found.begin(), found.end(),
                     [&](const GraphInput* a, const GraphInput* b) {
                       return rank(a) < rank(b);
                     });
  return found;
}

// Encoders with several texts, concatenations of strings. Encoders join the
// parts that differ by line ends; string nodes join all by their delimiter.
GraphTexts::Text GraphTexts::joined(NodeIndex node, std::string_view names,
                                    PromptSide side, unsigned depth) {
  const NodeKind& kind = *graph_.node(node).kind;
  const GraphInput* between = values_.input(node, NodeField::kDelimiter);
  const bool is_string = kind.role == NodeRole::kJoin || between != nullptr ||
                         !spec_of(kind, "between").empty();
  const bool filled_only = spec_of(kind, "split") == "filled";
  if (names.empty()) names = "text*,string*";
  // WAS suite: white space around each part may go.
  const GraphInput* clean = values_.input_named(node, "clean_whitespace");
  const bool trims = clean != nullptr && clean->value.string() == "true";
  TextParts parts;
  std::vector<std::string> pieces;  // of a string, equal ones too
  bool is_known = false;
  while (!names.empty()) {
    const std::string_view name = next_item(names);
    for (const GraphInput* input : inputs_like(node, name)) {
      if (input == between) continue;
      if (!input->is_link() && !plain_value(input->value).is_string()) continue;
      Text text = ask(*input, side, depth);
      if (!text) continue;
      is_known = true;
      if (trims) text = std::string(trimmed(*text));
      if (!is_string)
        parts.add(std::move(*text));
      else if (!filled_only || !text->empty())
        pieces.push_back(std::move(*text));
    }
  }
  if (!is_known) return std::nullopt;
  if (!is_string) return join(parts.all(), "\n");
  std::string delimiter(spec_of(kind, "between"));
  if (between != nullptr)
    delimiter = spelt_out(ask(*between, side, depth).value_or(""),
                          spec_of(kind, "comma"));
  if (!may_make(delimiter.size() * pieces.size())) return std::nullopt;
  return join(pieces, delimiter);
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
  if (split == "trim") {
    if (!is_known) return std::nullopt;
    const std::string_view inner = trimmed(parts[0]);
    const auto before =
        static_cast<std::size_t>(inner.data() - parts[0].data());
    const auto after = parts[0].size() - before - inner.size();
    const std::string_view mode = word("mode");
    return parts[0].substr(mode == "Right" ? 0 : before,
                           inner.size() + (mode == "Right" ? before : 0) +
                               (mode == "Left" ? after : 0));
  }
  const bool tidies = word("tidy_tags") == "yes";
  if (split == "replace" || word("action") == "replace") {
    if (!is_known) return std::nullopt;
    const std::string_view what = parts[1];
    if (split != "replace" && what.size() > 1 && what.starts_with('/') &&
        what.ends_with('/')) {
      open_.push_back(node);
      return shown_elsewhere(node);
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
  open_.push_back(node);
  return shown_elsewhere(node);
}

bool GraphTexts::may_make(std::size_t bytes) {
  if (bytes_made_ < kMaxBytesMade && bytes <= kMaxBytesMade - bytes_made_)
    return true;
  is_cut_ = true;
  return false;
}

GraphTexts::Text GraphTexts::replaced_in(std::string_view text,
                                         std::string_view what,
                                         std::string_view with) {
  // To read it takes as long as to copy it.
  if (!may_make(text.size())) return std::nullopt;
  bytes_made_ += text.size();
  Text result = replace_all(text, what, with, kMaxBytesMade);
  if (!result) is_cut_ = true;
  return result;
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
    open_.push_back(node);
    return shown_elsewhere(node);
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

// A switch for both sides selects branches of one: prompt_pos_2, and with it
// prompt_neg_2.
const GraphInput* GraphTexts::branch_taken(NodeIndex node, PromptSide side) {
  const GraphInput* branch = values_.selected(node);
  if (branch == nullptr || side == PromptSide::kPositive) return branch;
  const std::size_t at = branch->name.find("pos");
  if (at == branch->name.npos) return branch;
  std::string twin(branch->name);
  const GraphInput* other =
      values_.input_named(node, twin.replace(at, 3, "neg"));
  return other != nullptr ? other : branch;
}

GraphTexts::Text GraphTexts::hinted(NodeIndex node) const {
  const std::string_view id = graph_.node(node).id;
  const auto found = std::lower_bound(
      hints_.begin(), hints_.end(), id,
      [](const TextHint& hint, std::string_view key) { return hint.id < key; });
  if (found == hints_.end() || found->id != id) return std::nullopt;
  return std::string(found->text);
}

// The editor's copy is written when the node runs; the executed graph holds
// what it showed the time before.
GraphTexts::Text GraphTexts::cached(NodeIndex node) const {
  if (Text hint = hinted(node)) return hint;
  Text text;
  graph_.each_input(node, NodeField::kCache, [&](const GraphInput& input) {
    if (input.is_link()) return false;
    if (const auto held = plain_value(input.value).string())
      text = std::string(*held);
    return text.has_value();
  });
  return text;
}

// A node that shows what `node` made keeps a copy of it.
GraphTexts::Text GraphTexts::shown_elsewhere(NodeIndex node) {
  if (!shown_by_) {
    shown_by_.emplace();
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      const auto other = static_cast<NodeIndex>(i);
      if (values_.role(other) != NodeRole::kCachedText) continue;
      for (const GraphInput& input : graph_.inputs(other))
        if (input.is_link()) shown_by_->emplace_back(input.node, other);
    }
    std::sort(shown_by_->begin(), shown_by_->end());
  }
  auto shown = std::lower_bound(shown_by_->begin(), shown_by_->end(),
                                std::pair(node, NodeIndex{0}));
  for (; shown != shown_by_->end() && shown->first == node; ++shown) {
    open_.push_back(shown->second);
    if (Text text = cached(shown->second)) return text;
  }
  return std::nullopt;
}

}  // namespace sdmeta
