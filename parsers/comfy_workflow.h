// The editor's form of a ComfyUI graph, made into nodes like the executed form:
//   {"nodes": [{"id": 3, "type": "KSampler", "mode": 0,
//               "inputs": [{"name": "model", "type": "MODEL", "link": 1}, ...],
//               "outputs": [...], "widgets_values": [7, "randomize", 20,
//               ...]}],
//    "links": [[1, 4, 0, 3, 0, "MODEL"], ...],
//    "definitions": {"subgraphs": [...]}}
// https://docs.comfy.org/specs/workflow_json. What the editor resolves before
// it queues a prompt is resolved here: muted and bypassed nodes, reroutes,
// primitives, Set/Get pairs, subgraphs, group nodes, widgets without names.
#pragma once

#include <vector>

#include "parsers/comfy_graph.h"

namespace sdmeta {

/// A JSON object with the form above.
bool is_workflow(JsonValue value);

/// Ids of nodes inside subgraphs are those of the executed form: `57:12`.
/// Bounded by `limits.max_graph_nodes`.
Graph read_workflow(JsonValue workflow, const Limits& limits,
                    std::vector<Error>& notes);

}  // namespace sdmeta
