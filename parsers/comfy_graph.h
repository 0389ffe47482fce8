// A ComfyUI graph as a compact table of nodes, whichever of its two forms it
// came in: the executed prompt (API graph), read here, or the editor's workflow
// (comfy_workflow.h).
//
// API graph, https://docs.comfy.org/development/core-concepts/workflow:
//   {"3": {"class_type": "KSampler",
//          "inputs": {"seed": 7, "model": ["4", 0], ...},
//          "_meta": {"title": "KSampler"}}, ...}
// A value [node id, output slot] is a link; ids are any strings ("3", "57:12",
// "CheckpointLoader_Base"), and links may hold them as numbers.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "parsers/comfy_nodes.h"
#include "parsers/json.h"

namespace sdmeta {

using NodeIndex = std::int32_t;
inline constexpr NodeIndex kNoNode = -1;

struct GraphInput {
  std::string_view name;     // without the group it belongs to
  JsonValue value;           // a widget's value; as written for links too
  NodeIndex node = kNoNode;  // where a link leads
  std::int32_t slot = 0;     // the output of that node

  bool is_link() const { return node != kNoNode; }
};

struct GraphNode {
  std::string_view id;
  std::string_view class_type;
  std::string_view title;
  const NodeKind* kind;
  std::uint32_t first_input = 0;
  std::uint32_t input_count = 0;
};

/// Views into the documents it was read from, which must outlive it. One thread
/// at a time.
class Graph {
 public:
  /// `limits` must live until finish() has returned.
  explicit Graph(const Limits& limits) : limits_(limits) {}

  std::size_t size() const { return nodes_.size(); }
  const GraphNode& node(NodeIndex index) const {
    return nodes_[static_cast<std::size_t>(index)];
  }
  std::span<const GraphInput> inputs(NodeIndex index) const {
    const GraphNode& found = node(index);
    return std::span(inputs_).subspan(found.first_input, found.input_count);
  }
  /// What the names of its inputs usually hold. Most nodes of a large graph are
  /// never asked, and looking all names up is dear.
  FieldSet fields(NodeIndex index) const;
  /// Calls `visit(const GraphInput&)` for the inputs that hold `field`, those
  /// of the best name first, until it returns true: by the names of the class's
  /// own row or, if it has none, by the usual ones.
  template <class Visit>
  bool each_input(NodeIndex index, NodeField field, Visit&& visit) const;

  /// Building: a node, then its inputs.
  NodeIndex add_node(std::string_view id, std::string_view class_type,
                     std::string_view title);
  void add_input(std::string_view name, JsonValue value,
                 NodeIndex node = kNoNode, std::int32_t slot = 0) {
    if (room_ == 0) [[unlikely]] {
      lacks_inputs_ = true;
      return;
    }
    --room_;
    // In place: to copy what was just written in smaller parts, a processor
    // waits until all of them are in the cache.
    GraphInput& input = inputs_.emplace_back();
    input.name = plain_name(name);
    // Every input is asked, and few begin with a capital.
    if (!name.empty() && name[0] <= 'Z' && nodes_.back().kind->name.empty())
      input.name = usual_spelling(input.name);
    input.value = value;
    input.node = node;
    input.slot = slot;
    ++nodes_.back().input_count;
  }
  /// An input whose value is all that a node holds, as JSON: its members are
  /// inputs as well, and it is none itself. False if it is not of that kind.
  bool add_state(std::string_view name, const JsonValue& value) {
    // Every input is asked, and few end with this letter. The value is copied
    // for these alone: the others' stays in registers.
    return name.ends_with('e') &&
           (name.ends_with("State") || name.ends_with("_state")) &&
           add_members(value);
  }
  /// When all is there: takes classes without a row for what they look like,
  /// switches and variables that are set and got by name; links lead past
  /// these, and buses, and constants stand where they are used. A note tells of
  /// inputs beyond Limits::max_graph_inputs or max_node_inputs.
  void finish(std::vector<Error>& notes);
  /// Keeps a string alive as long as the graph.
  std::string_view keep(std::string text);

 private:
  friend Graph read_api_graph(JsonValue, const Limits&, std::vector<Error>&);

  bool add_members(JsonValue state);
  std::string_view plain_name(std::string_view name);
  std::string_view usual_spelling(std::string_view name);
  // comfy_detours.cc
  void shorten_links();
  const GraphInput* variable_got(NodeIndex index) const;
  void link_variables();
  const GraphInput* channel(NodeIndex index, std::string_view name,
                            std::size_t& looks_left) const;
  void link_channels();
  static bool may_hold(const GraphNode& user, const JsonValue& constant);
  void lead_past_switches();
  const GraphInput* constant_in(NodeIndex index) const;
  void take_in_constants();

  const Limits& limits_;
  std::vector<GraphNode> nodes_;
  std::vector<GraphInput> inputs_;
  std::size_t room_ = 0;  // for more inputs of the node under way
  bool lacks_inputs_ = false;
  mutable std::vector<std::optional<FieldSet>> fields_;  // by node, once asked
  std::deque<std::string> strings_;
  std::list<JsonDocument> states_;
};

template <class Visit>
bool Graph::each_input(NodeIndex index, NodeField field, Visit&& visit) const {
  const GraphNode& held_by = node(index);
  const FieldNames& usual = field_names(field);
  const FieldSet bit = field_bit(field);
  std::string_view names = usual.names;
  if (held_by.kind->own_fields & bit)
    names = spec_of(*held_by.kind, usual.key);
  else if (!(fields(index) & bit))
    return false;
  while (!names.empty()) {
    const std::string_view name = next_item(names);
    for (const GraphInput& input : inputs(index))
      if (name_matches(name, input.name) && visit(input)) return true;
  }
  return false;
}

/// Hands on one of its inputs, and one of the others says which: a condition
/// beside on_true and on_false, an index beside input1, input2.
bool is_switch_by_shape(std::string_view class_type,
                        std::span<const GraphInput> inputs);

/// A JSON object that looks like an API graph: some member has a `class_type`.
bool is_api_graph(JsonValue value);

/// Members without `class_type` (`extra`, `extraMetadata`) are no nodes.
/// Dangling links are inputs with a value and no node. Beyond
/// `limits.max_graph_nodes` nodes are dropped with a note.
Graph read_api_graph(JsonValue api, const Limits& limits,
                     std::vector<Error>& notes);

}  // namespace sdmeta
