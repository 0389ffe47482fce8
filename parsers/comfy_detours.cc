// The detours that a value can make in a graph: a variable that is set and got,
// a bus, a switch, a node that holds nothing but a constant. Links lead past
// them, before anybody follows one.
#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/comfy_graph.h"
#include "parsers/comfy_values.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// The key, what is set, and some more.
constexpr std::size_t kMaxInputsOfSetter = 6;

// Inputs looked at for what leaves buses; they may go in circles.
constexpr std::size_t kMaxLooksAtBuses = 1 << 18;

bool is_pipe(const NodeKind& kind, std::string_view name) {
  for (std::string_view pipes = spec_of(kind, "pipe"); !pipes.empty();)
    if (next_item(pipes) == name) return true;
  return false;
}

// Lists stay where they are: many may be handed one, and each reads all of it.
bool is_list(const GraphInput& input) {
  return !input.is_link() &&
         (input.value.is_array() || input.value.is_object());
}

}  // namespace

void Graph::shorten_links() {
  static constexpr NodeKind kSwitchByShape{{}, NodeRole::kSwitch, {}};
  bool has_getters = false;
  bool has_channels = false;
  bool has_constants = false;
  bool has_switches = false;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    GraphNode& held_by = nodes_[i];
    has_channels = has_channels || held_by.kind->has_channels;
    const auto node = static_cast<NodeIndex>(i);
    if (held_by.input_count == 1 && constant_in(node) != nullptr)
      has_constants = true;
    has_switches = has_switches || held_by.kind->role == NodeRole::kSwitch;
    if (held_by.kind->role != NodeRole::kUnknown) continue;
    if (is_switch_by_shape(held_by.class_type, inputs(node))) {
      held_by.kind = &kSwitchByShape;
      has_switches = true;
    }
    has_getters = has_getters || variable_got(node) != nullptr;
  }
  if (has_getters) link_variables();
  // Buses go through switches more often than what a switch is set to through a
  // bus.
  if (has_switches) lead_past_switches();
  if (has_channels) link_channels();
  if (has_constants) take_in_constants();
}

// The value of a node that is nothing but a number, a flag or a text. A seed is
// named: it is no steps, no width.
const GraphInput* Graph::constant_in(NodeIndex index) const {
  const GraphNode& held_by = node(index);
  const NodeRole role = held_by.kind->role;
  if (held_by.input_count != 1 ||
      (role != NodeRole::kNumber && role != NodeRole::kText &&
       role != NodeRole::kUnknown))
    return nullptr;
  const GraphInput& held = inputs_[held_by.first_input];
  // A class nobody listed may make another text of its own: models,
  // translators.
  const bool is_text = role != NodeRole::kUnknown && held.value.is_string();
  if (held.is_link() ||
      !(held.value.is_number() || held.value.is_bool() || is_text))
    return nullptr;
  const FieldSet fields = usual_fields(held.name);
  return (fields & field_bit(NodeField::kValue)) != 0 &&
                 (fields & field_bit(NodeField::kSeed)) == 0
             ? &held
             : nullptr;
}

// What switches, relays and classes nobody listed are, and what they hand on,
// is told by their links.
bool Graph::may_hold(const GraphNode& user, const JsonValue& constant) {
  const NodeRole role = user.kind->role;
  if (role == NodeRole::kUnknown)
    return user.input_count > 1 && !constant.is_string();
  return role != NodeRole::kSwitch && role != NodeRole::kPass;
}

// A constant is as good as written where it is used.
void Graph::take_in_constants() {
  for (const GraphNode& user : nodes_) {
    for (GraphInput& input :
         std::span(inputs_).subspan(user.first_input, user.input_count)) {
      const GraphInput* held =
          input.is_link() ? constant_in(input.node) : nullptr;
      if (held == nullptr || !may_hold(user, held->value)) continue;
      input.value = held->value;
      input.node = kNoNode;
    }
  }
}

// The key of a node that only says which variable it gets.
const GraphInput* Graph::variable_got(NodeIndex index) const {
  const auto is_link = [](const GraphInput& input) { return input.is_link(); };
  const auto all = inputs(index);
  if (std::any_of(all.begin(), all.end(), is_link)) return nullptr;
  const std::string_view name = node(index).class_type;
  if (!contains_any_ignoring_case(name, {"get", "retrieve", "recall"}))
    return nullptr;
  const GraphInput* key = nullptr;
  for (const GraphInput& input : all)
    for (const std::string_view word :
         {"key", "name", "variable", "variable_name", "var_name", "constant"})
      if (equal_ignoring_case(input.name, word) && input.value.is_string())
        key = &input;
  return key;
}

// Nodes that set variables have the key under the same name, and a link.
void Graph::link_variables() {
  std::map<std::pair<std::string_view, std::string_view>, const GraphInput*>
      set;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const auto all = inputs(static_cast<NodeIndex>(i));
    const auto link = std::find_if(all.begin(), all.end(),
                                   [](const auto& in) { return in.is_link(); });
    if (link == all.end() || all.size() > kMaxInputsOfSetter) continue;
    for (const GraphInput& input : all)
      if (!input.is_link() && input.value.is_string())
        set.try_emplace({input.name, *input.value.string()}, &*link);
  }
  for (GraphInput& input : inputs_) {
    if (!input.is_link()) continue;
    const GraphInput* key = variable_got(input.node);
    if (key == nullptr) continue;
    const auto found = set.find({key->name, *key->value.string()});
    if (found == set.end()) continue;
    input.node = found->second->node;
    input.slot = found->second->slot;
  }
}

// What goes into a bus under a name: the newest where several are in a row.
const GraphInput* Graph::channel(NodeIndex index, std::string_view name,
                                 std::size_t& looks_left) const {
  while (node(index).kind->has_channels) {
    const GraphInput* bus = nullptr;
    for (const GraphInput& input : inputs(index)) {
      if (looks_left == 0) return nullptr;
      --looks_left;
      if (input.name == name) return &input;
      if (input.is_link() && is_pipe(*node(index).kind, input.name))
        bus = &input;
    }
    if (bus == nullptr) return nullptr;
    index = bus->node;
  }
  return nullptr;
}

void Graph::link_channels() {
  std::size_t looks_left = kMaxLooksAtBuses;
  for (GraphInput& input : inputs_)
    while (input.is_link() && node(input.node).kind->has_channels) {
      const std::string_view name =
          output_name(*node(input.node).kind, input.slot);
      const GraphInput* source =
          name == "-" ? nullptr : channel(input.node, name, looks_left);
      if (source == nullptr || is_list(*source)) break;
      input.value = source->value;
      input.node = source->node;
      input.slot = source->slot;
    }
}

// A link to a switch is one to the branch that it takes, where that is certain.
// Not so for those with outputs of several kinds, nor for a constant between
// two switches: what a switch is may be told by its links.
void Graph::lead_past_switches() {
  constexpr unsigned kMostInARow = 16;
  GraphValues values(*this, limits_);
  std::vector<const GraphInput*> taken(nodes_.size(), nullptr);
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].kind->role == NodeRole::kSwitch &&
        spec_of(*nodes_[i].kind, "outputs").empty())
      taken[i] = values.selected(static_cast<NodeIndex>(i));
  for (const GraphNode& user : nodes_)
    for (GraphInput& input :
         std::span(inputs_).subspan(user.first_input, user.input_count))
      for (unsigned i = 0; input.is_link() && i < kMostInARow; ++i) {
        const GraphInput* branch = taken[static_cast<std::size_t>(input.node)];
        if (branch == nullptr || is_list(*branch) ||
            (!branch->is_link() && user.kind->role == NodeRole::kSwitch))
          break;
        input.value = branch->value;
        input.node = branch->node;
        input.slot = branch->slot;
      }
}

}  // namespace sdmeta
