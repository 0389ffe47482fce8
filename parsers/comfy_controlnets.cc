#include "parsers/comfy_controlnets.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "parsers/comfy_stacks.h"
#include "parsers/comfy_walk_parts.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// What the inputs of one number hold.
struct Slot {
  const GraphInput* net = nullptr;
  const GraphInput* strength = nullptr;
  const GraphInput* start = nullptr;
  const GraphInput* end = nullptr;
  const GraphInput* image = nullptr;
  const GraphInput* on = nullptr;
};

// `controlnet_2`, `controlnet_strength_2`, `start_percent_2`, `switch_2`: the
// number, and which part of a slot the other words name.
struct SlotName {
  std::uint32_t number = 0;
  const GraphInput* Slot::*part = nullptr;
};

std::optional<SlotName> slot_name(std::string_view name) {
  bool is_net = false;
  bool is_strange = false;
  std::optional<std::uint32_t> number;
  const GraphInput* Slot::*part = nullptr;
  const bool is_plain = each_word(name, [&](std::string_view word) {
    const auto is = [&](std::initializer_list<std::string_view> words) {
      return std::find(words.begin(), words.end(), word) != words.end();
    };
    const auto name_part = [&](const GraphInput* Slot::*named) {
      is_strange = is_strange || part != nullptr;
      part = named;
    };
    if (is_digit(word[0])) {
      is_strange = is_strange || number.has_value();
      number = number_in<std::uint32_t>(word);
      is_strange = is_strange || !number;
    } else if (is({"controlnet", "control", "net", "cnet", "cn"})) {
      is_net = true;
    } else if (is({"strength", "weight"})) {
      name_part(&Slot::strength);
    } else if (is({"start"})) {
      name_part(&Slot::start);
    } else if (is({"end"})) {
      name_part(&Slot::end);
    } else if (is({"image", "img"})) {
      name_part(&Slot::image);
    } else if (is({"switch", "toggle", "on", "enable", "enabled", "active"})) {
      name_part(&Slot::on);
    } else if (!is({"name", "model", "percent", "at"})) {
      is_strange = true;
    }
  });
  if (!is_plain || is_strange || !number || (part == nullptr && !is_net))
    return std::nullopt;
  return SlotName{*number, part == nullptr ? &Slot::net : part};
}

std::optional<double> number_of(GraphValues& values, const GraphInput* input,
                                NodeField field) {
  return input == nullptr ? std::nullopt
                          : values.value_of(*input, field).number();
}

// What prepared the picture. One class of controlnet_aux runs whichever is
// named.
std::optional<std::string> preprocessor(const GraphValues& values,
                                        const GraphInput* image) {
  if (image == nullptr || !image->is_link()) return std::nullopt;
  const std::string_view maker = values.graph().node(image->node).class_type;
  if (const GraphInput* chosen =
          values.input_named(image->node, "preprocessor")) {
    if (chosen->is_link()) return std::nullopt;
    if (const auto name = chosen->value.string())
      return is_no_name(*name) ? std::nullopt
                               : std::optional(std::string(*name));
  }
  if (contains_ignoring_case(maker, "preprocessor") || maker == "Canny")
    return std::string(maker);
  return std::nullopt;
}

void add(GraphValues& values, const Slot& slot, ControlNet net,
         std::vector<ControlNet>& nets) {
  if (net.weight && std::fabs(*net.weight) < kLeastStrength) return;
  if (slot.net != nullptr) {
    const auto name =
        values.value_of(*slot.net, NodeField::kControlNetName).string();
    if (name && is_no_name(*name)) return;
    if (name) net.model = std::string(*name);
  }
  net.module = preprocessor(values, slot.image);
  nets.push_back(std::move(net));
}

// A node nobody listed that gets or names a net and says how strong it is.
bool applies_by_shape(const GraphValues& values, NodeIndex node) {
  if (values.role(node) != NodeRole::kUnknown) return false;
  const auto has = [&](std::string_view name) {
    return values.input_named(node, name) != nullptr;
  };
  return (has("control_net") || has("control_net_name")) && has("strength");
}

void add_applied(GraphValues& values, NodeIndex node,
                 std::vector<ControlNet>& nets) {
  Slot slot;
  if ((values.graph().node(node).kind->own_fields &
       field_bit(NodeField::kControlNetName)) != 0)
    slot.net = values.input(node, NodeField::kControlNetName);
  for (const std::string_view name :
       {"control_net", "control_net_name", "model_patch"})
    if (slot.net == nullptr) slot.net = values.input_named(node, name);
  for (const std::string_view name :
       {"image", "control_image", "cond_image", "images", "control_images"})
    if (slot.image == nullptr) slot.image = values.input_named(node, name);
  ControlNet net;
  net.weight = values.value(node, NodeField::kStrength).number();
  net.start = values.value(node, NodeField::kStart).number();
  net.end = values.value(node, NodeField::kEnd).number();
  add(values, slot, std::move(net), nets);
}

void add_numbered(GraphValues& values, NodeIndex node,
                  std::vector<ControlNet>& nets) {
  std::map<std::uint32_t, Slot> slots;
  for (const GraphInput& input : values.graph().inputs(node))
    if (const auto name = slot_name(input.name))
      slots[name->number].*(name->part) = &input;
  const bool have_images =
      std::any_of(slots.begin(), slots.end(), [](const auto& slot) {
        return slot.second.net != nullptr && slot.second.image != nullptr;
      });
  std::optional<std::int64_t> count;
  for (const std::string_view name : {"num_controlnet", "controlnet_count"})
    if (const GraphInput* input = values.input_named(node, name);
        input != nullptr && !count)
      count = values.value_of(*input, NodeField::kValue).integer();
  // Easy-Use: in simple mode start and end are left over from the advanced one.
  const GraphInput* mode = values.input_named(node, "mode");
  const bool is_simple =
      mode != nullptr && (mode->is_link() || mode->value.string() == "simple");
  for (const auto& [number, slot] : slots) {
    if (count && number > *count) break;
    if (slot.net == nullptr || (have_images && slot.image == nullptr)) continue;
    // Of links, those that go with a strength: switches have numbers too.
    if (slot.net->is_link() ? slot.strength == nullptr
                            : !plain_value(slot.net->value).is_string())
      continue;
    if (slot.on != nullptr && is_off(plain_value(slot.on->value))) continue;
    ControlNet net;
    net.weight = number_of(values, slot.strength, NodeField::kStrength);
    if (!is_simple) {
      net.start = number_of(values, slot.start, NodeField::kStart);
      net.end = number_of(values, slot.end, NodeField::kEnd);
    }
    add(values, slot, std::move(net), nets);
  }
}

bool is_switched_off(const GraphValues& values, NodeIndex node) {
  return std::any_of(kNodeSwitches.begin(), kNodeSwitches.end(),
                     [&](std::string_view name) {
                       const GraphInput* input = values.input_named(node, name);
                       return input != nullptr && !input->is_link() &&
                              is_off(plain_value(input->value));
                     });
}

const GraphInput* stack_handed(const GraphValues& values, NodeIndex node) {
  for (const GraphInput& input : values.graph().inputs(node))
    for (const std::string_view name :
         {"controlnet_stack", "control_net_stack", "cnet_stack"})
      if (input.is_link() && input.name.ends_with(name)) return &input;
  return nullptr;
}

bool numbers_nets(const GraphValues& values, NodeIndex node) {
  if (values.role(node) == NodeRole::kSwitch) return false;
  const auto inputs = values.graph().inputs(node);
  return std::any_of(inputs.begin(), inputs.end(), [](const GraphInput& input) {
    if (!input.name.starts_with("control") && !input.name.starts_with("cn"))
      return false;
    const auto name = slot_name(input.name);
    return name && name->part == &Slot::net;
  });
}

// Most nodes are not asked any further.
bool concerns_nets(const GraphValues& values, NodeIndex node) {
  if (values.role(node) == NodeRole::kControlNet) return true;
  const auto inputs = values.graph().inputs(node);
  return std::any_of(inputs.begin(), inputs.end(), [](const GraphInput& input) {
    return input.name.starts_with("control") || input.name.starts_with("cn") ||
           input.name.ends_with("_stack");
  });
}

}  // namespace

void collect_controlnets(GraphValues& values, std::span<const NodeIndex> nodes,
                         std::vector<ControlNet>& nets) {
  std::vector<NodeIndex> concerned;
  for (const NodeIndex node : nodes)
    if (concerns_nets(values, node)) concerned.push_back(node);
  std::unordered_set<NodeIndex> idle;
  for (const NodeIndex node : concerned) {
    if (!is_switched_off(values, node)) continue;
    const GraphInput* stack = stack_handed(values, node);
    while (stack != nullptr && idle.insert(stack->node).second)
      stack = stack_handed(values, stack->node);
  }
  for (auto node = concerned.rbegin(); node != concerned.rend(); ++node) {
    if (idle.contains(*node) || is_switched_off(values, *node)) continue;
    if (numbers_nets(values, *node))
      add_numbered(values, *node, nets);
    else if (values.role(*node) == NodeRole::kControlNet ||
             applies_by_shape(values, *node))
      add_applied(values, *node, nets);
  }
}

}  // namespace sdmeta
