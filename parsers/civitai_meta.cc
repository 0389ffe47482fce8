// Sample:
//   {"prompt": "a cat", "Size": "512x768", "Model hash": "aeb7e9e689",
//    "hashes": {"model": "aeb7e9e689", "lora:ink": "4852686128"},
//    "resources": [{"type": "lora", "name": "ink", "weight": 0.7,
//                   "hash": "4852686128"}],
//    "additionalResources": [{"type": "lora", "name": "ink.safetensors",
//                             "strength": 0.7, "strengthClip": 1}],
//    "civitaiResources": [{"type": "checkpoint", "modelVersionId": 290640}],
//    "models": ["m.safetensors"], "vaes": ["v.pt"], "upscalers": ["4x.pth"]}
#include "parsers/civitai_meta.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parsers/civitai_resources.h"
#include "parsers/field_map.h"
#include "parsers/lora_tags.h"
#include "parsers/resource_hashes.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

std::optional<std::string> hash_of(JsonValue resource) {
  const auto hash = resource["hash"].string();
  if (!hash || is_placeholder(trimmed(*hash))) return std::nullopt;
  return std::string(*hash);
}

// True if the base model's name and hash say no more than fields do now.
bool take_model(std::string_view name, const std::optional<std::string>& hash,
                Generation& generation) {
  if (!generation.model) generation.model = std::string(name);
  if (generation.model != name) return false;
  if (!generation.model_hash) generation.model_hash = hash;
  return !hash || generation.model_hash == hash;
}

bool take_resource(JsonValue resource, std::vector<Lora>& loras,
                   Generation& generation) {
  const auto type = resource["type"].string();
  const auto name = resource["name"].string();
  if (!type || !name || is_placeholder(trimmed(*name))) return false;
  auto hash = hash_of(resource);
  if (is_lora_type(*type)) {
    Lora& lora = loras.emplace_back();
    lora.name = std::string(*name);
    lora.weight = resource["weight"].number();
    if (!lora.weight) lora.weight = resource["strength"].number();
    lora.clip_weight = resource["strengthClip"].number();
    if (lora.clip_weight == lora.weight) lora.clip_weight.reset();
    lora.hash = std::move(hash);
    return true;
  }
  return equal_ignoring_case(*type, "model") &&
         take_model(*name, hash, generation);
}

// A list of {type, name, weight | strength, hash}. True if fields hold it.
bool take_resources(JsonValue list, Generation& generation) {
  if (!list.is_array()) return false;
  bool is_held = true;
  std::vector<Lora> loras;
  list.for_each_element([&](JsonValue resource) {
    is_held = take_resource(resource, loras, generation) && is_held;
  });
  merge_loras(generation.loras, std::move(loras));
  return is_held;
}

bool take_versions(JsonValue list, Generation& generation) {
  if (!list.is_array()) return false;
  bool is_held = true;
  std::vector<CivitaiResource> resources;
  list.for_each_element([&](JsonValue item) {
    auto resource = read_civitai_resource(item);
    is_held = resource && is_held;
    if (resource) resources.push_back(std::move(*resource));
  });
  merge_civitai_resources(generation.civitai_resources, std::move(resources));
  apply_civitai_resources(generation);
  return is_held;
}

// True if fields hold the name of a file, which the site read off a graph; of
// several models nobody knows which made the picture.
bool take_file(std::string_view kind, std::string_view name, bool is_only,
               Generation& generation) {
  if (kind == "models")
    return is_only && take_model(name, std::nullopt, generation);
  if (kind == "vaes") {
    if (is_only && !generation.vae) generation.vae = std::string(name);
    return generation.vae == name;
  }
  if (kind == "upscalers") {
    generation.upscalers.push_back({std::string(name), std::nullopt});
  } else {
    ControlNet& control = generation.controlnets.emplace_back();
    control.model = std::string(name);
  }
  return true;
}

bool take_files(std::string_view kind, JsonValue list, Generation& generation) {
  if (!list.is_array()) return false;
  const bool is_only = list.size() == 1;
  bool is_held = true;
  list.for_each_element([&](JsonValue item) {
    const auto name = item.string();
    is_held = name && !is_placeholder(trimmed(*name)) &&
              take_file(kind, *name, is_only, generation) && is_held;
  });
  return is_held;
}

bool take_member(std::string_view key, JsonValue value, const Limits& limits,
                 Generation& generation) {
  if (key == "hashes") return apply_hashes(value.text(), limits, generation);
  if (key == "civitaiResources") return take_versions(value, generation);
  if (key == "resources" || key == "additionalResources")
    return take_resources(value, generation);
  return take_files(key, value, generation);
}

}  // namespace

void read_civitai_models(JsonValue meta, const Limits& limits,
                         Generation& generation) {
  for (const std::string_view key : kCivitaiModelKeys) {
    const JsonValue value = meta[key];
    if (!value) continue;
    if (!take_member(key, value, limits, generation))
      add_extra(generation, key, value);
  }
}

}  // namespace sdmeta
