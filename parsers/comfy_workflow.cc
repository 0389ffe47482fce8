#include "parsers/comfy_workflow.h"

namespace sdmeta {

bool is_workflow(JsonValue value) { return value["nodes"].is_array(); }

Graph read_workflow(JsonValue, const Limits&, std::vector<Error>&) {
  return {};
}

std::vector<WorkflowText> workflow_texts(JsonValue, const Graph&,
                                         std::span<const std::string_view>) {
  return {};
}

}  // namespace sdmeta
