#include "parsers/civitai_resources.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "parsers/air.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

std::optional<std::string> text_of(JsonValue value) {
  const auto text = value.string();
  if (!text || trimmed(*text).empty()) return std::nullopt;
  return std::string(*text);
}

std::optional<std::uint64_t> version_id_of(JsonValue value) {
  const auto id = value.integer();
  if (!id || *id <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(*id);
}

void fill_from_air(CivitaiResource& resource) {
  if (!resource.air) return;
  const auto air = parse_air(*resource.air);
  if (!air) return;
  if (!resource.type) resource.type = std::string(air->type);
  if (!resource.model_version_id)
    resource.model_version_id = air->model_version_id;
}

template <class T>
void fill(std::optional<T>& gap, std::optional<T>& value) {
  if (!gap) gap = std::move(value);
}

// What makes two entries the same resource; empty for nothing.
std::string identity(const CivitaiResource& resource) {
  if (resource.model_version_id)
    return std::to_string(*resource.model_version_id);
  return resource.air.value_or("");
}

bool is_checkpoint(const CivitaiResource& resource) {
  return resource.type && (equal_ignoring_case(*resource.type, "checkpoint") ||
                           equal_ignoring_case(*resource.type, "model"));
}

bool is_lora(const CivitaiResource& resource) {
  return resource.type && is_lora_type(*resource.type);
}

const CivitaiResource* only_checkpoint(
    const std::vector<CivitaiResource>& resources) {
  const CivitaiResource* only = nullptr;
  for (const CivitaiResource& resource : resources) {
    if (!is_checkpoint(resource)) continue;
    if (only != nullptr) return nullptr;
    only = &resource;
  }
  return only;
}

// Keys under which exactly one of several things is found. Anything else than
// one makes a match ambiguous.
template <class Key>
class Unique {
 public:
  void add(Key key, std::size_t position) {
    const auto [it, is_new] = positions_.emplace(std::move(key), position);
    if (!is_new) it->second = kAmbiguous;
  }
  std::optional<std::size_t> find(const Key& key) const {
    const auto it = positions_.find(key);
    if (it == positions_.end() || it->second == kAmbiguous) return std::nullopt;
    return it->second;
  }

 private:
  static constexpr std::size_t kAmbiguous = static_cast<std::size_t>(-1);
  std::unordered_map<Key, std::size_t> positions_;
};

std::string lora_key(std::string_view name) {
  return lower(model_base_name(name));
}

Lora lora_of(const CivitaiResource& resource) {
  Lora lora;
  lora.name = *resource.name;
  lora.weight = resource.weight;
  lora.model_version_id = resource.model_version_id;
  return lora;
}

void add_loras(Generation& generation) {
  for (const CivitaiResource& resource : generation.civitai_resources)
    if (is_lora(resource) && resource.name)
      generation.loras.push_back(lora_of(resource));
}

// LoraManager's saver names LoRAs in `Hashes` and weights here, in one order.
// False if that is not what there is.
bool pair_in_order(Generation& generation) {
  std::vector<const CivitaiResource*> nameless;
  for (const CivitaiResource& resource : generation.civitai_resources) {
    if (!is_lora(resource)) continue;
    if (resource.name) return false;
    nameless.push_back(&resource);
  }
  if (nameless.size() != generation.loras.size()) return false;
  for (std::size_t i = 0; i < nameless.size(); ++i) {
    generation.loras[i].weight = nameless[i]->weight;
    generation.loras[i].model_version_id = nameless[i]->model_version_id;
  }
  return true;
}

// ComfyUI-Image-Saver takes all tags out of the prompt. What civitai knows
// stands here, what it does not stands in `Hashes`.
void add_other_loras(Generation& generation) {
  std::unordered_set<std::uint64_t> ids;
  std::unordered_set<std::string> names;
  for (const Lora& lora : generation.loras) {
    if (lora.model_version_id) ids.insert(*lora.model_version_id);
    names.insert(lora_key(lora.name));
  }
  for (const CivitaiResource& resource : generation.civitai_resources)
    if (is_lora(resource) && resource.name &&
        !(resource.model_version_id &&
          ids.contains(*resource.model_version_id)) &&
        !names.contains(lora_key(*resource.name)))
      generation.loras.push_back(lora_of(resource));
}

}  // namespace

std::optional<CivitaiResource> read_civitai_resource(JsonValue item) {
  CivitaiResource resource;
  resource.type = text_of(item["type"]);
  resource.model_version_id = version_id_of(item["modelVersionId"]);
  resource.weight = item["weight"].number();
  if (!resource.weight) resource.weight = item["strength"].number();
  resource.name = text_of(item["modelName"]);
  resource.version_name = text_of(item["modelVersionName"]);
  if (!resource.version_name)
    resource.version_name = text_of(item["versionName"]);
  resource.air = text_of(item["air"]);
  fill_from_air(resource);
  if (!resource.model_version_id && !resource.name && !resource.air)
    return std::nullopt;
  return resource;
}

bool is_lora_type(std::string_view type) {
  constexpr std::array<std::string_view, 5> kTypes = {"lora", "lycoris",
                                                      "locon", "dora", "loha"};
  return std::any_of(kTypes.begin(), kTypes.end(), [&](std::string_view known) {
    return equal_ignoring_case(type, known);
  });
}

CivitaiResource resource_of_air(std::string_view air) {
  CivitaiResource resource;
  resource.air = std::string(air);
  fill_from_air(resource);
  return resource;
}

void merge_civitai_resources(std::vector<CivitaiResource>& resources,
                             std::vector<CivitaiResource> more) {
  std::unordered_map<std::string, std::size_t> positions;
  for (std::size_t i = 0; i < resources.size(); ++i)
    positions.emplace(identity(resources[i]), i);
  for (CivitaiResource& resource : more) {
    std::string id = identity(resource);
    const auto known = id.empty() ? positions.end() : positions.find(id);
    if (known == positions.end()) {
      positions.emplace(std::move(id), resources.size());
      resources.push_back(std::move(resource));
      continue;
    }
    CivitaiResource& target = resources[known->second];
    fill(target.type, resource.type);
    fill(target.model_version_id, resource.model_version_id);
    fill(target.weight, resource.weight);
    fill(target.name, resource.name);
    fill(target.version_name, resource.version_name);
    fill(target.air, resource.air);
  }
}

void attach_version_ids(Generation& generation) {
  const auto& resources = generation.civitai_resources;
  if (resources.empty() || generation.loras.empty()) return;
  Unique<std::string> by_name;
  Unique<double> by_weight;
  Unique<double> lora_by_weight;
  for (std::size_t i = 0; i < resources.size(); ++i) {
    const CivitaiResource& resource = resources[i];
    if (!is_lora(resource) || !resource.model_version_id) continue;
    if (resource.name) by_name.add(lora_key(*resource.name), i);
    by_weight.add(resource.weight.value_or(1.0), i);
  }
  std::unordered_set<std::uint64_t> attached;
  for (std::size_t i = 0; i < generation.loras.size(); ++i) {
    Lora& lora = generation.loras[i];
    if (lora.weight) lora_by_weight.add(*lora.weight, i);
    const auto found = by_name.find(lora_key(lora.name));
    if (found && !lora.model_version_id) {
      lora.model_version_id = resources[*found].model_version_id;
      if (!lora.weight) lora.weight = resources[*found].weight;
    }
    if (lora.model_version_id) attached.insert(*lora.model_version_id);
  }
  for (Lora& lora : generation.loras) {
    if (lora.model_version_id || !lora.weight ||
        !lora_by_weight.find(*lora.weight))
      continue;
    const auto found = by_weight.find(*lora.weight);
    if (found && !attached.contains(*resources[*found].model_version_id))
      lora.model_version_id = resources[*found].model_version_id;
  }
}

void apply_civitai_resources(Generation& generation) {
  if (generation.civitai_resources.empty()) return;
  if (!generation.model)
    if (const auto* checkpoint = only_checkpoint(generation.civitai_resources))
      generation.model = checkpoint->name;
  if (generation.loras.empty()) {
    add_loras(generation);
    return;
  }
  // Tags have weights, hashes have none.
  const bool are_hashes_alone =
      std::none_of(generation.loras.begin(), generation.loras.end(),
                   [](const Lora& lora) { return lora.weight.has_value(); });
  if (are_hashes_alone && pair_in_order(generation)) return;
  attach_version_ids(generation);
  if (are_hashes_alone) add_other_loras(generation);
}

}  // namespace sdmeta
