// SwarmUI and its ancestor StableSwarmUI: JSON in PNG `parameters`, in
// UserComment of JPEG and WebP, in the Exif tag Model of the first versions.
// https://github.com/mcmonkeyprojects/SwarmUI/blob/master/docs/Image%20Metadata%20Format.md
//
//   {"sui_image_params": {"prompt": "a cat", "seed": 7, "cfgscale": "7.5",
//     "loras": ["style"], "loraweights": ["0.8"], "swarm_version": "0.9.4"},
//    "sui_extra_data": {"date": "2025-01-01"},
//    "sui_models": [{"name": "m.safetensors", "param": "model", "hash": "0x.."}]}
#include <algorithm>
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/regional_prompts.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::string_view kParams = "sui_image_params";

constexpr std::array<FieldRule, 27> kRules = {{
    {"prompt", Field::kPrompt},
    {"negativeprompt", Field::kNegativePrompt},
    {"steps", Field::kSteps},
    {"sampler", Field::kSampler},
    {"comfyuisampler", Field::kSampler},
    {"autowebuisampler", Field::kSampler},
    {"scheduler", Field::kScheduler},
    {"comfyuischeduler", Field::kScheduler},
    {"cfgscale", Field::kCfgScale},
    {"fluxguidancescale", Field::kGuidance},
    {"seed", Field::kSeed},
    {"width", Field::kWidth},
    {"height", Field::kHeight},
    {"rawresolution", Field::kSize},  // of the API: "832x1216"
    {"model", Field::kModel},
    {"vae", Field::kVae},
    {"clipstopatlayer", Field::kClipSkip},
    {"initimagecreativity", Field::kDenoisingStrength},
    {"refinerupscale", Field::kHiresUpscale},
    {"refinerupscalemethod", Field::kHiresUpscaler},
    {"refinersteps", Field::kHiresSteps},
    {"refinercontrolpercentage", Field::kHiresDenoisingStrength},
    {"swarm_version", Field::kSoftwareVersion},
    {"swarmVersion", Field::kSoftwareVersion},
    {"loras", Field::kElsewhere},
    {"loraweights", Field::kElsewhere},
    {"loratencweights", Field::kElsewhere},
}};

// `loras`, `loraweights` and, where they differ for the text encoder,
// `loratencweights` are parallel, as arrays or as comma lists.
void read_loras(JsonValue params, Generation& generation) {
  const std::vector<std::string> names = list_of(params["loras"]);
  const std::vector<std::string> weights = list_of(params["loraweights"]);
  const std::vector<std::string> encoder = list_of(params["loratencweights"]);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_placeholder(trimmed(names[i]))) continue;
    Lora& lora = generation.loras.emplace_back();
    lora.name = names[i];
    lora.weight = i < weights.size() ? number_in<double>(weights[i])
                                     : std::optional<double>(1.0);
    if (i < encoder.size()) lora.clip_weight = number_in<double>(encoder[i]);
    if (lora.clip_weight == lora.weight) lora.clip_weight.reset();
  }
}

// The first of that name without a hash; among many thousands none is sought.
Lora* find_lora(Generation& generation, std::string_view name) {
  constexpr std::size_t kMostCompared = 256;
  const std::size_t count = std::min(generation.loras.size(), kMostCompared);
  for (std::size_t i = 0; i < count; ++i) {
    Lora& lora = generation.loras[i];
    if (!lora.hash && equal_ignoring_case(model_base_name(lora.name),
                                          model_base_name(name)))
      return &lora;
  }
  return nullptr;
}

// One entry of `sui_models`; false if it says something no field holds.
bool read_model(JsonValue entry, Generation& generation) {
  const auto name = entry["name"].string();
  const auto param = entry["param"].string();
  if (!name || !param) return false;
  std::optional<std::string> hash;
  if (entry["hash"] && !is_placeholder(entry["hash"].text()))
    hash = entry["hash"].text();
  if (*param == "model") {
    if (!generation.model) generation.model = std::string(*name);
    if (generation.model_hash) return !hash;
    generation.model_hash = hash;
    return true;
  }
  if (*param == "loras") {
    if (Lora* lora = find_lora(generation, *name)) {
      lora->hash = hash;
      if (!lora->weight) lora->weight = entry["weight"].number();
      return true;
    }
    generation.loras.push_back(
        {std::string(*name), entry["weight"].number(), {}, hash, {}});
    return true;
  }
  if (*param == "used_embeddings") {
    generation.embeddings.push_back({std::string(*name), hash});
    return true;
  }
  return false;
}

// Three of them, told by an infix; what has no field stays in `extra` with the
// rest of their settings.
void read_controlnets(JsonValue params, Generation& generation) {
  for (const std::string_view infix : {"", "two", "three"}) {
    const auto value = [&](std::string_view name) {
      return params["controlnet" + std::string(infix) + std::string(name)];
    };
    ControlNet control;
    control.model = model_name_of(value("model"));
    if (!control.model) continue;
    control.module = model_name_of(value("preprocessor"));
    if (!control.module)
      control.module = model_name_of(value("imagepreprocessor"));
    control.weight = value("strength").number();
    control.start = value("start").number();
    control.end = value("end").number();
    generation.controlnets.push_back(std::move(control));
  }
}

// Where hashes are switched off, models are listed nowhere else.
void read_used_embeddings(JsonValue names, Generation& generation) {
  if (!generation.embeddings.empty()) return;
  names.for_each_element([&](JsonValue name) {
    if (const auto text = name.string(); text && !is_placeholder(*text))
      generation.embeddings.push_back({std::string(*text), std::nullopt});
  });
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Payload* const payload = payloads.find_object_with(kParams);
  if (payload == nullptr) return false;
  const JsonValue root = payload->json();
  const JsonValue params = root[kParams];
  if (!params.is_object()) return malformed(kParams, "is no object");
  generation.software = "swarmui";
  read_fields(params, kRules, generation, notes);
  read_loras(params, generation);
  read_controlnets(params, generation);
  root["sui_models"].for_each_element([&](JsonValue entry) {
    if (!read_model(entry, generation))
      add_extra(generation, "sui_models", entry);
  });
  read_used_embeddings(root["sui_extra_data"]["used_embeddings"], generation);
  root.for_each_member([&](std::string_view key, JsonValue value) {
    if (key == kParams || key == "sui_models") return;
    if (key != "sui_extra_data" || !value.is_object()) {
      add_extra(generation, key, value);
      return;
    }
    value.for_each_member([&](std::string_view name, JsonValue item) {
      add_extra(generation, name, item);
    });
  });
  split_scheduler(generation);
  add_prompt_sections(generation);
  return true;
}

}  // namespace

extern const ParserRow swarmui_row = {
    "swarmui", "swarmui",
    "JSON with `sui_image_params`: PNG `parameters`, UserComment, Exif Model",
    read};

}  // namespace sdmeta
