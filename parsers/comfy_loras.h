// LoRAs of one ComfyUI node, in every shape that node packs store them: single
// loaders, numbered stacks, objects with switches, lists.
#pragma once

#include <functional>
#include <vector>

#include "parsers/comfy_graph.h"
#include "parsers/generation.h"

namespace sdmeta {

/// Adds the LoRAs that are switched on, in the node's order. `resolve` gives
/// the value behind a link (missing if unknown). Entries named `None`, muted,
/// beyond the node's own count or with no strength at all are left out.
void collect_loras(const Graph& graph, NodeIndex node,
                   const std::function<JsonValue(const GraphInput&)>& resolve,
                   const Limits& limits, std::vector<Lora>& loras);

}  // namespace sdmeta
