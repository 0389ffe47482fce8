#include "parsers/comfy_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parsers/text.h"
#include "parsers/text_parts.h"

namespace sdmeta {
namespace {

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

}  // namespace

std::optional<std::string> GraphTexts::text(const GraphInput& input,
                                            PromptSide side) {
  const Question question(*this);
  return told(ask(input, side, 0));
}

std::optional<std::string> GraphTexts::text_of(NodeIndex node,
                                               PromptSide side) {
  const Question question(*this);
  return told(ask_node(node, -1, side, 0));
}

GraphTexts::Text GraphTexts::told(Text text) {
  is_partial_ = is_partial_ || (text && lacks_some_);
  return text;
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
  if (slot > 0 && kind.name.empty())
    if (const GraphInput* own = text_of_output(node, slot, side))
      return ask(*own, side, depth);

  std::int32_t& memo =
      memo_[static_cast<std::size_t>(side)][static_cast<std::size_t>(node)];
  if (memo >= 0) {
    const Answer& known = answers_[static_cast<std::size_t>(memo)];
    lacks_some_ = lacks_some_ || known.lacks_some;
    if (known.text) bytes_made_ += known.text->size();
    return bytes_made_ > kMaxBytesMade ? std::nullopt : known.text;
  }
  if (memo == kUnderWay || depth > kMaxDepth || !values_.spend(node))
    return std::nullopt;
  if (bytes_made_ > kMaxBytesMade) {
    is_cut_ = true;
    return std::nullopt;
  }
  memo = kUnderWay;
  const Question question(*this);
  Text text = compute(node, side, depth);
  // What is left of a text without its unknown part is not an empty one.
  if (text && text->empty() && lacks_some_) text.reset();
  if (text) {
    bytes_made_ += text->size();
    if (bytes_made_ > kMaxBytesMade) {
      is_cut_ = true;
      text.reset();
    }
  }
  memo = static_cast<std::int32_t>(answers_.size());
  answers_.push_back({text, lacks_some_});
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
  return from_pipes(node, [&](const GraphInput& pipe) {
    return output_text(pipe.node, name, side, depth + 1);
  });
}

// Which branch was taken may be what the graph does not hold.
GraphTexts::Text GraphTexts::of_branch(NodeIndex node, PromptSide side,
                                       unsigned depth) {
  if (const GraphInput* branch = branch_taken(node, side))
    return ask(*branch, side, depth);
  const auto inputs = graph_.inputs(node);
  lacks_some_ = lacks_some_ || std::any_of(inputs.begin(), inputs.end(),
                                           [](const GraphInput& input) {
                                             return input.is_link();
                                           });
  return std::nullopt;
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

  switch (kind.role) {
    case NodeRole::kZeroOut: return std::string();
    case NodeRole::kMath: return std::nullopt;
    case NodeRole::kOpaqueText:
      return spec_of(kind, "text").empty() ? unknown(node)
                                           : made_of(node, side, depth);
    case NodeRole::kOpaqueNumber: return unknown(node);
    case NodeRole::kCachedText: {
      Text text = named(node, NodeField::kText, side, depth);
      if (text && !lacks_some_) return text;
      open_.push_back(node);
      Text shown = cached(node);
      lacks_some_ = lacks_some_ && !shown;
      return shown ? shown : text;
    }
    case NodeRole::kSwitch: return of_branch(node, side, depth);
    case NodeRole::kJoin:
      return joined(node, spec_of(kind, "text"), side, depth);
    case NodeRole::kReplace: return replaced(node, side, depth);
    case NodeRole::kRegion: {
      Text text = conditionings(node, side, depth);
      if (Text region = named(node, NodeField::kText, side, depth);
          region && !region->empty())
        regions_.add(std::move(*region));
      return text;
    }
    case NodeRole::kText: {
      if (const auto own = by_own_rule(node, side, depth)) return *own;
      if (spec_of(kind, "text").empty()) return by_shape(node, side, depth);
      const Text text = named(node, NodeField::kText, side, depth);
      return text && fills_template(node, *text) ? made_of(node, side, depth)
                                                 : or_hint(node, text);
    }
    case NodeRole::kLora:
      if (spec_of(kind, "text").empty()) return by_shape(node, side, depth);
      return of_lora_box(node, side, depth);
    case NodeRole::kEncoder:
      if (spec_of(kind, "text").empty()) return by_shape(node, side, depth);
      return or_hint(node, encoded(node, side, depth));
    case NodeRole::kUnknown:
      if (translates(node)) return made_of(node, side, depth);
      return makes_unknown_text(node) ? unknown(node)
                                      : by_shape(node, side, depth);
    default: return by_shape(node, side, depth);
  }
}

// A text that is not in the graph, or only where another node shows it.
GraphTexts::Text GraphTexts::unknown(NodeIndex node) {
  open_.push_back(node);
  Text shown = shown_elsewhere(node);
  lacks_some_ = !shown;
  return shown;
}

// A box that loads LoRAs and holds a prompt for whichever side it feeds, as it
// is or as JSON.
GraphTexts::Text GraphTexts::of_lora_box(NodeIndex node, PromptSide side,
                                         unsigned depth) {
  Text text = by_shape(node, side, depth);
  if (!text && !lacks_some_) text = or_hint(node, encoded(node, side, depth));
  return text ? words_of_state(*text, side).value_or(text) : text;
}

// A translation of the user's words, a text that goes on behind them, or what
// is chosen among them by lot: where nobody shows what came of them, they are
// still what was asked for.
GraphTexts::Text GraphTexts::made_of(NodeIndex node, PromptSide side,
                                     unsigned depth) {
  if (Text shown = unknown(node)) return shown;
  Text words = named(node, NodeField::kText, side, depth);
  lacks_some_ = true;
  return words;
}

// What a text box has, or the editor's copy of it.
GraphTexts::Text GraphTexts::or_hint(NodeIndex node, Text text) {
  if (text || lacks_some_) return text;
  // A widget under a link is stale: the editor's copy of it says nothing.
  bool is_linked = false;
  graph_.each_input(node, NodeField::kText, [&](const GraphInput& input) {
    is_linked = input.is_link();
    return is_linked;
  });
  if (is_linked) return std::nullopt;
  if (Text hint = hinted(node)) return hint;
  open_.push_back(node);
  lacks_some_ = true;
  return std::nullopt;
}

GraphTexts::Text GraphTexts::named(NodeIndex node, NodeField field,
                                   PromptSide side, unsigned depth) {
  const Question question(*this);
  Text best;
  graph_.each_input(node, field, [&](const GraphInput& input) {
    Text text = ask(input, side, depth);
    // An empty `populated_text` beside a filled template is not the prompt; nor
    // is the template where what was made of it is not known.
    if (text && (!best || best->empty())) best = std::move(text);
    return lacks_some_ || (best && !best->empty());
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
