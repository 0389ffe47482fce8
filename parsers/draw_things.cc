// Draw Things (macOS, iOS): XMP with CreatorTool and a JSON object as
// exif:UserComment. The app's writer is not public; the shape is what readers of
// its files expect.
//
//   {"c": "a cat", "uc": "dog", "model": "sd_v1.5_f16.ckpt", "sampler":
//    "DPM++ 2M Karras", "scale": 7.5, "seed": 1, "steps": 20, "strength": 1,
//    "size": "512x768", "lora": [{"model": "x_lora_f16.ckpt", "weight": 0.6}],
//    "v2": {"clipSkip": 1, ...}}
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::array<FieldRule, 14> kRules = {{
    {"c", Field::kPrompt},
    {"uc", Field::kNegativePrompt},
    {"model", Field::kModel},
    {"sampler", Field::kSampler},
    {"scale", Field::kCfgScale},
    {"guidance_embed", Field::kGuidance},
    {"seed", Field::kSeed},
    {"steps", Field::kSteps},
    {"strength", Field::kDenoisingStrength},
    {"size", Field::kSize},
    {"clip_skip", Field::kClipSkip},
    {"lora", Field::kElsewhere},
    {"control", Field::kElsewhere},
    {"upscaler", Field::kElsewhere},
}};

const Payload* find_object(const Payloads& payloads) {
  const Payload* payload = payloads.find_object_with("c");
  if (payload == nullptr) return nullptr;
  const JsonValue root = payload->json();
  const bool is_ours = root["c"].is_string() &&
                       (root["uc"] || root["scale"] || root["v2"] ||
                        root["seed_mode"]);
  return is_ours ? payload : nullptr;
}

// Camel case configuration of newer versions, which repeats all of the above.
void read_configuration(JsonValue v2, Generation& generation) {
  if (!generation.clip_skip)
    set_field(generation, Field::kClipSkip, v2["clipSkip"]);
  if (!generation.guidance && v2["guidanceEmbed"] &&
      v2["speedUpWithGuidanceEmbed"].boolean() == false)
    set_field(generation, Field::kGuidance, v2["guidanceEmbed"]);
  set_field(generation, Field::kVae, v2["vae"]);
  if (v2["hiresFix"].boolean() == true) {
    set_field(generation, Field::kHiresDenoisingStrength,
              v2["hiresFixStrength"]);
  }
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Payload* const payload = find_object(payloads);
  if (payload == nullptr) return false;
  const JsonValue root = payload->json();
  generation.software = "draw-things";
  read_fields(root, kRules, generation, notes);
  root["lora"].for_each_element([&](JsonValue entry) {
    JsonValue name = entry["model"];
    if (!name) name = entry["file"];
    if (const auto text = model_name_of(name))
      add_lora(generation, *text, entry["weight"].number());
  });
  root["control"].for_each_element([&](JsonValue entry) {
    ControlNet& control = generation.controlnets.emplace_back();
    control.model = model_name_of(entry["model"] ? entry["model"] : entry["file"]);
    control.weight = entry["weight"].number();
    control.start = entry["guidance_start"].number();
    control.end = entry["guidance_end"].number();
  });
  if (const auto name = model_name_of(root["upscaler"]))
    generation.upscalers.push_back({*name, root["upscaler_scale"].number()});
  read_configuration(root["v2"], generation);
  split_scheduler(generation);
  return true;
}

}  // namespace

extern const ParserRow draw_things_row = {"draw_things", "draw-things",
                                          "XMP exif:UserComment JSON", read};

}  // namespace sdmeta
