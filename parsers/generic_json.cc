// JSON that no other row knows but that plainly describes a generation: scripts
// around diffusers, bots, small web services. A prompt and two other parameters
// under any of the names below are asked for, so that chance objects are not
// taken.
//
//   {"prompt": "a cat", "num_inference_steps": 30, "guidance_scale": 7.5,
//    "seed": 42}
#include <algorithm>
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// In order of preference, where two keys mean the same field.
constexpr auto kRules = std::to_array<FieldRule>({
    {"positive_prompt", Field::kPrompt},
    {"positivePrompt", Field::kPrompt},
    {"PositivePrompt", Field::kPrompt},
    {"prompt", Field::kPrompt},
    {"Prompt", Field::kPrompt},
    {"text", Field::kPrompt},
    {"negative_prompt", Field::kNegativePrompt},
    {"negativePrompt", Field::kNegativePrompt},
    {"NegativePrompt", Field::kNegativePrompt},
    {"negativeprompt", Field::kNegativePrompt},
    {"Negative Prompt", Field::kNegativePrompt},
    {"Negative prompt", Field::kNegativePrompt},
    {"negative", Field::kNegativePrompt},
    {"Negative", Field::kNegativePrompt},
    {"steps", Field::kSteps},
    {"Steps", Field::kSteps},
    {"num_inference_steps", Field::kSteps},
    {"num_steps", Field::kSteps},
    {"ddim_steps", Field::kSteps},
    {"sampler", Field::kSampler},
    {"Sampler", Field::kSampler},
    {"sampler_name", Field::kSampler},
    {"samplerName", Field::kSampler},
    {"sampling_method", Field::kSampler},
    {"scheduler", Field::kScheduler},
    {"Scheduler", Field::kScheduler},
    {"schedule_type", Field::kScheduler},
    {"cfg_scale", Field::kCfgScale},
    {"cfgScale", Field::kCfgScale},
    {"CfgScale", Field::kCfgScale},
    {"CFG scale", Field::kCfgScale},
    {"cfg", Field::kCfgScale},
    {"guidance_scale", Field::kCfgScale},
    {"guidanceScale", Field::kCfgScale},
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
    {"checkpoint", Field::kModel},
    {"base_model", Field::kModel},
    {"base_model_name", Field::kModel},
    {"model_hash", Field::kModelHash},
    {"vae", Field::kVae},
    {"clip_skip", Field::kClipSkip},
    {"clipSkip", Field::kClipSkip},
    {"denoising_strength", Field::kDenoisingStrength},
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
    {"loras", Field::kElsewhere},
    {"Loras", Field::kElsewhere},
    {"lora_paths", Field::kElsewhere},
    {"lora_scales", Field::kElsewhere},
    {"mflux_version", Field::kSoftwareVersion},
    {"software", Field::kElsewhere},
});

// Writers whose JSON needs no more than the rules above, told by the key it
// stands under or by a member.
struct Writer {
  std::string_view mark;
  std::string_view software;
};
constexpr auto kWriters = std::to_array<Writer>({
    // n00mkrad/text2image-gui, ImageMetadata.cs
    {"Nmkdiffusers", "nmkd"},
    {"GenerationInfo", "nmkd"},
    {"GenerationInfoJson", "nmkd"},
    // filipstrand/mflux, image_util.py
    {"mflux_version", "mflux"},
});

std::string_view software_of(const Payload& payload) {
  for (const Writer& writer : kWriters)
    if (payload.key() == writer.mark || payload.json()[writer.mark])
      return writer.software;
  return "unknown-json";
}

// Fields that tell a generation from any other object with a `text` in it.
constexpr std::array<Field, 7> kTelling = {
    Field::kSeed,    Field::kSteps,     Field::kWidth, Field::kCfgScale,
    Field::kSampler, Field::kScheduler, Field::kModel};

bool describes_generation(JsonValue root) {
  bool has_prompt = false;
  std::array<bool, kTelling.size()> has{};
  for (const FieldRule& rule : kRules) {
    const JsonValue value = root[rule.key];
    if (!value || value.is_object()) continue;
    if (rule.field == Field::kPrompt) has_prompt |= value.is_string();
    for (std::size_t i = 0; i < kTelling.size(); ++i)
      if (kTelling[i] == rule.field) has[i] = true;
  }
  return has_prompt && std::count(has.begin(), has.end(), true) >= 2;
}

const Payload* find_object(const Payloads& payloads) {
  for (const Payload& payload : payloads.all())
    if (payload.looks_like_json() && payload.key() != "workflow" &&
        describes_generation(payload.json()))
      return &payload;
  return nullptr;
}

bool claims(const Payloads& payloads) {
  return find_object(payloads) != nullptr;
}

// Rules in order of preference, not members in the writer's order: a `text`
// beside a `prompt` is something else. What no rule took goes to `extra`.
void fill_in_order(JsonValue root, Generation& generation) {
  std::array<bool, kRules.size()> is_taken{};
  for (std::size_t i = 0; i < kRules.size(); ++i)
    is_taken[i] = set_field(generation, kRules[i].field, root[kRules[i].key]);
  root.for_each_member([&](std::string_view key, JsonValue value) {
    for (std::size_t i = 0; i < kRules.size(); ++i)
      if (kRules[i].key == key && is_taken[i]) return;
    add_extra(generation, key, value);
  });
}

// [{name | model | path, weight | scale | strength}], or names alone.
void read_loras(JsonValue loras, Generation& generation) {
  const auto add = [&](std::string_view name, std::optional<double> weight) {
    if (!is_placeholder(trimmed(name)))
      generation.loras.push_back({std::string(name), weight, {}, {}, {}});
  };
  loras.for_each_element([&](JsonValue lora) {
    if (const auto name = lora.string()) add(*name, std::nullopt);
    for (const std::string_view key : {"name", "model", "path"}) {
      const auto name = lora[key].string();
      if (!name) continue;
      std::optional<double> weight;
      for (const std::string_view weight_key : {"weight", "scale", "strength"})
        if (!weight) weight = lora[weight_key].number();
      add(*name, weight);
      return;
    }
  });
  loras.for_each_member([&](std::string_view name, JsonValue weight) {
    add(name, weight.number());
  });
}

// mflux: files and weights in two lists.
void read_lora_files(JsonValue paths, JsonValue scales,
                     Generation& generation) {
  if (!paths.is_array()) return;
  const std::vector<std::string> weights = list_of(scales);
  std::size_t i = 0;
  paths.for_each_element([&](JsonValue path) {
    const auto name = path.string();
    if (name && !is_placeholder(trimmed(*name)))
      generation.loras.push_back(
          {std::string(*name),
           i < weights.size() ? number_in<double>(weights[i]) : std::nullopt,
           {}, {}, {}});
    ++i;
  });
}

Result<Generation> parse(const Payloads& payloads, std::vector<Error>&) {
  const Payload& payload = *find_object(payloads);
  const JsonValue root = payload.json();
  Generation generation;
  generation.software = software_of(payload);
  fill_in_order(root, generation);
  read_loras(root["loras"] ? root["loras"] : root["Loras"], generation);
  read_lora_files(root["lora_paths"], root["lora_scales"], generation);
  add_extra(generation, "software", root["software"]);
  split_scheduler(generation);
  return generation;
}

}  // namespace

extern const ParserRow generic_json_row = {
    "generic_json", "unknown-json nmkd mflux",
    "any JSON object with a prompt and two other parameters", claims, parse};

}  // namespace sdmeta
