#include "parsers/comfy_links.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "parsers/comfy_faces.h"
#include "parsers/comfy_group_nodes.h"
#include "parsers/comfy_widgets.h"

namespace sdmeta {
namespace {

// Links through reroutes and levels; real ones stay below ten.
constexpr unsigned kMaxSteps = 128;
// A step takes as long as it takes to look at some values.
constexpr std::size_t kWorkOfAStep = 32;

bool is_reroute(std::string_view type) {
  return type == "Reroute" || type == "Reroute (rgthree)";
}

bool is_set_node(std::string_view type) {
  return type == "SetNode" || type == "easy setNode";
}

bool is_get_node(std::string_view type) {
  return type == "GetNode" || type == "easy getNode";
}

}  // namespace

LinkSource LinkResolver::source_of(const EditorNode& node, JsonValue input,
                                   std::int64_t position) {
  const Scope& scope = file_.scope(node.scope);
  if (scope.is_group) {
    const LinkOrigin* origin = group_link(scope, node.position, position);
    return origin != nullptr ? from_origin(node.scope, *origin, 0)
                             : LinkSource{};
  }
  if (const JsonValue link = input["link"])
    return from_link(node.scope, link, 0);
  const LinkOrigin* origin = scope.broadcast(node.local_id, position);
  return origin != nullptr ? from_origin(node.scope, *origin, 0) : LinkSource{};
}

LinkSource LinkResolver::from_link(std::size_t scope, JsonValue link,
                                   unsigned steps) {
  const auto id = link.is_number() ? link.integer() : std::nullopt;
  if (!id || steps > kMaxSteps) return {};
  const LinkOrigin* origin = file_.scope(scope).link(*id);
  return origin != nullptr ? from_origin(scope, *origin, steps + 1)
                           : LinkSource{};
}

LinkSource LinkResolver::from_origin(std::size_t scope,
                                     const LinkOrigin& origin, unsigned steps) {
  if (steps > kMaxSteps || !file_.spend(kWorkOfAStep)) return {};
  if (origin.node == kSubgraphInput && scope != 0)
    return from_instance(scope, origin.slot, steps + 1);
  const EditorNode* node = file_.node_at(scope, origin.node);
  if (node == nullptr || node->mode == NodeMode::kMuted) return {};
  if (node->mode == NodeMode::kBypassed)
    return through_bypassed(*node, origin.slot, steps + 1);
  if (node->inner != 0) {
    const LinkOrigin* inside = file_.scope(node->inner).output(origin.slot);
    return inside != nullptr ? from_origin(node->inner, *inside, steps + 1)
                             : LinkSource{};
  }
  if (is_reroute(node->type) || is_set_node(node->type))
    return from_first_input(*node, steps + 1);
  if (is_get_node(node->type)) {
    const EditorNode* set = setter(*node);
    return set != nullptr ? from_first_input(*set, steps + 1) : LinkSource{};
  }
  LinkSource source;
  if (node->type == "PrimitiveNode") {
    source.value = promoted_value(file_, scope, node->local_id, "value");
    if (!source.value) source.value = node->node["widgets_values"][0];
    return source;
  }
  source.node = node->index;
  source.slot = static_cast<std::int32_t>(
      std::clamp<std::int64_t>(origin.slot, 0, INT32_MAX));
  return source;
}

LinkSource LinkResolver::from_first_input(const EditorNode& node,
                                          unsigned steps) {
  return from_link(node.scope, node.node["inputs"][0]["link"], steps);
}

LinkSource LinkResolver::from_instance(std::size_t scope, std::int64_t slot,
                                       unsigned steps) {
  Scope& inner = file_.scope(scope);
  if (slot < 0) return {};
  const auto position = static_cast<std::size_t>(slot);
  // By name: an instance may list fewer inputs than its definition.
  auto name = inner.definition_input(slot);
  JsonValue input;
  if (name)
    input = inner.input(*name);
  else if (position < inner.inputs.size())
    input = inner.inputs[position];
  if (input["link"]) return from_link(inner.parent, input["link"], steps + 1);
  if (!name) name = input["name"].string();
  LinkSource source;
  if (name) source.value = shown_value(file_, scope, *name);
  return source;
}

// A bypassed node hands on the input of its output's type.
LinkSource LinkResolver::through_bypassed(const EditorNode& node,
                                          std::int64_t slot, unsigned steps) {
  if (slot < 0) return {};
  const auto position = static_cast<std::size_t>(slot);
  const JsonValue all = node.node["inputs"];
  const JsonValue outputs = node.node["outputs"];
  if (!file_.spend(all.size() + outputs.size())) return {};
  const auto type = outputs[position]["type"].string();
  const std::vector<JsonValue> inputs = elements(all);
  const auto fits = [&](JsonValue input) {
    return input["link"] && type &&
           (input["type"].string() == type || *type == "*");
  };
  if (position < inputs.size() && fits(inputs[position]))
    return from_link(node.scope, inputs[position]["link"], steps);
  for (const JsonValue input : inputs)
    if (fits(input)) return from_link(node.scope, input["link"], steps);
  return {};
}

const EditorNode* LinkResolver::setter(const EditorNode& getter) {
  // No scope has this number.
  constexpr std::size_t kAnyScope = SIZE_MAX;
  const auto variable = [](const EditorNode& node) {
    return node.node["widgets_values"][0].string();
  };
  if (!setters_) {
    setters_.emplace();
    for (const EditorNode& node : file_.nodes()) {
      if (!is_set_node(node.type)) continue;
      const auto name = variable(node);
      if (!name) continue;
      setters_->try_emplace({node.scope, *name}, &node);
      setters_->try_emplace({kAnyScope, *name}, &node);
    }
  }
  const auto name = variable(getter);
  if (!name) return nullptr;
  for (const std::size_t scope : {getter.scope, kAnyScope})
    if (const auto found = setters_->find({scope, *name});
        found != setters_->end())
      return found->second;
  return nullptr;
}

}  // namespace sdmeta
