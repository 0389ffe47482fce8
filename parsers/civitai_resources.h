// The models that civitai lists for an image, in the shapes it and ComfyUI's
// savers write: `Civitai resources` of infotext, `resources` of its metadata
// objects, AIR names.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "parsers/generation.h"
#include "parsers/json.h"

namespace sdmeta {

/// One item: {type, weight | strength, modelVersionId, modelName,
/// modelVersionName | versionName, air}; what `air` says fills gaps. Nothing if
/// it names no model at all.
std::optional<CivitaiResource> read_civitai_resource(JsonValue item);

/// An AIR alone.
CivitaiResource resource_of_air(std::string_view air);

/// Whether a resource of this type is a kind of LoRA.
bool is_lora_type(std::string_view type);

/// Adds resources; those with the version id of one that is there (or, without
/// an id, its AIR) only fill what is still missing in it. Linear.
void merge_civitai_resources(std::vector<CivitaiResource>& resources,
                             std::vector<CivitaiResource> more);

/// Gives a LoRA that has none the `model_version_id` of the one resource that
/// its name fits; else of the one that its weight fits, if no other LoRA has
/// that weight and no other that resource. May be repeated when LoRAs are
/// added.
void attach_version_ids(Generation& generation);

/// Carries over what the resources say about the model and the LoRAs: `model`
/// from the one checkpoint if there is none; version ids as above; and where no
/// LoRA is known otherwise, the LoRAs themselves.
void apply_civitai_resources(Generation& generation);

}  // namespace sdmeta
