// What classes nobody listed do to texts, told by their names and inputs:
// replace words, fill in a form, or make a text that the graph does not hold.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/comfy_text.h"
#include "parsers/text.h"
#include "parsers/text_parts.h"

namespace sdmeta {
namespace {

// The parts of a replacement by their names: `find` and `replace`, `old` and
// `new`, `Pattern` and `Replace_With`, `search_text` and `replace_text`.
bool names_what_goes(std::string_view name) {
  return contains_any_ignoring_case(
      name, {"find", "search", "old", "pattern", "target", "to_replace",
             "replace_from"});
}

bool names_what_comes(std::string_view name) {
  return !names_what_goes(name) &&
         contains_any_ignoring_case(name, {"replac", "new", "with"});
}

// A switch or a mode that makes a pattern of what is looked for.
bool asks_for_a_pattern(const GraphInput& input) {
  if (contains_ignoring_case(input.name, "regex") && !input.value.is_string())
    return input.is_link() || input.value.boolean().value_or(false);
  return contains_ignoring_case(input.name, "mode") &&
         contains_ignoring_case(input.value.string().value_or(""), "regex");
}

bool is_text(const GraphInput& input) {
  return input.is_link() || plain_value(input.value).is_string();
}

}  // namespace

bool writes_text_itself(std::string_view class_type) {
  if (contains_ignoring_case(class_type, "encode")) return false;
  for (const std::string_view word : {"LLM", "VLM"})
    if (class_type.find(word) != class_type.npos) return true;
  if (contains_any_ignoring_case(
          class_type, {"gemini",     "gpt",      "ollama",      "openai",
                       "claude",     "deepseek", "tagger",      "florence",
                       "joycap",     "joy_cap",  "interrogat",  "moondream",
                       "qwen2vl",    "qwen2_vl", "qwenvl",      "qwen_vl",
                       "qwen3vl",    "qwen3_vl", "llava",       "minicpm",
                       "chat",       "caption",  "embellish",   "imagetoprompt",
                       "image2text", "llama",    "imagetotext", "smollm",
                       "zhipu",      "groq",     "lmstudio",    "lm studio",
                       "lm_studio",  "kobold",   "grok",        "mistral",
                       "anthropic"}))
    return true;
  return contains_ignoring_case(class_type, "prompt") &&
         contains_any_ignoring_case(
             class_type, {"promptgen", "prompt gen", "prompt_gen",
                          "superprompt", "img2prompt", "image2prompt",
                          "phiprompt", "magicprompt", "enhanc", "expan",
                          "extend", "rewrit", "optimi", "upsampl", "improv"});
}

// A language model's answer, what is seen in a picture, what a regular
// expression makes of a text.
bool GraphTexts::makes_unknown_text(NodeIndex node) const {
  const std::string_view name = graph_.node(node).class_type;
  if (writes_text_itself(name)) return true;
  if (!works_on_strings(node)) return false;
  if (contains_any_ignoring_case(name, {"describ", "descript"}))
    return values_.link(node, NodeField::kImage) != nullptr;
  if (!contains_ignoring_case(name, "replac")) return false;
  const auto inputs = graph_.inputs(node);
  return contains_ignoring_case(name, "regex") ||
         std::any_of(inputs.begin(), inputs.end(), asks_for_a_pattern);
}

bool GraphTexts::translates(NodeIndex node) const {
  return contains_ignoring_case(graph_.node(node).class_type, "translat") &&
         works_on_strings(node);
}

bool GraphTexts::works_on_strings(NodeIndex node) const {
  for (const NodeField other : {NodeField::kModel, NodeField::kClip,
                                NodeField::kPipe, NodeField::kConditioning})
    if (values_.link(node, other) != nullptr) return false;
  return true;
}

// One line of several, or all of them in another order. A box with a random
// seed beside its prompt, which may have lines, does neither.
bool GraphTexts::draws_lots(NodeIndex node, std::string_view text) const {
  const std::string_view name = graph_.node(node).class_type;
  return contains_any_ignoring_case(name, {"random", "shuffle"}) &&
         contains_any_ignoring_case(
             name, {"line", "pick", "choice", "choose", "select"}) &&
         trimmed(text).find('\n') != text.npos && works_on_strings(node);
}

// Dynamic Prompts and its kin choose from `{red|blue}`, put a line of a file in
// place of `__colour__` and run `{% if %}`; where a text has none, it is what
// they make.
bool GraphTexts::fills_template(NodeIndex node, std::string_view text) const {
  if (!contains_any_ignoring_case(
          graph_.node(node).class_type,
          {"random", "wildcard", "combinatorial", "dynamic", "jinja"}))
    return false;
  bool is_in_braces = false;
  char before = 0;
  for (const char c : text) {
    const bool opens = before == '{' && (c == '%' || c == '{');
    if (opens || (is_in_braces && c == '|')) return true;
    if (c == '{' || c == '}') is_in_braces = c == '{';
    before = c;
  }
  const std::size_t mark = text.find("__");
  return mark != text.npos && text.find("__", mark + 3) != text.npos;
}

// Nothing where the node does neither, or has not all of the parts.
std::optional<GraphTexts::Text> GraphTexts::edited_by_shape(NodeIndex node,
                                                            PromptSide side,
                                                            unsigned depth) {
  const std::string_view name = graph_.node(node).class_type;
  if (contains_ignoring_case(name, "replac"))
    return replaced_by_shape(node, side, depth);
  if (contains_any_ignoring_case(name, {"format", "template"}))
    return filled_in(node, side, depth);
  return std::nullopt;
}

std::optional<GraphTexts::Text> GraphTexts::replaced_by_shape(NodeIndex node,
                                                              PromptSide side,
                                                              unsigned depth) {
  const GraphInput* source = nullptr;
  std::vector<const GraphInput*> going;
  std::vector<const GraphInput*> coming;
  for (const GraphInput& input : graph_.inputs(node)) {
    if (!is_text(input)) continue;
    if (names_what_goes(input.name))
      going.push_back(&input);
    else if (names_what_comes(input.name))
      coming.push_back(&input);
    else if (source == nullptr ||
             (usual_fields(input.name) & field_bit(NodeField::kText)) != 0)
      source = &input;
  }
  if (source == nullptr || going.empty() || going.size() != coming.size())
    return std::nullopt;
  Text text = ask(*source, side, depth);
  for (std::size_t i = 0; text && i < going.size(); ++i) {
    const Text what = ask(*going[i], side, depth);
    const Text with = ask(*coming[i], side, depth);
    text = what && with ? replaced_in(*text, *what, *with) : std::nullopt;
  }
  return text;
}

// A form is a text with the names of other inputs in braces: `a {animal} by
// {place}`.
std::optional<GraphTexts::Text> GraphTexts::filled_in(NodeIndex node,
                                                      PromptSide side,
                                                      unsigned depth) {
  const auto inputs = graph_.inputs(node);
  // Each pair of braces asks for all names.
  constexpr std::size_t kMostInputs = 64;
  constexpr std::size_t kMostPairs = 1000;
  if (inputs.size() > kMostInputs) return std::nullopt;
  for (const GraphInput& candidate : inputs) {
    if (!is_text(candidate)) continue;
    const Text form = ask(candidate, side, depth);
    if (!form) continue;
    std::string text;
    bool is_form = false;
    std::size_t from = 0;
    std::size_t pairs_left = kMostPairs;
    for (std::size_t open; (open = form->find('{', from)) != form->npos;) {
      const std::size_t close = form->find('}', open);
      if (close == form->npos) break;
      if (pairs_left-- == 0) {
        is_cut_ = true;
        return Text();
      }
      const std::string_view name =
          std::string_view(*form).substr(open + 1, close - open - 1);
      const auto held = std::find_if(
          inputs.begin(), inputs.end(), [&](const GraphInput& input) {
            return input.name == name && &input != &candidate;
          });
      if (held == inputs.end()) {
        text.append(*form, from, close + 1 - from);
      } else {
        const Text part = ask(*held, side, depth);
        text.append(*form, from, open - from);
        if (!part || !may_make(text.size() + part->size())) return Text();
        text += *part;
        is_form = true;
      }
      from = close + 1;
    }
    if (!is_form) continue;
    text.append(*form, from);
    return text;
  }
  return std::nullopt;
}

}  // namespace sdmeta
