// What samplers and noise schedules are called. A1111's labels are the common
// tongue (`DPM++ 2M SDE`, `karras`); k-diffusion, ComfyUI, InvokeAI, NovelAI,
// diffusers and others have names of their own. One table.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parsers/generation.h"

namespace sdmeta {

/// Two parts of one name, as written; views into it.
struct SamplerName {
  std::string_view sampler;
  std::optional<std::string_view> scheduler;

  bool operator==(const SamplerName&) const = default;
};

/// Splits a schedule off the end of a sampler's name: `DPM++ 2M Karras`,
/// `euler_ancestral_karras`. Names without a known schedule stay whole.
SamplerName split_sampler(std::string_view name);

/// A1111's label of a sampler under any of its names; `name` itself where the
/// table does not know it.
std::string normalized_sampler(std::string_view name);

/// Lower case with underscores: `SGM Uniform` gives `sgm_uniform`.
std::string normalized_scheduler(std::string_view name);

/// Sets `sampler` and `scheduler` from what the writer wrote: the sampler's
/// suffix counts as the schedule only if there is no other. Placeholders and
/// `Undefined` count as absent. Fields that have a value keep it.
void set_sampler(Generation& generation, std::string_view sampler,
                 std::optional<std::string_view> scheduler = std::nullopt);

/// Fills `sampler_normalized` and `scheduler_normalized`; changes nothing else.
void normalize_sampler(Generation& generation);

}  // namespace sdmeta
