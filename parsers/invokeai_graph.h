// The graph that InvokeAI ran, which images from its workflow editor and from
// programs that use its API have instead of metadata.
#pragma once

#include "parsers/generation.h"
#include "parsers/json.h"

namespace sdmeta {

/// Fills what `generation` lacks from the pass that denoises: prompts, numbers,
/// size, model and LoRAs. `graph` is the text of `invokeai_graph`; work is
/// linear in it.
void fill_from_invokeai_graph(JsonValue graph, Generation& generation);

}  // namespace sdmeta
