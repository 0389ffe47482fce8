// Spaces of Hugging Face that run diffusers behind Gradio (Animagine XL and the
// many copies of its demo): JSON in PNG `parameters`.
// https://huggingface.co/spaces/cagliostrolab/animagine-xl-3.1
//
//   {"prompt": "1girl", "negative_prompt": "lowres", "resolution": "832 x 1216",
//    "guidance_scale": 7, "num_inference_steps": 28, "seed": 1, "sampler":
//    "Euler a", "Model": "Animagine XL 3.1", "Model hash": "e3c47aedb0",
//    "use_upscaler": {"upscale_method": "nearest-exact", "upscale_by": 1.5}}
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"

namespace sdmeta {
namespace {

constexpr std::array<FieldRule, 16> kRules = {{
    {"prompt", Field::kPrompt},
    {"negative_prompt", Field::kNegativePrompt},
    {"resolution", Field::kSize},
    {"width", Field::kWidth},
    {"height", Field::kHeight},
    {"guidance_scale", Field::kCfgScale},
    {"num_inference_steps", Field::kSteps},
    {"seed", Field::kSeed},
    {"sampler", Field::kSampler},
    {"scheduler", Field::kScheduler},
    {"Model", Field::kElsewhere},
    {"model", Field::kModel},
    {"Model hash", Field::kModelHash},
    {"VAE", Field::kVae},
    {"use_lora", Field::kElsewhere},
    {"use_upscaler", Field::kElsewhere},
}};

constexpr std::array<FieldRule, 2> kModelRules = {{
    {"Model", Field::kModel},
    {"Model hash", Field::kModelHash},
}};

constexpr std::array<FieldRule, 5> kUpscalerRules = {{
    {"upscale_method", Field::kHiresUpscaler},
    {"upscaler_strength", Field::kHiresDenoisingStrength},
    {"upscale_by", Field::kHiresUpscale},
    {"upscale_steps", Field::kHiresSteps},
    {"new_resolution", Field::kHiresSize},
}};

const Payload* find_object(const Payloads& payloads) {
  const Payload* payload = payloads.find_object_with("resolution");
  if (payload == nullptr) return nullptr;
  const JsonValue root = payload->json();
  const bool is_ours = root["resolution"].is_string() && root["prompt"] &&
                       (root["Model"] || root["num_inference_steps"]);
  return is_ours ? payload : nullptr;
}

// {"selected_lora": "owner/repository", "multiplier": 0.8}
void read_lora(JsonValue lora, Generation& generation) {
  const auto name = model_name_of(lora["selected_lora"]);
  if (!name) {
    add_extra(generation, "use_lora", lora);
    return;
  }
  add_lora(generation, *name, lora["multiplier"].number());
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Payload* const payload = find_object(payloads);
  if (payload == nullptr) return false;
  const JsonValue root = payload->json();
  generation.software = "hf-space";
  read_fields(root, kRules, generation, notes);
  // Animagine XL 3.1 itself writes name and hash as one object.
  const JsonValue model = root["Model"];
  if (model.is_object())
    read_fields(model, kModelRules, generation, notes);
  else
    set_field(generation, Field::kModel, model);
  read_lora(root["use_lora"], generation);
  const JsonValue upscaler = root["use_upscaler"];
  if (upscaler.is_object())
    read_fields(upscaler, kUpscalerRules, generation, notes);
  else
    add_extra(generation, "use_upscaler", upscaler);
  split_scheduler(generation);
  return true;
}

}  // namespace

extern const ParserRow hf_space_row = {"hf_space", "hf-space",
                                       "PNG `parameters` JSON", read};

}  // namespace sdmeta
