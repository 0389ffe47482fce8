#include "parsers/comfy_workflow.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "parsers/comfy_faces.h"
#include "parsers/comfy_group_nodes.h"
#include "parsers/comfy_links.h"
#include "parsers/comfy_scopes.h"
#include "parsers/comfy_widgets.h"

namespace sdmeta {
namespace {

// Nodes that the editor resolves or that only its user looks at; none is
// queued.
bool is_editor_only(std::string_view type) {
  constexpr std::array<std::string_view, 19> kTypes = {
      "Reroute",
      "Reroute (rgthree)",
      "Note",
      "MarkdownNote",
      "PrimitiveNode",
      "GetNode",
      "SetNode",
      "easy getNode",
      "easy setNode",
      "Label (rgthree)",
      "Bookmark (rgthree)",
      "Fast Muter (rgthree)",
      "Fast Bypasser (rgthree)",
      "Fast Groups Muter (rgthree)",
      "Fast Groups Bypasser (rgthree)",
      "Fast Actions Button (rgthree)",
      "Mute / Bypass Relay (rgthree)",
      "Mute / Bypass Repeater (rgthree)",
      "Random Unmuter (rgthree)"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

// Names of inputs that have a source, sorted.
using Names = std::vector<std::string_view>;

Names add_links(const EditorNode& node, EditorFile& file, LinkResolver& links,
                Graph& graph) {
  Names linked;
  std::int64_t position = 0;
  node.node["inputs"].for_each_element([&](JsonValue input) {
    const auto name = input["name"].string();
    const std::int64_t at = position++;
    if (!name) return;
    LinkSource source = links.source_of(node, input, at);
    // A link that leads nowhere leaves the widget its value.
    if (!source.is_found()) return;
    if (source.node == kNoNode)
      if (const JsonValue shown =
              promoted_value(file, node.scope, node.local_id, *name))
        source.value = shown;
    linked.push_back(*name);
    graph.add_input(*name, source.value, source.node, source.slot);
  });
  std::sort(linked.begin(), linked.end());
  return linked;
}

void add_widgets(const EditorNode& node, const Names& linked, EditorFile& file,
                 Graph& graph) {
  std::span<const JsonValue> shown;
  if (const Scope& scope = file.scope(node.scope); scope.is_group)
    shown = group_values(scope, static_cast<std::size_t>(node.position));
  for (const Widget& widget :
       named_widgets(node.node, node.type, graph, shown)) {
    if (std::binary_search(linked.begin(), linked.end(), widget.name)) continue;
    JsonValue value =
        promoted_value(file, node.scope, node.local_id, widget.name);
    if (!value) value = widget.value;
    if (!graph.add_state(widget.name, value))
      graph.add_input(widget.name, value);
  }
  node.node["properties"].for_each_member(
      [&](std::string_view name, JsonValue value) {
        graph.add_state(name, value);
      });
}

void add_node(const EditorNode& node, EditorFile& file, LinkResolver& links,
              Graph& graph) {
  std::string id(file.scope(node.scope).prefix);
  id += node.local_id;
  graph.add_node(graph.keep(std::move(id)), node.type,
                 node.node["title"].string().value_or(""));
  if (!file.spend(node.node["inputs"].size() +
                  node.node["widgets_values"].size()))
    return;
  const Names linked = add_links(node, file, links, graph);
  add_widgets(node, linked, file, graph);
}

}  // namespace

bool is_workflow(JsonValue value) {
  return value["nodes"].is_array() && value["links"].is_array();
}

Graph read_workflow(JsonValue workflow, const Limits& limits,
                    std::vector<Error>& notes) {
  Graph graph(limits);
  EditorFile file(workflow, limits, notes, graph);
  NodeIndex count = 0;
  for (EditorNode& node : file.nodes())
    if (node.mode == NodeMode::kActive && node.inner == 0 &&
        !is_editor_only(node.type))
      node.index = count++;
  LinkResolver links(file);
  for (const EditorNode& node : file.nodes())
    if (node.index != kNoNode) add_node(node, file, links, graph);
  graph.finish(notes);
  return graph;
}

}  // namespace sdmeta
