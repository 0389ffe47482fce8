// What A1111's Extras tab says it did to a picture, beside the parameters that
// the picture had before: upscalers and face restoration.
#pragma once

#include <vector>

#include "extractor/error.h"
#include "parsers/generation.h"
#include "parsers/payload.h"

namespace sdmeta {

/// Text that stands where the tab writes: PNG `postprocessing`, `extras`.
bool is_postprocessing(const Payload& payload);

/// Adds what all such texts say, each once, to `generation`. That of
/// `parameters` (null if there are none), which some repeat, is passed over.
/// Linear.
void add_postprocessing(const Payloads& payloads, const Payload* parameters,
                        Generation& generation, std::vector<Error>& notes);

}  // namespace sdmeta
