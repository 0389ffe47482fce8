#include "parsers/comfy_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parsers/text.h"

namespace sdmeta {
namespace {

// Chains of loaders, reroutes and concatenations in real graphs stay below 50.
constexpr unsigned kMaxDepth = 300;
// Concatenating a text with itself doubles it; some forty nodes would make
// terabytes. Real prompts, with every node they pass through counted, stay
// below a megabyte.
constexpr std::size_t kMaxBytesMade = 16u << 20;

// Inputs that never lead to a prompt.
constexpr std::array<std::string_view, 28> kSideNames = {
    "model*",    "clip*",    "vae*",      "image*", "latent*", "mask*",
    "pixels",    "samples*", "control*",  "seed*",  "noise*",  "width*",
    "height*",   "sigmas",   "sampler*",  "lora*",  "steps",   "cfg",
    "upscale*",  "CLIP",     "MODEL",     "VAE",    "IMAGE",   "LATENT",
    "strength*", "opt_clip", "opt_model", "video"};

bool is_side_name(std::string_view name) {
  return std::any_of(
      kSideNames.begin(), kSideNames.end(),
      [&](std::string_view side) { return name_matches(side, name); });
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

// Adds a part of a prompt unless it is empty or already there.
void add_part(std::vector<std::string>& parts, std::string part) {
  if (part.empty()) return;
  if (std::find(parts.begin(), parts.end(), part) == parts.end())
    parts.push_back(std::move(part));
}

std::string join(const std::vector<std::string>& parts,
                 std::string_view delimiter) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) text += delimiter;
    text += parts[i];
  }
  return text;
}

std::string replace_all(std::string_view text, std::string_view what,
                        std::string_view with) {
  if (what.empty()) return std::string(text);
  std::string result;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find(what, from)) != text.npos;
       from = at + what.size()) {
    result.append(text, from, at - from);
    result += with;
  }
  result.append(text, from);
  return result;
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

  std::int32_t& memo =
      memo_[static_cast<std::size_t>(side)][static_cast<std::size_t>(node)];
  if (memo >= 0) {
    const Text& known = texts_[static_cast<std::size_t>(memo)];
    if (known) bytes_made_ += known->size();
    return bytes_made_ > kMaxBytesMade ? std::nullopt : known;
  }
  if (memo == kUnderWay || depth > kMaxDepth || !values_.spend(node))
    return std::nullopt;
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

GraphTexts::Text GraphTexts::compute(NodeIndex node, PromptSide side,
                                     unsigned depth) {
  const NodeKind& kind = *graph_.node(node).kind;
  if (side == PromptSide::kPositive && !guidance_)
    if (const GraphInput* held = values_.input(node, NodeField::kGuidance))
      guidance_ = values_.value_of(*held, NodeField::kGuidance).number();

  Text text;
  switch (kind.role) {
    case NodeRole::kZeroOut: return std::string();
    case NodeRole::kOpaqueText:
      open_.push_back(node);
      return shown_elsewhere(node);
    case NodeRole::kCachedText:
      text = named(node, NodeField::kText, side, depth);
      if (text) return text;
      open_.push_back(node);
      return cached(node);
    case NodeRole::kSwitch:
      if (const GraphInput* branch = values_.selected(node))
        return ask(*branch, side, depth);
      return std::nullopt;
    case NodeRole::kJoin:
      return joined(node, spec_of(kind, "text"), side, depth);
    case NodeRole::kReplace: return replaced(node, side, depth);
    case NodeRole::kRegion: {
      text = conditionings(node, side, depth);
      if (Text region = named(node, NodeField::kText, side, depth);
          region && !region->empty())
        add_part(regions_, std::move(*region));
      return text;
    }
    case NodeRole::kText:
      if (spec_of(kind, "text").empty()) return by_shape(node, side, depth);
      text = named(node, NodeField::kText, side, depth);
      break;
    case NodeRole::kEncoder:
      if (spec_of(kind, "text").empty()) return by_shape(node, side, depth);
      text = encoded(node, side, depth);
      break;
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
  for (const TextHint& hint : hints_)
    if (hint.id == graph_.node(node).id) return std::string(hint.text);
  open_.push_back(node);
  return std::nullopt;
}

GraphTexts::Text GraphTexts::by_shape(NodeIndex node, PromptSide side,
                                      unsigned depth) {
  const NodeKind& kind = *graph_.node(node).kind;
  const bool is_positive = side == PromptSide::kPositive;

  // Inputs of the side's own name: conditioning, or text for a loader or a
  // node that encodes for itself.
  for (const NodeField field :
       {is_positive ? NodeField::kPositive : NodeField::kNegative,
        is_positive ? NodeField::kPositiveText : NodeField::kNegativeText}) {
    const GraphInput* input = values_.input(node, field);
    if (input == nullptr) continue;
    if (field == NodeField::kPositive &&
        kind.spec.find("cond2") != kind.spec.npos) {
      // Two positives: guiders of edit models.
      if (Text text = joined(node, spec_of(kind, "positive"), side, depth))
        return text;
      continue;
    }
    if (Text text = ask(*input, side, depth)) {
      if (!input->is_link() || values_.link(node, NodeField::kClip) != nullptr)
        encoders_[static_cast<std::size_t>(side)].push_back(node);
      return text;
    }
  }
  // A guider or sampler with one conditioning has no negative side.
  const bool has_model = values_.link(node, NodeField::kModel) != nullptr;
  if (!is_positive && has_model && kind.role != NodeRole::kPass &&
      kind.role != NodeRole::kLoader && kind.role != NodeRole::kLora &&
      values_.link(node, NodeField::kClip) == nullptr &&
      values_.input(node, NodeField::kPipe) == nullptr)
    return guider_text(node, side, depth);
  if (kind.role != NodeRole::kText && kind.role != NodeRole::kEncoder)
    if (Text text = conditionings(node, side, depth)) return text;

  // An unlisted concatenation: parts by number or letter, and what goes
  // between.
  if (values_.input(node, NodeField::kDelimiter) != nullptr)
    for (const std::string_view parts : {"text*", "string*", "prompt*"})
      if (values_.input_named(node, parts) != nullptr)
        return joined(node, parts, side, depth);

  const bool may_hold_text =
      kind.role == NodeRole::kUnknown || kind.role == NodeRole::kText ||
      kind.role == NodeRole::kEncoder || kind.role == NodeRole::kNumber;
  if (may_hold_text) {
    if (Text text = named(node, NodeField::kText, side, depth)) {
      if (values_.link(node, NodeField::kClip) != nullptr)
        encoders_[static_cast<std::size_t>(side)].push_back(node);
      return text;
    }
  }
  Text text = guider_text(node, side, depth);
  if (text) return text;
  text = any_link(node, side, depth);
  if (text || !may_hold_text) return text;
  text = odd_widget(node);
  if (!text) open_.push_back(node);
  return text;
}

// Through what a sampler is fed with: a guider, a pipe.
GraphTexts::Text GraphTexts::guider_text(NodeIndex node, PromptSide side,
                                         unsigned depth) {
  Text text;
  const auto follow = [&](const GraphInput& input) {
    if (input.is_link()) text = ask(input, side, depth);
    return text.has_value();
  };
  if (graph_.each_input(node, NodeField::kPipe, follow)) return text;
  for (const std::string_view name :
       {"guider", "options", "base_sampler", "settings", "sampler_settings"})
    if (const GraphInput* input = values_.input_named(node, name))
      if (follow(*input)) return text;
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
  // Wildcard encoders keep the template beside its result.
  if (names.starts_with("populated_text"))
    return named(node, NodeField::kText, side, depth);
  return joined(node, names, side, depth);
}

GraphTexts::Text GraphTexts::conditionings(NodeIndex node, PromptSide side,
                                           unsigned depth) {
  std::vector<std::string> parts;
  bool is_known = false;
  graph_.each_input(node, NodeField::kConditioning,
                    [&](const GraphInput& input) {
                      if (!input.is_link()) return false;
                      if (Text text = ask(input, side, depth)) {
                        is_known = true;
                        add_part(parts, std::move(*text));
                      }
                      return false;
                    });
  if (!is_known) return std::nullopt;
  return join(parts, "\n");
}

// Encoders with several texts, concatenations of strings. Encoders join the
// parts that differ by line ends; string nodes join all by their delimiter.
GraphTexts::Text GraphTexts::joined(NodeIndex node, std::string_view names,
                                    PromptSide side, unsigned depth) {
  const NodeKind& kind = *graph_.node(node).kind;
  const GraphInput* between = values_.input(node, NodeField::kDelimiter);
  const bool is_string = kind.role == NodeRole::kJoin || between != nullptr;
  const bool filled_only = !is_string || spec_of(kind, "split") == "filled";
  if (names.empty()) names = "text*,string*";
  // WAS suite: white space around each part may go.
  const GraphInput* clean = values_.input_named(node, "clean_whitespace");
  const bool trims = clean != nullptr && clean->value.string() == "true";
  std::vector<std::string> parts;
  bool is_known = false;
  while (!names.empty()) {
    const std::string_view name = next_item(names);
    for (const GraphInput& input : graph_.inputs(node)) {
      if (!name_matches(name, input.name) || &input == between) continue;
      if (!input.is_link() && !plain_value(input.value).is_string()) continue;
      Text text = ask(input, side, depth);
      if (!text) continue;
      is_known = true;
      if (trims) text = std::string(trimmed(*text));
      if (!is_string)
        add_part(parts, std::move(*text));
      else if (!filled_only || !text->empty())
        parts.push_back(std::move(*text));
    }
  }
  if (!is_known) return std::nullopt;
  std::string delimiter = "\n";
  if (is_string) {
    delimiter = spec_of(kind, "between");
    if (between != nullptr) delimiter = ask(*between, side, depth).value_or("");
    if (delimiter == "\\n") delimiter = "\n";
  }
  return join(parts, delimiter);
}

// pysssss' StringFunction appends or replaces; others replace only. A pattern
// in slashes is a regular expression, which is left undone.
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
  if (split == "replace" || word("action") == "replace") {
    if (!is_known) return std::nullopt;
    if (parts[1].starts_with('/')) return parts[0];
    for (std::size_t i = 1; i < parts.size(); i += 2)
      parts[0] = replace_all(parts[0], parts[i], parts[i + 1]);
    return parts[0];
  }
  std::vector<std::string> filled;
  for (std::string& part : parts)
    if (!part.empty()) filled.push_back(std::move(part));
  if (filled.empty() && !is_known) return std::nullopt;
  return join(filled, word("tidy_tags") == "yes" ? ", " : "");
}

// The editor's copy is written when the node runs; the executed graph holds
// what it showed the time before.
GraphTexts::Text GraphTexts::cached(NodeIndex node) const {
  for (const TextHint& hint : hints_)
    if (hint.id == graph_.node(node).id) return std::string(hint.text);
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
  for (std::size_t i = 0; i < graph_.size(); ++i) {
    const auto other = static_cast<NodeIndex>(i);
    if (values_.role(other) != NodeRole::kCachedText) continue;
    for (const GraphInput& input : graph_.inputs(other))
      if (input.node == node) {
        open_.push_back(other);
        if (Text text = cached(other)) return text;
      }
  }
  return std::nullopt;
}

GraphTexts::Text GraphTexts::any_link(NodeIndex node, PromptSide side,
                                      unsigned depth) {
  const bool is_positive = side == PromptSide::kPositive;
  for (const GraphInput& input : graph_.inputs(node)) {
    if (!input.is_link() || is_side_name(input.name)) continue;
    // The other side's inputs hold the other side's text.
    if (contains(input.name, is_positive ? "negative" : "positive")) continue;
    if (Text text = ask(input, side, depth)) return text;
  }
  return std::nullopt;
}

// The last resort for a string node nobody listed: its one widget that reads
// like prose, or its only string.
GraphTexts::Text GraphTexts::odd_widget(NodeIndex node) const {
  std::string_view longest;
  std::size_t strings = 0;
  for (const GraphInput& input : graph_.inputs(node)) {
    if (input.is_link()) continue;
    const auto text = plain_value(input.value).string();
    if (!text || text->empty()) continue;
    ++strings;
    if (text->size() > longest.size()) longest = *text;
  }
  if (strings == 0) return std::nullopt;
  if (strings > 1 && !contains(longest, " ") && !contains(longest, ","))
    return std::nullopt;
  return std::string(longest);
}

}  // namespace sdmeta
