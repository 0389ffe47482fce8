// Values of a graph's nodes, wherever the graph keeps them: in a widget, behind
// links to primitives, seeds, pickers, switches and arithmetic, or in the nodes
// a sampler is fed with (sigmas, noise, guiders, pipes).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/comfy_graph.h"
#include "parsers/comfy_math.h"

namespace sdmeta {

/// A value found, or nothing.
struct GraphValue {
  JsonValue value;
  /// Instead of `value`, what a class stands for by its name.
  std::string_view fixed;
  /// There is one, but not in the graph: what is elsewhere is another one.
  bool is_hidden = false;

  bool is_known() const { return bool(value) || !fixed.empty(); }
  std::optional<std::string_view> string() const;
  std::optional<double> number() const { return value.number(); }
  std::optional<std::int64_t> integer() const { return value.integer(); }
};

/// Whether `name` ends as files of models do.
bool is_model_file(std::string_view name);

/// Whether `text` in a node of this class is the name of a file or of a style
/// that is read, and not what is read: as short as a name, or with an
/// extension.
bool names_what_is_read(std::string_view class_type, std::string_view text);

/// What a widget holds: unwraps `{"content": x}` (pysssss), `{"__value__": x}`
/// and lists of one.
JsonValue plain_value(JsonValue value);

class GraphValues {
 public:
  GraphValues(const Graph& graph, const Limits& limits)
      : graph_(graph),
        limits_(limits),
        visits_left_(limits.max_graph_visits),
        stamps_(graph.size(), 0) {}

  const Graph& graph() const { return graph_; }
  const Limits& limits() const { return limits_; }
  NodeRole role(NodeIndex node) const { return graph_.node(node).kind->role; }

  const GraphInput* input_named(NodeIndex node, std::string_view name) const;
  /// The first input that holds `field`, null values left out.
  const GraphInput* input(NodeIndex node, NodeField field) const;
  /// The same, links only.
  const GraphInput* link(NodeIndex node, NodeField field) const;

  /// A field of a node, however many links away.
  GraphValue value(NodeIndex node, NodeField field);
  /// What an input holds or its link leads to, read as `field`.
  GraphValue value_of(const GraphInput& input, NodeField field);

  /// The input that a switch hands on; null if nothing is connected.
  const GraphInput* selected(NodeIndex node);

  /// Pays for one visit of a node; false when the budget is spent.
  bool spend(NodeIndex node);
  std::size_t visits_left() const { return visits_left_; }
  bool is_spent() const { return visits_left_ == 0; }

 private:
  GraphValue search(NodeIndex node, NodeField field, unsigned depth);
  /// `may_be_bare`: the link is for this one value, so that a node which names
  /// nothing (a primitive) holds it. Not so for a bundle of settings.
  GraphValue search_link(const GraphInput& input, NodeField field,
                         unsigned depth, bool may_be_bare = true);
  GraphValue search_settings(NodeIndex node, NodeField field, unsigned depth);
  /// What a class is by its name: of a sampler, of a schedule.
  std::string_view stands_for(NodeIndex node) const;
  const GraphInput* selected_by_shape(NodeIndex node);
  const GraphInput* selected_case(NodeIndex node, JsonValue choice) const;
  JsonValue value_apart(const GraphInput& input);
  JsonValue computed(NodeIndex node, std::int32_t slot);
  JsonValue keep_number(Number number);
  std::optional<Number> compute(NodeIndex node, std::int32_t slot);
  bool enter(NodeIndex node, unsigned depth);

  const Graph& graph_;
  const Limits& limits_;
  std::size_t visits_left_;
  std::vector<std::uint32_t> stamps_;  // the query that saw a node last
  std::uint32_t query_ = 0;
  std::uint32_t last_query_ = 0;
  unsigned questions_under_way_ = 0;
  // Results of arithmetic, by node and output, as JSON like any other value.
  std::map<std::pair<NodeIndex, std::int32_t>, JsonValue> computed_;
  std::deque<JsonDocument> numbers_;
};

}  // namespace sdmeta
