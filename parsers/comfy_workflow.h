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

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/comfy_graph.h"

namespace sdmeta {

/// A JSON object with the form above.
bool is_workflow(JsonValue value);

/// Ids of nodes inside subgraphs are those of the executed form: `57:12`.
/// Bounded by `limits.max_graph_nodes`.
Graph read_workflow(JsonValue workflow, const Limits& limits,
                    std::vector<Error>& notes);

/// The editor takes `/* ... */` and `// ...` out of prompts before it queues
/// them (ComfyUI_frontend, src/utils/formatUtil.ts).
std::string without_editor_comments(std::string_view text);

struct WorkflowText {
  std::string_view id;
  std::string text;
};

/// The first text widget of each of these nodes of an API graph, where the
/// workflow has a node of that id and type that holds one.
std::vector<WorkflowText> workflow_texts(JsonValue workflow, const Graph& api,
                                         std::span<const std::string_view> ids);

}  // namespace sdmeta
