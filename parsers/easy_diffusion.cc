// Easy Diffusion. PNG: one text chunk for each parameter. JPEG and WebP: the
// same pairs as a JSON object in UserComment. The keys are labels (`Negative
// Prompt`) where sidecar files were asked for as text.
// https://github.com/easydiffusion/easydiffusion/blob/main/ui/easydiffusion/utils/save_utils.py
//
//   prompt: a cat
//   negative_prompt:
//   use_stable_diffusion_model: sd-v1-5
//   num_inference_steps: 25
//   use_lora_model: ['add_detail', 'style']
//   lora_alpha: [0.5, 0.8]
#include <algorithm>
#include <array>

#include "parsers/field_map.h"
#include "parsers/generic_rules.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr auto kRules = std::to_array<FieldRule>({
    {"prompt", Field::kPrompt},
    {"Prompt", Field::kPrompt},
    {"negative_prompt", Field::kNegativePrompt},
    {"Negative Prompt", Field::kNegativePrompt},
    {"seed", Field::kSeed},
    {"Seed", Field::kSeed},
    {"use_stable_diffusion_model", Field::kModel},
    {"Stable Diffusion model", Field::kModel},
    {"use_vae_model", Field::kVae},
    {"VAE model", Field::kVae},
    {"sampler_name", Field::kSampler},
    {"Sampler", Field::kSampler},
    {"scheduler_name", Field::kScheduler},
    {"Scheduler", Field::kScheduler},
    {"width", Field::kWidth},
    {"Width", Field::kWidth},
    {"height", Field::kHeight},
    {"Height", Field::kHeight},
    {"num_inference_steps", Field::kSteps},
    {"Steps", Field::kSteps},
    {"guidance_scale", Field::kCfgScale},
    {"Guidance Scale", Field::kCfgScale},
    {"distilled_guidance_scale", Field::kGuidance},
    {"Distilled Guidance", Field::kGuidance},
    {"prompt_strength", Field::kDenoisingStrength},
    {"Prompt Strength", Field::kDenoisingStrength},
    {"clip_skip", Field::kElsewhere},
    {"Clip Skip", Field::kElsewhere},
    {"use_lora_model", Field::kElsewhere},
    {"LoRA model", Field::kElsewhere},
    {"lora_alpha", Field::kElsewhere},
    {"LoRA Strength", Field::kElsewhere},
    {"use_embeddings_model", Field::kElsewhere},
    {"use_embedding_models", Field::kElsewhere},
    {"Embedding models", Field::kElsewhere},
    {"use_controlnet_model", Field::kElsewhere},
    {"ControlNet model", Field::kElsewhere},
    {"control_filter_to_apply", Field::kElsewhere},
    {"ControlNet Filter", Field::kElsewhere},
    {"control_alpha", Field::kElsewhere},
    {"ControlNet Strength", Field::kElsewhere},
    {"use_upscale", Field::kElsewhere},
    {"Use Upscaling", Field::kElsewhere},
    {"upscale_amount", Field::kElsewhere},
    {"Upscale By", Field::kElsewhere},
});

constexpr std::array<std::string_view, 2> kModelKeys = {
    "use_stable_diffusion_model", "Stable Diffusion model"};

// The pairs, from chunks or from JSON; both have them as text.
using Pairs = std::vector<std::pair<std::string_view, std::string>>;

bool is_chunk(const Payload& payload) {
  switch (payload.field().carrier) {
    case Carrier::kPngText:
    case Carrier::kPngZtxt:
    case Carrier::kPngItxt:
      return true;
    default:
      return false;
  }
}

// `model`, `Model`: somebody else's chunks.
bool has_other_model(const Payloads& payloads) {
  const auto rules = generic_rules();
  return std::any_of(rules.begin(), rules.end(), [&](const FieldRule& rule) {
    return rule.field == Field::kModel && payloads.find(rule.key) != nullptr;
  });
}

bool has_chunks(const Payloads& payloads) {
  for (const std::string_view key : kModelKeys)
    if (payloads.find(key) != nullptr) return true;
  // No model was chosen, or another program re-wrote the file and lost it.
  const auto has = [&](std::string_view a, std::string_view b) {
    return payloads.find(a) != nullptr || payloads.find(b) != nullptr;
  };
  return has("negative_prompt", "Negative Prompt") && has("seed", "Seed") &&
         has("num_inference_steps", "Guidance Scale") &&
         !has_other_model(payloads);
}

const Payload* find_object(const Payloads& payloads) {
  for (const std::string_view key : kModelKeys)
    if (const Payload* payload = payloads.find_object_with(key)) return payload;
  return nullptr;
}

// Nothing if Easy Diffusion wrote none.
std::optional<Pairs> read_pairs(const Payloads& payloads) {
  Pairs pairs;
  if (const Payload* object = find_object(payloads)) {
    object->json().for_each_member([&](std::string_view key, JsonValue value) {
      if (value) pairs.emplace_back(key, value.text());
    });
    return pairs;
  }
  if (!has_chunks(payloads)) return std::nullopt;
  for (const Payload& payload : payloads.all())
    if (is_chunk(payload) && payload.key() != "Software")
      pairs.emplace_back(payload.key(), payload.field().value);
  return pairs;
}

std::string_view value_of(const Pairs& pairs, std::string_view key,
                          std::string_view label) {
  for (const auto& [name, value] : pairs)
    if ((name == key || name == label) && !is_placeholder(trimmed(value)))
      return value;
  return {};
}

void read_loras(const Pairs& pairs, const Limits& limits,
                Generation& generation) {
  const auto names =
      list_in(value_of(pairs, "use_lora_model", "LoRA model"), limits);
  const auto weights =
      list_in(value_of(pairs, "lora_alpha", "LoRA Strength"), limits);
  for (std::size_t i = 0; i < names.size(); ++i)
    add_lora(generation, names[i],
             i < weights.size() ? number_in<double>(weights[i]) : std::nullopt);
}

// Before 3.0 those that were found in the prompts, by their paths.
void read_embeddings(const Pairs& pairs, const Limits& limits,
                     Generation& generation) {
  std::string_view names =
      value_of(pairs, "use_embeddings_model", "Embedding models");
  if (names.empty()) names = value_of(pairs, "use_embedding_models", "");
  for (const std::string& name : list_in(names, limits))
    if (!is_placeholder(name)) generation.embeddings.push_back({name, {}});
}

// A switch: on means that the last layer is left out, which is 2 elsewhere.
void read_clip_skip(std::string_view text, Generation& generation) {
  if (equal_ignoring_case(text, "true"))
    generation.clip_skip = 2;
  else if (!equal_ignoring_case(text, "false"))
    set_field(generation, Field::kClipSkip, text);
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const auto found = read_pairs(payloads);
  if (!found) return false;
  const Pairs& pairs = *found;
  generation.software = "easy-diffusion";
  for (const auto& [key, value] : pairs) {
    const FieldRule* rule = nullptr;
    for (const FieldRule& each : kRules)
      if (each.key == key) rule = &each;
    if (value == "None") continue;  // Python's, in a text chunk
    if (rule != nullptr && set_field(generation, rule->field, value)) continue;
    if (rule != nullptr)
      notes.push_back({ErrorCode::kBadNumber,
                       std::string(key) + ": " + value.substr(0, 80),
                       {}});
    add_extra(generation, key, value);
  }
  read_loras(pairs, payloads.limits(), generation);
  read_embeddings(pairs, payloads.limits(), generation);
  const std::string_view control =
      value_of(pairs, "use_controlnet_model", "ControlNet model");
  if (!control.empty()) {
    ControlNet& controlnet = generation.controlnets.emplace_back();
    controlnet.model = std::string(control);
    const std::string_view filter =
        value_of(pairs, "control_filter_to_apply", "ControlNet Filter");
    if (!filter.empty()) controlnet.module = std::string(filter);
    controlnet.weight =
        number_in<double>(value_of(pairs, "control_alpha", "ControlNet Strength"));
  }
  const std::string_view upscaler =
      value_of(pairs, "use_upscale", "Use Upscaling");
  if (!upscaler.empty())
    generation.upscalers.push_back(
        {std::string(upscaler),
         number_in<double>(value_of(pairs, "upscale_amount", "Upscale By"))});
  read_clip_skip(value_of(pairs, "clip_skip", "Clip Skip"), generation);
  return true;
}

}  // namespace

extern const ParserRow easy_diffusion_row = {
    "easy_diffusion", "easy-diffusion",
    "one PNG chunk for each parameter; JSON in UserComment", read};

}  // namespace sdmeta
