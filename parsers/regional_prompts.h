// Prompts for parts of the picture that extensions of the A1111 family and
// SwarmUI read out of one prompt: what stands between their separators. The
// prompt itself stays as it was written.
#pragma once

#include "parsers/generation.h"
#include "parsers/infotext_fields.h"

namespace sdmeta {

/// Appends to `generation.prompts` the parts that the settings of Forge Couple,
/// Regional Prompter, Latent Couple or Tiled Diffusion tell of.
void add_regional_prompts(const SettingsReader& settings, const Limits& limits,
                          Generation& generation);

/// The same for SwarmUI's `<region:..>`, `<object:..>` and `<segment:..>`
/// sections: text behind such a tag, up to the next, is for that part.
void add_prompt_sections(Generation& generation);

}  // namespace sdmeta
