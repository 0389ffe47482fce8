#include "tests/support/golden.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace sdmeta {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
void put(Json& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

Json loras_json(const std::vector<Lora>& loras) {
  Json list = Json::array();
  for (const Lora& lora : loras) {
    Json item = {{"name", lora.name}};
    put(item, "weight", lora.weight);
    put(item, "clip_weight", lora.clip_weight);
    put(item, "hash", lora.hash);
    put(item, "model_version_id", lora.model_version_id);
    list.push_back(item);
  }
  return list;
}

Json resources_json(const std::vector<CivitaiResource>& resources) {
  Json list = Json::array();
  for (const CivitaiResource& resource : resources) {
    Json item = Json::object();
    put(item, "type", resource.type);
    put(item, "model_version_id", resource.model_version_id);
    put(item, "weight", resource.weight);
    put(item, "name", resource.name);
    put(item, "version_name", resource.version_name);
    put(item, "air", resource.air);
    list.push_back(item);
  }
  return list;
}

Json hires_json(const Hires& hires) {
  Json object = Json::object();
  put(object, "upscale", hires.upscale);
  put(object, "upscaler", hires.upscaler);
  put(object, "steps", hires.steps);
  put(object, "width", hires.width);
  put(object, "height", hires.height);
  put(object, "denoising_strength", hires.denoising_strength);
  return object;
}

Json generation_json(const Generation& generation) {
  Json object = {{"software", generation.software}};
  put(object, "software_version", generation.software_version);
  put(object, "prompt", generation.prompt);
  put(object, "negative_prompt", generation.negative_prompt);
  put(object, "steps", generation.steps);
  put(object, "sampler", generation.sampler);
  put(object, "scheduler", generation.scheduler);
  put(object, "sampler_normalized", generation.sampler_normalized);
  put(object, "scheduler_normalized", generation.scheduler_normalized);
  put(object, "cfg_scale", generation.cfg_scale);
  put(object, "guidance", generation.guidance);
  put(object, "seed", generation.seed);
  put(object, "width", generation.width);
  put(object, "height", generation.height);
  put(object, "model", generation.model);
  put(object, "model_hash", generation.model_hash);
  put(object, "vae", generation.vae);
  put(object, "clip_skip", generation.clip_skip);
  put(object, "denoising_strength", generation.denoising_strength);
  if (generation.hires != Hires{})
    object["hires"] = hires_json(generation.hires);
  if (!generation.loras.empty())
    object["loras"] = loras_json(generation.loras);
  for (const Embedding& embedding : generation.embeddings) {
    Json item = {{"name", embedding.name}};
    put(item, "hash", embedding.hash);
    object["embeddings"].push_back(item);
  }
  for (const PromptPart& part : generation.prompts) {
    Json item = {{"role", part.role}};
    put(item, "prompt", part.prompt);
    put(item, "negative_prompt", part.negative_prompt);
    object["prompts"].push_back(item);
  }
  for (const ControlNet& controlnet : generation.controlnets) {
    Json item = Json::object();
    put(item, "model", controlnet.model);
    put(item, "module", controlnet.module);
    put(item, "weight", controlnet.weight);
    put(item, "start", controlnet.start);
    put(item, "end", controlnet.end);
    object["controlnets"].push_back(item);
  }
  for (const Upscaler& upscaler : generation.upscalers) {
    Json item = {{"name", upscaler.name}};
    put(item, "scale", upscaler.scale);
    object["upscalers"].push_back(item);
  }
  if (!generation.civitai_resources.empty())
    object["civitai_resources"] = resources_json(generation.civitai_resources);
  for (const KeyValue& pair : generation.extra)
    object["extra"].push_back({{"key", pair.key}, {"value", pair.value}});
  return object;
}

}  // namespace

std::string describe(const Interpretation& interpretation) {
  Json object = Json::object();
  object["has_text"] = interpretation.has_text;
  if (interpretation.generation)
    object["generation"] = generation_json(*interpretation.generation);
  if (interpretation.error)
    object["error"] = to_text(*interpretation.error);
  for (const Error& warning : interpretation.warnings)
    object["warnings"].push_back(to_text(warning));
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string compare_with_golden(const std::filesystem::path& golden,
                                const std::string& actual) {
  if (std::getenv("SDMETA_UPDATE_GOLDENS") != nullptr) {
    std::ofstream(golden, std::ios::binary) << actual;
    return "";
  }
  std::ifstream stream(golden, std::ios::binary);
  if (!stream)
    return golden.string() +
           " is missing; write it with SDMETA_UPDATE_GOLDENS=1 and read it";
  const std::string expected{std::istreambuf_iterator<char>(stream), {}};
  if (expected == actual) return "";
  return golden.string() + " says\n" + expected + "and the result is\n" + actual;
}

}  // namespace sdmeta
