#include "parsers/comfy_scopes.h"

#include <algorithm>
#include <string>

#include "parsers/comfy_group_nodes.h"
#include "parsers/comfy_widgets.h"
#include "parsers/sorted_pairs.h"

namespace sdmeta {
namespace {

// Subgraphs in subgraphs; real ones stay below ten.
constexpr unsigned kMaxNesting = 16;
constexpr std::size_t kMaxInstances = 2048;

// Virtual node of a subgraph: what it gives.
constexpr std::string_view kSubgraphOutput = "-20";

}  // namespace

const LinkOrigin* Scope::link(std::int64_t id) const {
  return find_sorted(links, id);
}

const LinkOrigin* Scope::output(std::int64_t slot) const {
  return find_sorted(outputs, slot);
}

const LinkOrigin* Scope::broadcast(std::string_view node,
                                   std::int64_t input) const {
  return find_sorted(broadcasts, std::pair(node, input));
}

JsonValue Scope::input(std::string_view name) const {
  // The last of this name, where there are several.
  const auto after =
      std::upper_bound(inputs_by_name.begin(), inputs_by_name.end(), name,
                       [](std::string_view key, const auto& entry) {
                         return key < entry.first;
                       });
  if (after == inputs_by_name.begin() || std::prev(after)->first != name)
    return {};
  return inputs[std::prev(after)->second];
}

std::optional<std::string_view> Scope::definition_input(
    std::int64_t slot) const {
  const auto position = static_cast<std::size_t>(slot);
  if (slot < 0 || position >= definition_inputs.size()) return std::nullopt;
  return definition_inputs[position]["name"].string();
}

EditorFile::EditorFile(JsonValue workflow, const Limits& limits,
                       std::vector<Error>& notes, Graph& strings)
    : limits_(limits),
      notes_(notes),
      strings_(strings),
      work_left_(limits.max_workflow_values) {
  index_definitions(workflow);
  scopes_.push_back({});
  scopes_[0].definition = workflow;
  read(0, 0);
  index_nodes();
}

bool EditorFile::spend(std::size_t values) {
  if (values < work_left_) {
    work_left_ -= values;
    return true;
  }
  if (work_left_ != 0)
    notes_.push_back({ErrorCode::kGraphTooLarge,
                      "nodes and links of the workflow take more than " +
                          std::to_string(limits_.max_workflow_values) + " steps",
                      std::nullopt});
  work_left_ = 0;
  return false;
}

// Subgraphs are a list with ids. Before them, group nodes were `workflow>name`
// (earlier `workflow/name`), with their contents under extra.groupNodes.
void EditorFile::index_definitions(JsonValue workflow) {
  workflow["definitions"]["subgraphs"].for_each_element(
      [&](JsonValue definition) {
        if (const auto id = definition["id"].string())
          definitions_.emplace_back(*id, definition);
      });
  workflow["extra"]["groupNodes"].for_each_member([&](std::string_view name,
                                                      JsonValue definition) {
    for (const std::string_view prefix : {"workflow>", "workflow/"})
      definitions_.emplace_back(
          strings_.keep(std::string(prefix) + std::string(name)), definition);
  });
  sort_by_key(definitions_);
}

JsonValue EditorFile::definition_of(std::string_view type) const {
  const JsonValue* found = find_sorted(definitions_, type);
  return found != nullptr ? *found : JsonValue();
}

std::size_t EditorFile::open_instance(std::size_t scope, JsonValue node,
                                      std::string_view id, JsonValue definition,
                                      unsigned depth) {
  Scope inner;
  inner.parent = scope;
  inner.definition = definition;
  inner.is_group = definition["id"].is_missing();
  inner.instance_id = id;
  inner.shown = node["properties"]["proxyWidgets"];
  inner.named_values = node["widgets_values_named"];
  const JsonValue values = node["widgets_values"];
  const JsonValue inputs = node["inputs"];
  const JsonValue definition_inputs = definition["inputs"];
  if (spend(values.size() + inputs.size() + definition_inputs.size())) {
    if (values.is_object())
      inner.named_values = values;
    else
      inner.values = elements(values);
    inner.inputs = elements(inputs);
    inner.definition_inputs = elements(definition_inputs);
  }
  for (std::size_t i = 0; i < inner.inputs.size(); ++i)
    if (const auto name = inner.inputs[i]["name"].string())
      inner.inputs_by_name.emplace_back(*name, i);
  std::sort(inner.inputs_by_name.begin(), inner.inputs_by_name.end());
  std::string prefix(scopes_[scope].prefix);
  prefix += id;
  prefix += ':';
  inner.prefix = strings_.keep(std::move(prefix));
  scopes_.push_back(std::move(inner));
  const std::size_t opened = scopes_.size() - 1;
  read(opened, depth + 1);
  return opened;
}

void EditorFile::read(std::size_t scope, unsigned depth) {
  Scope& into = scopes_[scope];
  if (into.is_group) {
    read_group_node(into, *this, strings_);
  } else {
    read_links(into);
    read_broadcasts(into);
  }
  const JsonValue nodes = into.definition["nodes"];
  if (is_cut_ || !spend(nodes.size())) return;
  std::int64_t position = 0;
  nodes.for_each_element([&](JsonValue node) {
    if (has_room() && spend(node.size()))
      add_node(scope, depth, node, position++);
  });
}

bool EditorFile::has_room() {
  if (nodes_.size() < limits_.max_graph_nodes) return true;
  if (!is_cut_)
    notes_.push_back({ErrorCode::kGraphTooLarge,
                      "workflow has more than " +
                          std::to_string(limits_.max_graph_nodes) + " nodes",
                      std::nullopt});
  is_cut_ = true;
  return false;
}

void EditorFile::add_node(std::size_t scope, unsigned depth, JsonValue node,
                          std::int64_t position) {
  EditorNode added;
  added.scope = scope;
  added.position = position;
  added.local_id = scopes_[scope].is_group
                       ? strings_.keep(std::to_string(position))
                       : id_text(node["id"]);
  added.type = node["type"].string().value_or("");
  added.node = node;
  const auto mode = node["mode"].integer().value_or(0);
  if (mode == 2)
    added.mode = NodeMode::kMuted;
  else if (mode == 4)
    added.mode = NodeMode::kBypassed;
  if (added.type.empty()) return;
  const std::size_t at = nodes_.size();
  nodes_.push_back(added);
  if (added.mode != NodeMode::kActive || depth >= kMaxNesting ||
      scopes_.size() > kMaxInstances)
    return;
  if (const JsonValue inner = definition_of(added.type)) {
    const std::size_t opened =
        open_instance(scope, node, added.local_id, inner, depth);
    nodes_[at].inner = opened;
  }
}

void EditorFile::read_links(Scope& into) {
  const JsonValue links = into.definition["links"];
  if (!spend(links.size() * kWorkOfALink)) return;
  links.for_each_element([&](JsonValue link) {
    std::optional<std::int64_t> id;
    std::string_view target;
    std::int64_t target_slot = 0;
    LinkOrigin origin;
    if (link.is_array()) {
      const std::vector<JsonValue> parts = elements(link);
      if (parts.size() < 5) return;
      id = parts[0].integer();
      origin.node = id_text(parts[1]);
      origin.slot = parts[2].integer().value_or(0);
      target = id_text(parts[3]);
      target_slot = parts[4].integer().value_or(0);
    } else {
      id = link["id"].integer();
      origin.node = id_text(link["origin_id"]);
      origin.slot = link["origin_slot"].integer().value_or(0);
      target = id_text(link["target_id"]);
      target_slot = link["target_slot"].integer().value_or(0);
    }
    if (!id) return;
    into.links.emplace_back(*id, origin);
    if (target == kSubgraphOutput)
      into.outputs.emplace_back(target_slot, origin);
  });
  sort_by_key(into.links);
  sort_by_key(into.outputs);
}

// cg-use-everywhere, https://github.com/chrisgoringe/cg-use-everywhere: inputs
// without a link get one from whatever broadcasts their type; the extension
// keeps the list of them beside the graph.
void EditorFile::read_broadcasts(Scope& into) {
  const JsonValue links = into.definition["extra"]["ue_links"];
  if (!spend(links.size() * kWorkOfALink)) return;
  links.for_each_element([&](JsonValue link) {
    const auto input = link["downstream_slot"].integer();
    if (!input) return;
    LinkOrigin origin;
    origin.node = id_text(link["upstream"]);
    origin.slot = link["upstream_slot"].integer().value_or(0);
    into.broadcasts.emplace_back(std::pair(id_text(link["downstream"]), *input),
                                 origin);
  });
  sort_by_key(into.broadcasts);
}

void EditorFile::index_nodes() {
  by_id_.reserve(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    by_id_.emplace_back(std::pair(nodes_[i].scope, nodes_[i].local_id), i);
  std::sort(by_id_.begin(), by_id_.end());
}

const EditorNode* EditorFile::node_at(std::size_t scope,
                                      std::string_view id) const {
  const std::size_t* position = find_sorted(by_id_, std::pair(scope, id));
  return position != nullptr ? &nodes_[*position] : nullptr;
}

std::string_view EditorFile::id_text(JsonValue id) {
  if (const auto text = id.string()) return *text;
  return strings_.keep(id.text());
}

}  // namespace sdmeta
