#include "parsers/comfy_graph.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sdmeta {
namespace {

// Node ids to positions: sorted, as a hash table with a known hash could be
// flooded.
class IdIndex {
 public:
  explicit IdIndex(const Graph& graph) {
    ids_.reserve(graph.size());
    for (std::size_t i = 0; i < graph.size(); ++i) {
      const auto node = static_cast<NodeIndex>(i);
      ids_.emplace_back(graph.node(node).id, node);
    }
    std::sort(ids_.begin(), ids_.end());
  }

  // The first node of an id, in file order.
  NodeIndex find(std::string_view id) const {
    const auto found =
        std::lower_bound(ids_.begin(), ids_.end(), std::pair(id, NodeIndex{0}));
    return found != ids_.end() && found->first == id ? found->second : kNoNode;
  }

 private:
  std::vector<std::pair<std::string_view, NodeIndex>> ids_;
};

struct LinkText {
  std::string_view id;
  std::int32_t slot = 0;
  char digits[24];
};

// Reads [id, slot]; false if the value has not that form.
bool read_link(JsonValue value, LinkText& link) {
  if (!value.is_array() || value.size() != 2) return false;
  const JsonValue id = value[std::size_t{0}];
  const JsonValue slot = value[std::size_t{1}];
  if (!slot.is_number()) return false;
  const auto number = slot.integer();
  if (!number || *number < 0 || *number > INT32_MAX) return false;
  link.slot = static_cast<std::int32_t>(*number);
  if (const auto text = id.string()) {
    link.id = *text;
    return true;
  }
  const auto whole = id.is_number() ? id.integer() : std::nullopt;
  if (!whole) return false;
  const auto end =
      std::to_chars(link.digits, link.digits + sizeof link.digits, *whole).ptr;
  link.id = std::string_view(link.digits, end);
  return true;
}

}  // namespace

NodeIndex Graph::find(std::string_view id) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (nodes_[i].id == id) return static_cast<NodeIndex>(i);
  return kNoNode;
}

NodeIndex Graph::add_node(std::string_view id, std::string_view class_type,
                          std::string_view title) {
  nodes_.push_back({id, class_type, title, &node_kind(class_type),
                    static_cast<std::uint32_t>(inputs_.size()), 0});
  return static_cast<NodeIndex>(nodes_.size()) - 1;
}

void Graph::add_input(const GraphInput& input) {
  inputs_.push_back(input);
  ++nodes_.back().input_count;
}

std::string_view Graph::keep(std::string text) {
  return strings_.emplace_back(std::move(text));
}

bool is_api_graph(JsonValue value) {
  bool found = false;
  value.for_each_member([&](std::string_view, JsonValue member) {
    if (!found && member.is_object())
      found = member[std::string_view("class_type")].is_string();
  });
  return found;
}

Graph read_api_graph(JsonValue api, const Limits& limits,
                     std::vector<Error>& notes) {
  Graph graph;
  graph.nodes_.reserve(api.size());
  graph.inputs_.reserve(api.size() * 8);
  bool is_cut = false;
  api.for_each_member([&](std::string_view id, JsonValue member) {
    if (!member.is_object() || is_cut) return;
    std::string_view class_type;
    std::string_view title;
    JsonValue inputs;
    member.for_each_member([&](std::string_view key, JsonValue value) {
      if (key == "inputs")
        inputs = value;
      else if (key == "class_type")
        class_type = value.string().value_or("");
      else if (key == "_meta")
        title = value[std::string_view("title")].string().value_or("");
    });
    if (class_type.empty()) return;
    if (graph.size() >= limits.max_graph_nodes) {
      is_cut = true;
      notes.push_back({ErrorCode::kGraphTooLarge,
                       "graph has more than " +
                           std::to_string(limits.max_graph_nodes) + " nodes",
                       std::nullopt});
      return;
    }
    graph.add_node(id, class_type, title);
    inputs.for_each_member([&](std::string_view name, JsonValue value) {
      graph.add_input({name, value, kNoNode, 0});
    });
  });

  const IdIndex index(graph);
  LinkText link;
  for (GraphInput& input : graph.inputs_) {
    if (!read_link(input.value, link)) continue;
    input.node = index.find(link.id);
    input.slot = link.slot;
  }
  return graph;
}

}  // namespace sdmeta
