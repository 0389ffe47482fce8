#include "parsers/comfy_faces.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "parsers/comfy_widgets.h"

namespace sdmeta {
namespace {

// Stands for the instance in the list of what it shows.
constexpr std::string_view kInstanceItself = "-1";

// Inputs of a definition that feed a widget inside, in order.
const std::vector<std::int64_t>& widget_inputs(EditorFile& file, Scope& scope) {
  if (scope.widget_inputs) return *scope.widget_inputs;
  std::vector<std::int64_t>& slots = scope.widget_inputs.emplace();
  scope.definition["nodes"].for_each_element([&](JsonValue node) {
    const JsonValue inputs = node["inputs"];
    if (!file.spend(1 + inputs.size())) return;
    inputs.for_each_element([&](JsonValue input) {
      const auto link = input["link"].integer();
      if (!link || !input["widget"]) return;
      const LinkOrigin* origin = scope.link(*link);
      if (origin != nullptr && origin->node == kSubgraphInput)
        slots.push_back(origin->slot);
    });
  });
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

// Where among the widgets of a definition the input of this name stands, if
// there are as many of them as values.
std::optional<std::size_t> place_in_definition(EditorFile& file, Scope& scope,
                                               std::string_view name) {
  const std::vector<std::int64_t>& slots = widget_inputs(file, scope);
  if (slots.size() != scope.values.size() || !file.spend(scope.values.size()))
    return std::nullopt;
  std::size_t place = 0;
  for (const std::int64_t slot : slots) {
    if (slot < 0) return std::nullopt;
    if (scope.definition_input(slot) == name) return place;
    ++place;
  }
  return std::nullopt;
}

// Where `widget` of node `id` stands in the list of what the instance shows.
std::optional<std::size_t> place_in_list(const Scope& scope,
                                         std::string_view id,
                                         std::string_view widget) {
  std::optional<std::size_t> place;
  std::size_t at = 0;
  scope.shown.for_each_element([&](JsonValue entry) {
    if (!place && entry[1].string() == widget) {
      const JsonValue node = entry[0];
      const auto text = node.string();
      if (text ? *text == id : node.text() == id) place = at;
    }
    ++at;
  });
  return place;
}

JsonValue value_at(const Scope& scope, std::size_t place) {
  return place < scope.values.size() ? scope.values[place] : JsonValue();
}

// Where no list says more: values stand in the order of the inputs that have a
// widget, some with a place for what follows a seed.
JsonValue value_in_order(const Scope& scope, std::size_t widgets,
                         std::string_view name) {
  const bool has_controls = scope.values.size() > widgets;
  std::size_t at = 0;
  for (const JsonValue input : scope.inputs) {
    if (!input["widget"]) continue;
    const JsonValue found = value_at(scope, at++);
    if (has_controls && found.is_number() &&
        is_control_value(value_at(scope, at)))
      ++at;
    if (input["name"].string() == name) return found;
  }
  return {};
}

}  // namespace

// Editors of late 2025 list all widgets of the instance in `proxyWidgets`, own
// ones as ["-1", name], and the values in the order of that list; those before
// and after write the values of the inputs that have a widget, in order: of
// those of the definition, where the instance lists only what was wired. Later
// ones write names.
JsonValue shown_value(EditorFile& file, std::size_t number,
                      std::string_view name) {
  Scope& scope = file.scope(number);
  // An outer instance may show it in its place.
  if (const JsonValue outer =
          promoted_value(file, scope.parent, scope.instance_id, name))
    return outer;
  if (const JsonValue named = scope.named_values[name]) return named;
  if (scope.values.empty() ||
      !file.spend(scope.shown.size() + scope.inputs.size()))
    return {};
  if (const auto place = place_in_list(scope, kInstanceItself, name))
    return value_at(scope, *place);
  const auto widgets = static_cast<std::size_t>(
      std::count_if(scope.inputs.begin(), scope.inputs.end(),
                    [](JsonValue input) { return bool(input["widget"]); }));
  if (scope.shown.size() == 0 && scope.values.size() != widgets)
    if (const auto place = place_in_definition(file, scope, name))
      return scope.values[*place];
  return value_in_order(scope, widgets, name);
}

JsonValue promoted_value(EditorFile& file, std::size_t number,
                         std::string_view id, std::string_view widget) {
  if (number == 0) return {};
  const Scope& scope = file.scope(number);
  const std::size_t count = scope.shown.size();
  if (count == 0 || !file.spend(count)) return {};
  const auto place = place_in_list(scope, id, widget);
  return place ? value_at(scope, *place) : JsonValue();
}

}  // namespace sdmeta
