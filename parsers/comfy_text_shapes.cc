// Texts of classes nobody listed, or whose rows leave the names of their inputs
// to the usual ones.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/comfy_text.h"
#include "parsers/text.h"
#include "parsers/text_parts.h"

namespace sdmeta {
namespace {

// Inputs that never lead to a prompt.
constexpr NamePatterns kSideNames(std::to_array<std::string_view>(
    {"model*",    "clip*",    "vae*",      "image*", "latent*", "mask*",
     "pixels",    "samples*", "control*",  "seed*",  "noise*",  "width*",
     "height*",   "sigmas",   "sampler*",  "lora*",  "steps",   "cfg",
     "upscale*",  "CLIP",     "MODEL",     "VAE",    "IMAGE",   "LATENT",
     "strength*", "opt_clip", "opt_model", "video"}));

bool is_side_name(std::string_view name) { return kSideNames.match(name); }

// The side that the words of an input's name say: neg_g, text_pos, NEGATIVE1.
std::optional<PromptSide> side_of_name(std::string_view name) {
  for (std::size_t from = 0; from < name.size();) {
    std::size_t end = from;
    while (end < name.size() && is_letter(name[end])) ++end;
    const std::string_view word = name.substr(from, end - from);
    if (equal_ignoring_case(word, "positive") ||
        equal_ignoring_case(word, "pos"))
      return PromptSide::kPositive;
    if (equal_ignoring_case(word, "negative") ||
        equal_ignoring_case(word, "neg") || equal_ignoring_case(word, "uncond"))
      return PromptSide::kNegative;
    from = end + 1;
  }
  return std::nullopt;
}

// Words of nodes' settings, and files: no texts. Impact's detailers say `False`
// to `sam_mask_hint_use_negative`.
bool is_setting(std::string_view text) {
  for (const std::string_view word : {"none", "true", "false"})
    if (equal_ignoring_case(text, word)) return true;
  return is_model_file(text);
}

bool joins_texts(std::string_view class_type) {
  return contains_any_ignoring_case(
      class_type, {"concat", "join", "combin", "merge", "append"});
}

// Before or behind the others, by the words of its name.
int place_of(std::string_view name) {
  if (contains_ignoring_case(name, "file")) return 0;
  if (contains_any_ignoring_case(name, {"prefix", "prepend", "before"}))
    return -1;
  return contains_any_ignoring_case(name, {"suffix", "append", "after"}) ? 1
                                                                         : 0;
}

// The text so far, to which a node adds its own: text_in_opt, previous_prompt.
bool is_chain_name(std::string_view name) {
  return contains_any_ignoring_case(name, {"text", "prompt", "string"}) &&
         (contains_any_ignoring_case(name, {"opt", "prev", "_in_"}) ||
          name.ends_with("_in"));
}

// text2, string_a, prefix, c: a part of a text by its name.
bool is_part_name(std::string_view name) {
  if ((usual_fields(name) & field_bit(NodeField::kText)) != 0) return true;
  if (place_of(name) != 0) return true;
  if (name.size() == 1) return is_letter(name[0]);
  for (const std::string_view stem :
       {"text", "string", "str", "prompt", "part", "input"})
    if (starts_with_ignoring_case(name, stem)) {
      std::string_view rest = name.substr(stem.size());
      if (rest.starts_with('_') || rest.starts_with(' ')) rest.remove_prefix(1);
      if (rest.size() == 1 || rest.find_first_not_of("0123456789") == rest.npos)
        return true;
    }
  return false;
}

// positive_token_normalization, positive_weight_interpretation.
bool tells_how_to_encode(std::string_view name) {
  return name.ends_with("_normalization") || name.ends_with("_interpretation");
}

// What such a node makes of several texts is not one after the other.
bool chooses_or_edits(std::string_view class_type) {
  return contains_any_ignoring_case(
      class_type, {"switch", "select", "choose", "choice", "random", "pick",
                   "replac", "regex", "format", "condition", "compare"});
}

bool is_text_role(NodeRole role) {
  return role == NodeRole::kText || role == NodeRole::kJoin ||
         role == NodeRole::kReplace || role == NodeRole::kCachedText;
}

}  // namespace

GraphTexts::Text GraphTexts::by_shape(NodeIndex node, PromptSide side,
                                      unsigned depth) {
  const NodeKind& kind = *graph_.node(node).kind;
  const bool is_positive = side == PromptSide::kPositive;

  // Inputs of the side's own name: conditioning, or text for a loader or a
  // node that encodes for itself.
  bool is_fed = false;
  for (const NodeField field :
       {is_positive ? NodeField::kPositive : NodeField::kNegative,
        is_positive ? NodeField::kPositiveText : NodeField::kNegativeText}) {
    // Several of a side: guiders of edit models, regions combined.
    const std::string_view own = (kind.own_fields & field_bit(field)) != 0
                                     ? spec_of(kind, field_names(field).key)
                                     : std::string_view();
    if (own.ends_with('*')) {
      Text text = joined(node, own, side, depth);
      if (text || lacks_some_) return text;
      continue;
    }
    Text best;
    bool is_encoder = false;
    graph_.each_input(node, field, [&](const GraphInput& input) {
      is_fed = is_fed || input.is_link();
      Text text = ask(input, side, depth);
      // A box left empty leaves it to the next input.
      if (text && (!best || best->empty())) {
        best = std::move(text);
        is_encoder = !input.is_link() || kind.role == NodeRole::kLoader ||
                     values_.link(node, NodeField::kClip) != nullptr;
      }
      return lacks_some_ || (best && !best->empty());
    });
    if (lacks_some_ && !best) return std::nullopt;
    if (!best) continue;
    // A pipe's own words are kept where it is edited without any.
    if (best->empty() && kind.role == NodeRole::kPass &&
        values_.link(node, NodeField::kPipe) != nullptr)
      continue;
    if (is_encoder) encoders_[static_cast<std::size_t>(side)].push_back(node);
    return best;
  }
  // A guider or sampler with one conditioning has no negative side.
  const bool has_model = values_.link(node, NodeField::kModel) != nullptr;
  if (!is_positive && has_model && kind.role == NodeRole::kUnknown && !is_fed)
    if (Text text = of_side(node, side, depth); text || lacks_some_)
      return text;
  if (!is_positive && has_model && kind.role != NodeRole::kPass &&
      kind.role != NodeRole::kLoader && kind.role != NodeRole::kLora &&
      values_.link(node, NodeField::kClip) == nullptr &&
      values_.input(node, NodeField::kPipe) == nullptr)
    return guider_text(node, side, depth);
  if (kind.role != NodeRole::kText && kind.role != NodeRole::kEncoder)
    if (Text text = conditionings(node, side, depth); text || lacks_some_)
      return text;

  // An unlisted concatenation: parts by number or letter, and what goes
  // between.
  if (values_.input(node, NodeField::kDelimiter) != nullptr) {
    for (const std::string_view parts : {"text*", "string*", "prompt*"})
      if (values_.input_named(node, parts) != nullptr)
        return joined(node, parts, side, depth);
    if (std::string parts(numbered_inputs(node)); !parts.empty())
      return joined(node, parts += '*', side, depth);
  }

  const bool is_listed = kind.role != NodeRole::kUnknown;
  if (!is_listed && values_.link(node, NodeField::kClip) == nullptr) {
    const std::string_view name = graph_.node(node).class_type;
    if (const auto edited = edited_by_shape(node, side, depth))
      return *edited ? *edited : unknown(node);
    const bool has_several = has_several_texts(node);
    if (joins_texts(name) || (has_several && !chooses_or_edits(name))) {
      Text text = joined_by_shape(node, side, depth);
      if (text || lacks_some_) return text;
    } else if (has_several) {
      is_guess_ = true;
    }
  }
  // What a node samples with is no negative.
  const bool is_for_other_side =
      !is_positive && values_.input(node, NodeField::kSteps) != nullptr &&
      values_.input(node, NodeField::kSeed) != nullptr;
  const bool may_hold_text = !is_listed || kind.role == NodeRole::kText ||
                             kind.role == NodeRole::kEncoder ||
                             kind.role == NodeRole::kNumber;
  if (may_hold_text) {
    // A text for both sides does not stand for one that has its own.
    if (!is_positive && !is_fed)
      if (Text text = of_side(node, side, depth); text || lacks_some_)
        return text;
    if (!is_for_other_side)
      if (Text text = named(node, NodeField::kText, side, depth)) {
        if (!is_listed && draws_lots(node, *text)) return unknown(node);
        if (!is_listed && fills_template(node, *text))
          return made_of(node, side, depth);
        if (values_.link(node, NodeField::kClip) != nullptr)
          encoders_[static_cast<std::size_t>(side)].push_back(node);
        return text;
      }
  }
  if (lacks_some_) return std::nullopt;
  Text text = guider_text(node, side, depth);
  if (text || lacks_some_) return text;
  // What feeds the side is known, if not its text: nothing else has it.
  if (is_fed) return text;
  text = of_side(node, side, depth);
  if (text || lacks_some_) return text;
  text = any_link(node, side, depth);
  if (text || lacks_some_ || !may_hold_text || is_for_other_side) return text;
  // What changes a conditioning or a text has its words from there.
  for (const NodeField words : {NodeField::kConditioning, NodeField::kText})
    if (values_.link(node, words) != nullptr) return std::nullopt;
  text = odd_widget(node, side);
  return text ? text : unknown(node);
}

// What several inputs are called but for their number: `arg` of arg1, arg2.
std::string_view GraphTexts::numbered_inputs(NodeIndex node) const {
  std::string_view stem;
  for (const GraphInput& input : graph_.inputs(node)) {
    const std::size_t letters = input.name.find_last_not_of("0123456789") + 1;
    if (letters == 0 || letters == input.name.size()) continue;
    const std::string_view before = input.name.substr(0, letters);
    if (before == stem) return stem;
    if (stem.empty() && !is_side_name(input.name)) stem = before;
  }
  return {};
}

// A box that nobody listed has several texts, and an output for each: for all
// that are numbered, else for the negative side alone, as outputs may give
// something else before its text.
const GraphInput* GraphTexts::text_of_output(NodeIndex node, int slot,
                                             PromptSide side) {
  const std::string_view stem = numbered_inputs(node);
  const bool is_numbered = !stem.empty();
  if (!is_numbered && side == PromptSide::kPositive) return nullptr;
  const GraphInput* own = nullptr;
  int count = 0;
  for (const GraphInput& input : graph_.inputs(node)) {
    if (input.is_link() || side_of_name(input.name)) return nullptr;
    const auto text = plain_value(input.value).string();
    const bool is_one_of_them =
        text && (is_numbered ? input.name.starts_with(stem)
                             : text->find_first_of(" ,") != text->npos);
    if (is_one_of_them && count++ <= slot) own = &input;
  }
  const bool has_enough = count > (is_numbered ? slot : 1);
  is_guess_ = is_guess_ || has_enough;
  return has_enough ? own : nullptr;
}

// More than one text, none of which belongs to a side: by links, or one by a
// link and another of its own that goes before or behind it.
bool GraphTexts::has_several_texts(NodeIndex node) const {
  NodeIndex first = kNoNode;
  bool has_several = false;
  bool has_own = false;
  bool is_added = false;
  bool is_chained = false;
  for (const GraphInput& input : graph_.inputs(node)) {
    if (side_of_name(input.name)) return false;
    if (is_side_name(input.name)) continue;
    const bool is_filled =
        input.is_link() ||
        !plain_value(input.value).string().value_or("").empty();
    if (is_filled && place_of(input.name) != 0) {
      is_added = true;
    } else if (!input.is_link()) {
      has_own = has_own || (is_filled && (usual_fields(input.name) &
                                          field_bit(NodeField::kText)) != 0);
    } else if (is_chain_name(input.name)) {
      is_chained = true;
    } else if (is_text_role(values_.role(input.node))) {
      has_several = has_several || (first != kNoNode && first != input.node);
      first = input.node;
    }
  }
  return has_several || (is_chained && has_own) ||
         (is_added && (has_own || is_chained || first != kNoNode));
}

// Through what a sampler is fed with: a guider, a pipe.
GraphTexts::Text GraphTexts::guider_text(NodeIndex node, PromptSide side,
                                         unsigned depth) {
  Text text = from_pipes(
      node, [&](const GraphInput& pipe) { return ask(pipe, side, depth); });
  for (const std::string_view name :
       {"guider", "options", "base_sampler", "settings", "sampler_settings"}) {
    if (text || lacks_some_) break;
    const GraphInput* input = values_.input_named(node, name);
    if (input != nullptr && input->is_link()) text = ask(*input, side, depth);
  }
  return text;
}

// Boxes and encoders nobody listed, with names such as pos_g and pos_l.
GraphTexts::Text GraphTexts::of_side(NodeIndex node, PromptSide side,
                                     unsigned depth) {
  TextParts parts;
  bool is_known = false;
  for (const GraphInput& input : graph_.inputs(node)) {
    if (is_side_name(input.name) || side_of_name(input.name) != side ||
        tells_how_to_encode(input.name))
      continue;
    const auto held = plain_value(input.value).string();
    if (!input.is_link() && (!held || is_setting(*held))) continue;
    Text text = ask(input, side, depth);
    if (!text) continue;
    is_known = true;
    parts.add(std::move(*text));
  }
  if (!is_known) return std::nullopt;
  encoders_[static_cast<std::size_t>(side)].push_back(node);
  return join(parts.all(), "\n");
}

// The parts of a concatenation nobody listed, in order as far as their names
// say. What it puts between them is its secret.
GraphTexts::Text GraphTexts::joined_by_shape(NodeIndex node, PromptSide side,
                                             unsigned depth) {
  std::vector<std::string> parts;
  bool is_known = false;
  for (const int place : {-1, 0, 1})
    for (const GraphInput& input : graph_.inputs(node)) {
      const bool is_chain = input.is_link() && is_chain_name(input.name);
      if (is_side_name(input.name) ||
          (is_chain ? -1 : place_of(input.name)) != place)
        continue;
      if (!input.is_link() &&
          (!plain_value(input.value).is_string() || !is_part_name(input.name)))
        continue;
      Text text = ask(input, side, depth);
      if (!text) continue;
      is_known = true;
      if (!text->empty()) parts.push_back(std::move(*text));
    }
  if (!is_known) return std::nullopt;
  is_guess_ = is_guess_ || parts.size() > 1;
  return join(parts, ", ");
}

GraphTexts::Text GraphTexts::any_link(NodeIndex node, PromptSide side,
                                      unsigned depth) {
  for (const GraphInput& input : graph_.inputs(node)) {
    if (!input.is_link() || is_side_name(input.name)) continue;
    const NodeRole role = values_.role(input.node);
    if (role == NodeRole::kNumber || role == NodeRole::kMath ||
        role == NodeRole::kOpaqueNumber)
      continue;
    // The other side's inputs hold the other side's text.
    if (side_of_name(input.name).value_or(side) != side) continue;
    if (Text text = ask(input, side, depth)) return text;
  }
  return std::nullopt;
}

// The last resort for a string node nobody listed: its one widget that reads
// like prose, or its only widget. The words of a node that looks at a picture
// are its settings: it writes the text itself.
GraphTexts::Text GraphTexts::odd_widget(NodeIndex node, PromptSide side) const {
  if (values_.link(node, NodeField::kImage) != nullptr) return std::nullopt;
  std::string_view longest;
  for (const GraphInput& input : graph_.inputs(node)) {
    if (input.is_link()) continue;
    if (side_of_name(input.name).value_or(side) != side) continue;
    const auto text = plain_value(input.value).string();
    if (text && text->size() > longest.size()) longest = *text;
  }
  if (longest.empty() || is_setting(longest)) return std::nullopt;
  if (graph_.inputs(node).size() > 1 &&
      longest.find_first_of(" ,") == longest.npos)
    return std::nullopt;
  if (works_on_strings(node) &&
      names_what_is_read(graph_.node(node).class_type, longest))
    return std::nullopt;
  return words_of_state(longest, side).value_or(std::string(longest));
}

// Galleries and boxes that draw themselves keep in one text what was chosen:
// {"prompt": "1girl"}, {"selections": [{"prompt": "1girl"}]}. Of several one
// was used, by turns. A caption in JSON has other keys, and stays as it is.
std::optional<GraphTexts::Text> GraphTexts::words_of_state(
    std::string_view text, PromptSide side) const {
  if (!trimmed(text).starts_with('{')) return std::nullopt;
  const JsonDocument document = parse_json(text, values_.limits());
  JsonValue state = document.root();
  if (!state.is_object() || document.repair()) return std::nullopt;
  if (state.size() == 0) return Text();
  if (const JsonValue chosen = state["selections"]; chosen.is_array()) {
    if (chosen.size() != 1) return Text();
    state = chosen[std::size_t{0}];
  }
  const std::string_view own =
      side == PromptSide::kPositive ? "positive" : "negative";
  for (const std::string_view key : {own, std::string_view("prompt")})
    if (const auto words = state[key].string()) return Text(*words);
  return std::nullopt;
}

}  // namespace sdmeta
