// ControlNets of a ComfyUI graph: nodes that apply one, and stacks that number
// several.
#pragma once

#include <span>
#include <vector>

#include "parsers/comfy_values.h"
#include "parsers/generation.h"

namespace sdmeta {

/// Adds the ControlNets of `nodes`, last node first, those of a stack in the
/// order of their numbers. What controls nothing is left out: a net that is
/// switched off, named `None`, without strength, beyond its node's own count or
/// without a picture where others of the stack have one, and a stack that only
/// a node which is switched off is handed.
void collect_controlnets(GraphValues& values, std::span<const NodeIndex> nodes,
                         std::vector<ControlNet>& nets);

}  // namespace sdmeta
