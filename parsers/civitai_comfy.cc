// Sample, https://github.com/civitai/civitai
// (src/server/services/orchestrator):
//   {"6": {"class_type": "CLIPTextEncode", ...},
//    "resource-stack": {"class_type": "CheckpointLoaderSimple",
//      "inputs": {"ckpt_name":
//      "urn:air:sdxl:checkpoint:civitai:101055@128078"}},
//    "extra": {"airs": ["urn:air:..."]},
//    "extraMetadata": "{\"prompt\":\"a cat\",\"cfgScale\":7,...}"}
#include "parsers/civitai_comfy.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "parsers/air.h"
#include "parsers/civitai_resources.h"
#include "parsers/sampler_names.h"

namespace sdmeta {
namespace {

constexpr std::string_view kAirMark = "urn:air:";

class SiteMetadata {
 public:
  SiteMetadata(JsonValue object, bool wins) : object_(object), wins_(wins) {}

  void text(std::string_view key, std::optional<std::string>& field) const {
    const auto value = object_[key].string();
    if (value && takes(field)) field = std::string(*value);
  }
  void number(std::string_view key, std::optional<double>& field) const {
    const auto value = object_[key].number();
    if (value && takes(field)) field = value;
  }
  void integer(std::string_view key, std::optional<std::int64_t>& field) const {
    const auto value = object_[key].integer();
    if (value && takes(field)) field = value;
  }
  // Sizes and skips of 0 mean that nothing was set.
  void positive(std::string_view key,
                std::optional<std::int64_t>& field) const {
    const auto value = object_[key].integer();
    if (value && *value > 0 && takes(field)) field = value;
  }

  template <class Value>
  bool takes(const std::optional<Value>& field) const {
    return wins_ || !field;
  }

 private:
  JsonValue object_;
  bool wins_;
};

void add_air(std::string_view name, std::optional<double> weight,
             std::vector<CivitaiResource>& resources) {
  if (!name.starts_with(kAirMark)) return;
  CivitaiResource resource = resource_of_air(name);
  resource.weight = weight;
  resources.push_back(std::move(resource));
}

// `328553@368189`: a model and its version.
std::optional<CivitaiResource> resource_of_ids(std::string_view ids,
                                               std::string_view type) {
  const auto air = parse_air_ids(ids);
  if (!air) return std::nullopt;
  CivitaiResource resource;
  resource.type = std::string(type);
  resource.model_version_id = air->model_version_id;
  resource.air = std::string(ids);
  return resource;
}

void identify(Lora& lora, CivitaiResource resource,
              std::vector<CivitaiResource>& resources) {
  lora.model_version_id = resource.model_version_id;
  resource.weight = lora.weight;
  resources.push_back(std::move(resource));
}

// Loaders run in the order in which LoRAs are chained. Where one is not on
// civitai, nobody knows whose ids are there.
void identify_loras(JsonValue airs, Generation& generation,
                    std::vector<CivitaiResource>& resources) {
  std::vector<Lora*> open;
  std::unordered_set<std::uint64_t> known;
  for (Lora& lora : generation.loras) {
    if (auto resource = resource_of_ids(lora.name, "lora"))
      identify(lora, std::move(*resource), resources);
    if (lora.model_version_id)
      known.insert(*lora.model_version_id);
    else
      open.push_back(&lora);
  }
  std::vector<CivitaiResource> noted;
  airs.for_each_element([&](JsonValue air) {
    auto resource = resource_of_ids(air.string().value_or(""), "lora");
    if (resource && !known.contains(resource->model_version_id.value_or(0)))
      noted.push_back(std::move(*resource));
  });
  if (noted.size() == open.size()) {
    for (std::size_t i = 0; i < open.size(); ++i)
      identify(*open[i], std::move(noted[i]), resources);
  } else if (airs.size() != 0) {
    generation.extra.push_back({"lora_airs", airs.text()});
  }
}

bool is_consumed(std::string_view key) {
  for (const std::string_view known :
       {"prompt", "negativePrompt", "cfgScale", "sampler", "scheduler",
        "clipSkip", "steps", "seed", "width", "height", "denoise", "resources"})
    if (key == known) return true;
  return false;
}

void apply_metadata(JsonValue metadata, Generation& generation,
                    std::vector<CivitaiResource>& resources) {
  const SiteMetadata site(metadata, metadata["prompt"].is_string());
  site.text("prompt", generation.prompt);
  site.text("negativePrompt", generation.negative_prompt);
  site.number("cfgScale", generation.cfg_scale);
  site.integer("steps", generation.steps);
  site.positive("clipSkip", generation.clip_skip);
  const bool has_size = metadata["width"].integer().value_or(0) > 0 &&
                        metadata["height"].integer().value_or(0) > 0;
  if (has_size) {
    site.positive("width", generation.width);
    site.positive("height", generation.height);
  }
  site.number("denoise", generation.denoising_strength);
  if (auto seed = metadata["seed"].digits();
      seed && *seed != "-1" && site.takes(generation.seed))
    generation.seed = std::move(seed);
  const auto sampler = metadata["sampler"].string();
  if (sampler && *sampler != "Undefined" && site.takes(generation.sampler)) {
    const auto graph_scheduler = generation.scheduler;
    generation.sampler.reset();
    generation.scheduler.reset();
    set_sampler(generation, *sampler, metadata["scheduler"].string());
    if (!generation.scheduler) generation.scheduler = graph_scheduler;
  }
  metadata["resources"].for_each_element([&](JsonValue item) {
    if (auto resource = read_civitai_resource(item))
      resources.push_back(std::move(*resource));
  });
  metadata.for_each_member([&](std::string_view key, JsonValue value) {
    if (!is_consumed(key) && value)
      generation.extra.push_back({std::string(key), value.text()});
  });
}

}  // namespace

void apply_civitai_comfy(JsonValue extra_metadata, JsonValue airs,
                         const Limits& limits, Generation& generation) {
  // A string in a string has been seen; more has not.
  constexpr int kMaxEncodings = 3;
  std::vector<JsonDocument> documents;
  documents.reserve(kMaxEncodings);
  JsonValue metadata = extra_metadata;
  for (int i = 0; i < kMaxEncodings && metadata.is_string(); ++i) {
    documents.push_back(parse_json(*metadata.string(), limits));
    metadata = documents.back().root();
  }

  std::vector<CivitaiResource> resources;
  if (metadata.is_object()) apply_metadata(metadata, generation, resources);
  if (generation.model) add_air(*generation.model, std::nullopt, resources);
  for (Lora& lora : generation.loras) {
    add_air(lora.name, lora.weight, resources);
    if (lora.name.starts_with(kAirMark) && !lora.model_version_id)
      if (const auto air = parse_air(lora.name))
        lora.model_version_id = air->model_version_id;
  }
  airs.for_each_element([&](JsonValue air) {
    if (const auto name = air.string()) add_air(*name, std::nullopt, resources);
  });
  if (!metadata.is_object() && resources.empty()) return;
  generation.software = "civitai";
  merge_civitai_resources(generation.civitai_resources, std::move(resources));
  apply_civitai_resources(generation);
}

void apply_civitai_loaders(JsonValue extra, Generation& generation) {
  std::vector<CivitaiResource> resources;
  const auto add_checkpoint = [&](std::string_view ids) {
    if (auto resource = resource_of_ids(ids, "checkpoint"))
      resources.push_back(std::move(*resource));
  };
  if (generation.model) add_checkpoint(*generation.model);
  extra["ckpt_airs"].for_each_element([&](JsonValue air) {
    if (const auto ids = air.string()) add_checkpoint(*ids);
  });
  identify_loras(extra["lora_airs"], generation, resources);
  merge_civitai_resources(generation.civitai_resources, std::move(resources));
}

}  // namespace sdmeta
