// Which of its inputs a switch hands on: by its row, or by the shape of one
// that has none.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>

#include "parsers/comfy_stacks.h"
#include "parsers/comfy_values.h"
#include "parsers/name_index.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

bool is_capital(char c) { return c != to_lower(c); }

// on_true, IF_FALSE, trueValue hold `true` and `false` as words. Every input of
// every node without a row is asked, so the first letter decides first.
bool has_word(std::string_view name, std::string_view word) {
  for (std::size_t at = 0; at + word.size() <= name.size(); ++at) {
    if ((name[at] | 0x20) != word[0] ||
        !starts_with_ignoring_case(name.substr(at), word))
      continue;
    const std::size_t end = at + word.size();
    const bool begins =
        at == 0 || !is_letter(name[at - 1]) || is_capital(name[at]);
    const bool ends =
        end == name.size() || !is_letter(name[end]) || is_capital(name[end]);
    if (begins && ends) return true;
  }
  return false;
}

const GraphInput* find_word(std::span<const GraphInput> inputs,
                            std::string_view word) {
  const auto found = std::find_if(
      inputs.begin(), inputs.end(),
      [word](const GraphInput& input) { return has_word(input.name, word); });
  return found == inputs.end() ? nullptr : &*found;
}

constexpr auto kConditionNames = std::to_array<std::string_view>(
    {"boolean", "bool", "switch", "condition", "cond", "if_condition", "select",
     "value", "any", "boolean_value", "toggle", "enabled", "on", "use_true",
     "input"});

constexpr auto kIndexNames = std::to_array<std::string_view>(
    {"index", "idx", "select", "selected", "selector", "selection", "switch",
     "choice", "choose", "input", "select_input", "input_select", "number",
     "selected_index", "switch_index", "active", "which"});

bool is_condition_name(std::string_view name) {
  static const KeyIndex index(kConditionNames, std::identity());
  return index.find(name) != nullptr;
}

// Every input of every node without a row is asked.
bool is_index_name(std::string_view name) {
  static const KeyIndex index(kIndexNames, std::identity());
  return index.find(name) != nullptr;
}

struct Numbered {
  std::string_view stem;
  std::int64_t number = 0;
};

std::optional<Numbered> numbered(std::string_view name) {
  std::size_t digits = name.size();
  while (digits > 0 && is_digit(name[digits - 1])) --digits;
  const auto number = number_in<std::int64_t>(name.substr(digits));
  if (digits == 0 || !number) return std::nullopt;
  return Numbered{name.substr(0, digits), *number};
}

// The parts of a switch that nobody listed.
struct Shape {
  const GraphInput* chooser = nullptr;
  const GraphInput* on_true = nullptr;
  const GraphInput* on_false = nullptr;
  std::string_view stem;   // of numbered branches
  bool has_cases = false;  // case_1 is what is chosen for input_1
  bool is_by_name = false;

  bool is_pair() const { return on_true != nullptr && on_false != nullptr; }
  bool is_list() const { return !stem.empty(); }
};

std::optional<Shape> shape_of(std::span<const GraphInput> inputs) {
  Shape shape;
  shape.on_true = find_word(inputs, "true");
  if (shape.on_true != nullptr) shape.on_false = find_word(inputs, "false");
  if (shape.is_pair()) {
    for (const GraphInput& input : inputs)
      if (&input != shape.on_true && &input != shape.on_false &&
          is_condition_name(input.name))
        shape.chooser = &input;
    if (shape.chooser == nullptr) return std::nullopt;
    return shape;
  }
  const GraphInput* condition = nullptr;  // of cases: LayerStyle, design-ai
  for (const GraphInput& input : inputs)
    if (is_index_name(input.name) &&
        (input.is_link() || input.value.integer() || input.value.is_string()))
      shape.chooser = &input;
    else if (input.name == "switch_condition")
      condition = &input;
  if (shape.chooser == nullptr && condition != nullptr) {
    shape.chooser = condition;
    shape.has_cases = std::any_of(
        inputs.begin(), inputs.end(),
        [](const GraphInput& input) { return input.name == "case_1"; });
    if (shape.has_cases) return shape;
  }
  if (shape.chooser == nullptr) return std::nullopt;
  const auto chosen = shape.chooser->value.string();
  std::size_t branches = 0;
  for (const GraphInput& input : inputs) {
    if (!input.is_link() || &input == shape.chooser) continue;
    shape.is_by_name = shape.is_by_name || input.name == chosen;
    const auto branch = numbered(input.name);
    if (!branch) continue;
    if (shape.stem.empty()) shape.stem = branch->stem;
    if (shape.stem == branch->stem) ++branches;
  }
  if (branches == 0 && !shape.is_by_name) return std::nullopt;
  return shape;
}

}  // namespace

bool is_switch_by_shape(std::string_view class_type,
                        std::span<const GraphInput> inputs) {
  const auto shape = shape_of(inputs);
  if (!shape) return false;
  if (shape->is_pair() || shape->has_cases) return true;
  // Stacks have numbered inputs and numbers too; a switch says what it is.
  return contains_any_ignoring_case(
      class_type, {"switch", "select", "choose", "choice", "chooser", "router",
                   "mux", "index", "pick"});
}

// The input of the first case that is what was chosen, else the one for all
// others.
const GraphInput* GraphValues::selected_case(NodeIndex node,
                                             JsonValue choice) const {
  const auto chosen = choice.string();
  if (!chosen) return nullptr;
  std::unordered_map<std::int64_t, const GraphInput*> branches;
  for (const GraphInput& input : graph_.inputs(node))
    if (const auto it = numbered(input.name); it && it->stem == "input_")
      branches.emplace(it->number, &input);
  for (const GraphInput& input : graph_.inputs(node)) {
    const auto it = numbered(input.name);
    if (!it || it->stem != "case_" || input.value.string() != chosen) continue;
    const auto branch = branches.find(it->number);
    if (branch != branches.end()) return branch->second;
  }
  return input_named(node, "input_default");
}

const GraphInput* GraphValues::selected_by_shape(NodeIndex node) {
  const auto shape = shape_of(graph_.inputs(node));
  if (!shape) return nullptr;
  const JsonValue choice = value_apart(*shape->chooser);
  if (shape->is_pair()) {
    auto on = switched(choice);
    if (!on && choice.is_number()) on = choice.number() != 0.0;
    if (on) return *on ? shape->on_true : shape->on_false;
    return nullptr;
  }
  if (shape->has_cases) return selected_case(node, choice);
  if (const auto name = choice.string()) return input_named(node, *name);
  const auto index = choice.integer();
  for (const GraphInput& input : graph_.inputs(node)) {
    const auto branch = numbered(input.name);
    if (branch && branch->stem == shape->stem && branch->number == index)
      return &input;
  }
  return nullptr;
}

const GraphInput* GraphValues::selected(NodeIndex node) {
  const NodeKind& kind = *graph_.node(node).kind;
  if (kind.spec.empty()) return selected_by_shape(node);
  const std::string_view first = spec_of(kind, "first");
  std::string_view branches = spec_of(kind, "branches");
  std::string_view select = spec_of(kind, "select");
  bool is_open = false;
  if (!select.empty()) {
    std::optional<std::int64_t> index;
    const GraphInput* chooser = nullptr;
    while (chooser == nullptr && !select.empty())
      chooser = input_named(node, next_item(select));
    if (chooser != nullptr) {
      const JsonValue choice = value_apart(*chooser);
      if (const auto name = choice.string())
        for (std::string_view rest = branches; !rest.empty();)
          if (next_item(rest) == *name) return input_named(node, *name);
      if (const auto on = choice.boolean())
        index = *on ? 1 : 0;
      else
        index = choice.integer();
      if (index && first != "0" && first != "bool") *index -= 1;
    }
    std::string_view names = branches;
    for (std::int64_t i = 0; index && !names.empty(); ++i) {
      const std::string_view name = next_item(names);
      if (i == *index) return input_named(node, name);
    }
    is_open = chooser != nullptr;
  }
  // Without a choice: the first branch that is connected. A choice that the
  // graph does not hold leaves only a single branch certain.
  const GraphInput* linked = nullptr;
  const GraphInput* literal = nullptr;
  while (!branches.empty()) {
    const GraphInput* branch = input_named(node, next_item(branches));
    if (branch == nullptr || (!branch->is_link() && !branch->value)) continue;
    if (is_open && (linked != nullptr || literal != nullptr)) return nullptr;
    const GraphInput*& first_of = branch->is_link() ? linked : literal;
    if (first_of == nullptr) first_of = branch;
  }
  return linked != nullptr ? linked : literal;
}

}  // namespace sdmeta
