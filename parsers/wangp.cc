// WanGP (Wan2GP): the settings of a picture or video as JSON in PNG `comment`,
// UserComment of JPEG and WebP, the comment of an MP4.
// `save_image_metadata` in
// https://github.com/deepbeepmeep/Wan2GP/blob/main/shared/utils/audio_video.py
//
//   {"prompt": "a cat", "resolution": "1280x720", "num_inference_steps": 30,
//    "seed": 7, "activated_loras": ["x.safetensors"], "loras_multipliers":
//    "0.8", "model_type": "t2v", "type": "WanGP v9.1 by DeepBeepMeep - Wan2.1",
//    ...}
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::string_view kType = "type";
constexpr std::string_view kName = "WanGP ";

constexpr auto kRules = std::to_array<FieldRule>({
    {"prompt", Field::kPrompt},
    {"negative_prompt", Field::kNegativePrompt},
    {"resolution", Field::kSize},
    {"num_inference_steps", Field::kSteps},
    {"guidance_scale", Field::kCfgScale},
    {"embedded_guidance_scale", Field::kGuidance},
    {"seed", Field::kSeed},
    {"sample_solver", Field::kSampler},
    {"denoising_strength", Field::kDenoisingStrength},
    {"model_filename", Field::kElsewhere},
    {"activated_loras", Field::kElsewhere},
});

// Other JSON beside it may have a `type`, too.
const Payload* find_settings(const Payloads& payloads) {
  for (const Payload& payload : payloads.all()) {
    if (!payload.looks_like_json() || !payload.may_have(kType)) continue;
    const auto type = payload.json()[kType].string();
    if (type && type->starts_with(kName)) return &payload;
  }
  return nullptr;
}

// Files may be named by the address that they were loaded from.
std::string file_name_of(std::string_view name) {
  if (name.find("://") == name.npos) return std::string(name);
  name = name.substr(0, name.find('?'));
  return std::string(name.substr(name.rfind('/') + 1));
}

// `1 0.8`: one to a file, divided by blanks or line ends. A weight that changes
// with the steps (`1,0.5`) or between two models (`1;0`) is no number.
std::string_view next_multiplier(std::string_view& text) {
  text = trimmed(text);
  const std::string_view multiplier = text.substr(0, text.find_first_of(" \n"));
  text.remove_prefix(multiplier.size());
  return multiplier;
}

void read_loras(JsonValue root, Generation& generation) {
  std::string_view multipliers =
      root["loras_multipliers"].string().value_or("");
  root["activated_loras"].for_each_element([&](JsonValue file) {
    const std::string_view multiplier = next_multiplier(multipliers);
    if (const auto name = file.string())
      add_lora(generation, file_name_of(*name), number_in<double>(multiplier));
  });
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Payload* const payload = find_settings(payloads);
  if (payload == nullptr) return false;
  const JsonValue root = payload->json();
  generation.software = "wangp";
  read_fields(root, kRules, generation, notes);
  read_loras(root, generation);
  if (const auto file = root["model_filename"].string())
    set_field(generation, Field::kModel, file_name_of(*file));
  if (!generation.model)
    set_field(generation, Field::kModel, root["model_type"]);
  std::string_view version = *root[kType].string();
  version.remove_prefix(kName.size());
  set_field(generation, Field::kSoftwareVersion,
            version.substr(0, version.find(' ')));
  return true;
}

}  // namespace

extern const ParserRow wangp_row = {
    "wangp", "wangp", "JSON: PNG `comment`, UserComment, MP4 comment", read};

}  // namespace sdmeta
