// LoRAs of one ComfyUI node, in every shape that node packs store them: single
// loaders, numbered stacks, objects with switches, lists.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "parsers/comfy_graph.h"
#include "parsers/generation.h"

namespace sdmeta {

/// Adds the LoRAs that are switched on, in the node's order. `resolve` gives
/// the value behind a link (missing if unknown). Entries named `None`, muted,
/// beyond the node's own count or with no strength at all are left out.
/// Inputs are compared with each other, and many nodes may be handed one text:
/// a node pays for its pairs and for each byte that it reads a list from out of
/// `work_left`. What it cannot pay for is left out, and false returned.
bool collect_loras(const Graph& graph, NodeIndex node,
                   const std::function<JsonValue(const GraphInput&)>& resolve,
                   const Limits& limits, std::size_t& work_left,
                   std::vector<Lora>& loras);

/// Adds the LoRAs of the tags in `text`, as node packs read them: of two
/// weights the first is the model's. A1111 has them the other way round.
void collect_lora_tags(std::string_view text, std::vector<Lora>& loras);

}  // namespace sdmeta
