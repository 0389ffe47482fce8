// Texts of an editor's ComfyUI file, for prompts that the executed graph beside
// it lacks, and as the executed graph would hold them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/comfy_graph.h"

namespace sdmeta {

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
