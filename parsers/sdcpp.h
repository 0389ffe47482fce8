// The settings of stable-diffusion.cpp's infotext that no other writer has.
#pragma once

#include "extractor/limits.h"
#include "parsers/generation.h"
#include "parsers/infotext_fields.h"

namespace sdmeta {

/// Reads `Unet` where there is no other model, and `SDCPP: {..}`, which repeats
/// the settings with exact numbers. Before `SettingsReader::read_fields`, whose
/// values then yield.
void read_sdcpp(SettingsReader& settings, const Limits& limits,
                Generation& generation);

}  // namespace sdmeta
