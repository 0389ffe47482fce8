// What civitai's API calls the `meta` of an image, which programs that download
// images write back into them: infotext as JSON, and what the site found out
// about the models.
#pragma once

#include <array>
#include <string_view>

#include "extractor/limits.h"
#include "parsers/generation.h"
#include "parsers/json.h"

namespace sdmeta {

/// The members that `read_civitai_models` reads.
inline constexpr std::array<std::string_view, 8> kCivitaiModelKeys = {
    "resources", "additionalResources", "civitaiResources", "hashes",
    "models",    "vaes",                "upscalers",        "controlNets"};

/// Reads the members of such an object that name models, their hashes and
/// weights. A member that says more than fields hold goes to `extra`.
/// https://github.com/civitai/civitai/blob/main/src/utils/metadata
void read_civitai_models(JsonValue meta, const Limits& limits,
                         Generation& generation);

}  // namespace sdmeta
