// The widgets of a node in the editor's form of a ComfyUI graph. Newer editors
// name them; older ones keep values alone, in the order of the class's inputs,
// with the control of a seed in between:
//   "widgets_values": [7, "randomize", 20, 8, "euler", "normal", 1]
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "parsers/comfy_graph.h"
#include "parsers/json.h"

namespace sdmeta {

struct Widget {
  std::string_view name;
  JsonValue value;
};

/// The widgets of `node`, an object of a workflow's `nodes`, in their order:
/// named by the node itself, by the row of its class, or by what they look
/// like. Names live as long as the node, the table or `graph`, which keeps
/// those that are made up. Values that are `shown` elsewhere take the place of
/// the node's own, unless there are none.
std::vector<Widget> named_widgets(JsonValue node, std::string_view class_type,
                                  Graph& graph,
                                  std::span<const JsonValue> shown = {});

/// What stands after a seed. Efficiency nodes take the control away and leave
/// its place empty.
bool is_control_value(JsonValue value);

/// The elements of an array, to be asked for by position in constant time.
std::vector<JsonValue> elements(JsonValue list);

}  // namespace sdmeta
