// What an editor's ComfyUI file holds, level by level, as it is written there:
// the whole graph, each instance of a subgraph, each group node. A level is a
// scope here: ids of nodes and links count inside it alone.
// https://docs.comfy.org/specs/workflow_json,
// https://docs.comfy.org/interface/features/subgraph
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/comfy_graph.h"
#include "parsers/json.h"

namespace sdmeta {

/// A link is read with its parts: what it costs in JSON values.
inline constexpr std::size_t kWorkOfALink = 4;

/// Virtual node inside a subgraph: what the subgraph gets.
inline constexpr std::string_view kSubgraphInput = "-10";

/// The output at the beginning of a link.
struct LinkOrigin {
  std::string_view node;  // id in its scope
  std::int64_t slot = 0;
};

struct Scope {
  std::size_t parent = 0;  // of the root: itself
  JsonValue definition;
  bool is_group = false;
  std::string_view prefix;  // of the ids inside: "57:"
  // Of the node of the parent that stands for it: looked up once, as objects
  // are searched from their beginning.
  std::string_view instance_id;
  std::vector<JsonValue> inputs;
  std::vector<std::pair<std::string_view, std::size_t>> inputs_by_name;
  std::vector<JsonValue> values;  // of its widgets
  JsonValue named_values;         // the same by name, if it is so stored
  JsonValue shown;                // which widgets inside it has on its face
  std::vector<JsonValue> definition_inputs;
  // Sorted: link id to origin, output slot to origin.
  // Links of group nodes have no ids: comfy_group_nodes.h gives them some.
  std::vector<std::pair<std::int64_t, LinkOrigin>> links;
  std::vector<std::pair<std::int64_t, LinkOrigin>> outputs;
  // Sorted: node and input to origin, where Use Everywhere links them when the
  // graph is queued.
  std::vector<std::pair<std::pair<std::string_view, std::int64_t>, LinkOrigin>>
      broadcasts;
  // Inputs of a definition that feed a widget inside, in order; once asked.
  std::optional<std::vector<std::int64_t>> widget_inputs;
  // Of a group node: where in `values` those of each node inside begin, and the
  // end; empty if that is not known.
  std::vector<std::size_t> value_starts;

  /// Null if there is none.
  const LinkOrigin* link(std::int64_t id) const;
  const LinkOrigin* output(std::int64_t slot) const;
  const LinkOrigin* broadcast(std::string_view node, std::int64_t input) const;

  JsonValue input(std::string_view name) const;
  std::optional<std::string_view> definition_input(std::int64_t slot) const;
};

enum class NodeMode : std::uint8_t { kActive, kMuted, kBypassed };

struct EditorNode {
  std::size_t scope = 0;
  std::int64_t position = 0;  // in its scope
  std::string_view local_id;
  std::string_view type;
  JsonValue node;
  NodeMode mode = NodeMode::kActive;
  std::size_t inner = 0;      // scope of a subgraph instance; 0 if it is none
  NodeIndex index = kNoNode;  // in the graph that is made of the file
};

/// Views into the workflow and into `strings`, which must outlive it.
class EditorFile {
 public:
  /// Reads all levels, bounded by `limits.max_graph_nodes` and, in JSON values
  /// looked at, by `limits.max_workflow_values`; what is beyond is left out with a
  /// note. `strings` keeps ids that are made up.
  EditorFile(JsonValue workflow, const Limits& limits,
             std::vector<Error>& notes, Graph& strings);

  /// The whole graph is scope 0.
  Scope& scope(std::size_t number) { return scopes_[number]; }
  std::vector<EditorNode>& nodes() { return nodes_; }
  /// Null if there is none.
  const EditorNode* node_at(std::size_t scope, std::string_view id) const;

  /// Pays for looking at so many JSON values; false when the budget is spent.
  bool spend(std::size_t values);

 private:
  void index_definitions(JsonValue workflow);
  JsonValue definition_of(std::string_view type) const;
  void read(std::size_t scope, unsigned depth);
  bool has_room();
  void add_node(std::size_t scope, unsigned depth, JsonValue node,
                std::int64_t position);
  std::size_t open_instance(std::size_t scope, JsonValue node,
                            std::string_view id, JsonValue definition,
                            unsigned depth);
  void read_links(Scope& into);
  void read_broadcasts(Scope& into);
  void index_nodes();
  std::string_view id_text(JsonValue id);

  const Limits& limits_;
  std::vector<Error>& notes_;
  Graph& strings_;
  std::vector<Scope> scopes_;
  std::vector<EditorNode> nodes_;
  // (scope, local id) to position in nodes_, sorted.
  std::vector<std::pair<std::pair<std::size_t, std::string_view>, std::size_t>>
      by_id_;
  // Types of nodes to what stands for them, sorted.
  std::vector<std::pair<std::string_view, JsonValue>> definitions_;
  bool is_cut_ = false;
  std::size_t work_left_;
};

}  // namespace sdmeta
