// What civitai's own generator adds to the ComfyUI graphs it runs: parameters
// as the site knows them, and models named by AIR; and what its loader nodes
// for everybody's graphs write down.
#pragma once

#include "extractor/limits.h"
#include "parsers/generation.h"
#include "parsers/json.h"

namespace sdmeta {

/// `extra_metadata` is the value of `extraMetadata`: an object, or a string
/// that holds one, perhaps encoded twice. It wins over what the graph says when
/// it has a prompt, also an empty one; else it fills gaps. `airs` is the list
/// `extra.airs`. Models and LoRAs of the graph that are named by AIR become
/// resources. `software` becomes "civitai" where any of this is found.
void apply_civitai_comfy(JsonValue extra_metadata, JsonValue airs,
                         const Limits& limits, Generation& generation);

/// For a graph with loaders of https://github.com/civitai/civitai_comfy_nodes,
/// which name models by ids (`328553@368189`) where no file is chosen. `extra`
/// is that of the editor's graph: they note the ids of files there, too, as
/// `ckpt_airs` and `lora_airs`. What names no LoRA of the graph for sure stays
/// in `extra`.
void apply_civitai_loaders(JsonValue extra, Generation& generation);

}  // namespace sdmeta
