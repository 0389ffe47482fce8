// Two descriptions of one image by the same tool made into one: a saver node's
// infotext, or a site's own JSON, beside the ComfyUI graph that was run.
#pragma once

#include "parsers/generation.h"

namespace sdmeta {

/// Completes `base` from `other`, field by field. `base` wins where it says
/// something: neither absent, nor empty, nor a placeholder ("unknown", seed -1).
/// LoRAs, embeddings, resources and the other lists are united by base name;
/// LoRA weights are `other`'s, and so is a seed of which `base` holds the
/// rounding to a double. Pairs of `extra` are appended, keys that `base` has
/// already excepted. `software` and its version stay `base`'s.
void fill_gaps(Generation& base, Generation&& other);

}  // namespace sdmeta
