// The graph that InvokeAI ran, which images from its workflow editor and from
// programs that use its API have instead of metadata.
#pragma once

#include "parsers/generation.h"
#include "parsers/json.h"

namespace sdmeta {

/// Fills what `generation` lacks from the pass that denoises: prompts, numbers,
/// size, model and LoRAs. `graph` is the text of `invokeai_graph`. Its nodes
/// and edges are indexed once, and followed for 512 steps in all, of which each
/// LoRA takes one: a larger graph may lack some.
void fill_from_invokeai_graph(JsonValue graph, Generation& generation);

}  // namespace sdmeta
