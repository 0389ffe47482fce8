#include "parsers/generic_rules.h"

#include <algorithm>
#include <array>

namespace sdmeta {
namespace {

constexpr auto kRules = std::to_array<FieldRule>({
    {"positive_prompt", Field::kPrompt},
    {"positivePrompt", Field::kPrompt},
    {"PositivePrompt", Field::kPrompt},
    {"prompt", Field::kPrompt},
    {"Prompt", Field::kPrompt},
    // Primere's image saver (CosmicLaca/ComfyUI_Primere_Nodes, Outputs.py)
    {"positive", Field::kPrompt},
    {"text", Field::kPrompt},
    // ArtroomAI/artroom-local, imageMetadata.d.ts; Stability AI's API
    {"text_prompts", Field::kPrompt},
    {"prompts", Field::kPrompt},
    {"negative_prompt", Field::kNegativePrompt},
    {"negativePrompt", Field::kNegativePrompt},
    {"NegativePrompt", Field::kNegativePrompt},
    {"negativeprompt", Field::kNegativePrompt},
    {"Negative Prompt", Field::kNegativePrompt},
    {"Negative prompt", Field::kNegativePrompt},
    {"negative-prompt", Field::kNegativePrompt},
    {"negative", Field::kNegativePrompt},
    {"Negative", Field::kNegativePrompt},
    {"negative_prompts", Field::kNegativePrompt},
    {"steps", Field::kSteps},
    {"Steps", Field::kSteps},
    {"num_inference_steps", Field::kSteps},
    {"num_steps", Field::kSteps},
    {"ddim_steps", Field::kSteps},
    {"step_count", Field::kSteps},
    {"inference_steps", Field::kSteps},
    {"Inference Steps", Field::kSteps},
    {"Inference Step Count", Field::kSteps},
    {"sampler", Field::kSampler},
    {"Sampler", Field::kSampler},
    {"sampler_name", Field::kSampler},
    {"samplerName", Field::kSampler},
    {"sampler_index", Field::kSampler},  // A1111's API
    {"sampling_method", Field::kSampler},
    {"scheduler", Field::kScheduler},
    {"Scheduler", Field::kScheduler},
    {"schedule_type", Field::kScheduler},
    {"cfg_scale", Field::kCfgScale},
    {"cfgScale", Field::kCfgScale},
    {"CfgScale", Field::kCfgScale},
    {"CFG scale", Field::kCfgScale},
    {"CFG Scale", Field::kCfgScale},
    {"CFGScale", Field::kCfgScale},
    {"cfg", Field::kCfgScale},
    {"guidance_scale", Field::kCfgScale},
    {"guidanceScale", Field::kCfgScale},
    {"Guidance Scale", Field::kCfgScale},
    {"scale", Field::kCfgScale},
    {"guidance", Field::kGuidance},
    {"seed", Field::kSeed},
    {"Seed", Field::kSeed},
    {"width", Field::kWidth},
    {"Width", Field::kWidth},
    {"height", Field::kHeight},
    {"Height", Field::kHeight},
    {"size", Field::kSize},
    {"Size", Field::kSize},
    {"resolution", Field::kSize},
    {"model", Field::kModel},
    {"Model", Field::kModel},
    {"model_name", Field::kModel},
    {"model_id", Field::kModel},
    {"model_data_name", Field::kModel},  // AI Runner
    // `sd_model_checkpoint`: a request to A1111's API; the other `sd_*`: its
    // reply (`Processed.js` in modules/processing.py)
    {"sd_model_checkpoint", Field::kModel},
    {"sd_model_name", Field::kModel},
    {"checkpoint", Field::kModel},
    {"base_model", Field::kModel},
    {"base_model_name", Field::kModel},
    {"ckpt", Field::kModel},
    {"model_hash", Field::kModelHash},
    {"sd_model_hash", Field::kModelHash},
    {"vae", Field::kVae},
    {"sd_vae", Field::kVae},
    {"sd_vae_name", Field::kVae},
    {"clip_skip", Field::kClipSkip},
    {"clipSkip", Field::kClipSkip},
    {"denoising_strength", Field::kDenoisingStrength},
    {"denoisingStrength", Field::kDenoisingStrength},
    {"strength", Field::kDenoisingStrength},
    // NMKD Stable Diffusion GUI
    {"promptNeg", Field::kNegativePrompt},
    {"Scale", Field::kCfgScale},
    {"scaleTxt", Field::kCfgScale},
    {"BaseResolution", Field::kSize},
    {"base_resolution", Field::kSize},
    {"w", Field::kWidth},
    {"h", Field::kHeight},
    {"initStrength", Field::kDenoisingStrength},
    // Labels of infotext, as civitai's API has them
    {"Model hash", Field::kModelHash},
    {"VAE", Field::kVae},
    {"Clip skip", Field::kClipSkip},
    {"Schedule type", Field::kScheduler},
    {"Distilled CFG Scale", Field::kGuidance},
    {"Denoising strength", Field::kDenoisingStrength},
    {"denoise", Field::kDenoisingStrength},
    {"Hires upscale", Field::kHiresUpscale},
    {"Hires upscaler", Field::kHiresUpscaler},
    {"Hires steps", Field::kHiresSteps},
    {"Hires resize", Field::kHiresSize},
    {"loras", Field::kElsewhere},
    {"Loras", Field::kElsewhere},
    {"loraList", Field::kElsewhere},
    {"lora_paths", Field::kElsewhere},
    {"lora_scales", Field::kElsewhere},
    {"mflux_version", Field::kSoftwareVersion},
    {"software", Field::kElsewhere},
});

constexpr std::array<Field, 7> kTelling = {
    Field::kSeed,    Field::kSteps,     Field::kWidth, Field::kCfgScale,
    Field::kSampler, Field::kScheduler, Field::kModel};

}  // namespace

std::span<const FieldRule> generic_rules() { return kRules; }

bool describe_generation(std::span<const Field> fields) {
  const auto has = [fields](Field field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  return has(Field::kPrompt) &&
         std::count_if(kTelling.begin(), kTelling.end(), has) >= 2;
}

}  // namespace sdmeta
