// TensorArt (and Tusi, its Chinese site): PNG `generation_data`, JSON with a NUL
// behind it, beside the ComfyUI graph as `prompt`. A seed of "-1" stands only in
// the graph; its loaders have private file names (`EMS-1234-EMS.safetensors`).
//
//   {"prompt": "a cat", "negativePrompt": "dog", "width": 768, "steps": 25,
//    "cfgScale": 7, "seed": "-1", "clipSkip": 2, "ksamplerName": "euler",
//    "schedule": "karras", "baseModel": {"modelFileName": "m", "hash": "A5F5"},
//    "models": [{"modelFileName": "x", "weight": 0.8, "type": "LORA"}]}
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::string_view kKey = "generation_data";

constexpr std::array<FieldRule, 17> kRules = {{
    {"prompt", Field::kPrompt},
    {"negativePrompt", Field::kNegativePrompt},
    {"width", Field::kWidth},
    {"height", Field::kHeight},
    {"steps", Field::kSteps},
    {"cfgScale", Field::kCfgScale},
    {"guidance", Field::kGuidance},
    {"seed", Field::kElsewhere},
    {"clipSkip", Field::kClipSkip},
    {"sdVae", Field::kVae},
    {"ksamplerName", Field::kSampler},
    {"samplerName", Field::kSampler},
    {"schedule", Field::kScheduler},
    {"denoisingStrength", Field::kDenoisingStrength},
    {"baseModel", Field::kElsewhere},
    {"models", Field::kElsewhere},
    {"sdxl", Field::kElsewhere},
}};

// Cremage and others have that key, too, but write Python's names.
bool is_other_writer(JsonValue root) {
  return root["positive_prompt"] || root["negative_prompt"];
}

std::optional<std::string> file_name_of(JsonValue model) {
  for (const std::string_view key : {"modelFileName", "modelName", "label"})
    if (auto name = model_name_of(model[key])) return name;
  return std::nullopt;
}

std::optional<std::string> hash_of(JsonValue model) {
  const auto hash = model["hash"].string();
  if (!hash || is_placeholder(*hash)) return std::nullopt;
  return std::string(*hash);
}

bool is_lora(JsonValue model) {
  const auto type = model["type"].string();
  return !type || lower(*type).find("lora") != std::string::npos ||
         equal_ignoring_case(*type, "locon");
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  if (is_other_writer(payloads.json_of(kKey))) return false;
  const auto found = payloads.find_json(kKey);
  if (!found) return false;
  const JsonValue root = found->value;
  if (!root.is_object()) return malformed(kKey, "is no JSON object");
  generation.software = "tensorart";
  read_fields(root, kRules, generation, notes);
  if (const auto seed = root["seed"].digits(); seed && *seed != "-1")
    generation.seed = *seed;
  const JsonValue base = root["baseModel"];
  generation.model = file_name_of(base);
  generation.model_hash = hash_of(base);
  if (base.is_object()) add_extra(generation, "baseModel", base);
  if (root["sdxl"].size() > 0) add_extra(generation, "sdxl", root["sdxl"]);
  root["models"].for_each_element([&](JsonValue model) {
    const auto name = file_name_of(model);
    if (name && is_lora(model))
      add_lora(generation, *name, model["weight"].number(), hash_of(model));
    else
      add_extra(generation, "models", model);
  });
  split_scheduler(generation);
  return true;
}

}  // namespace

extern const ParserRow tensorart_row = {
    .name = "tensorart",
    .software = "tensorart",
    .where = "PNG `generation_data`, beside a ComfyUI graph",
    .read = read,
    .is_partial = true};

}  // namespace sdmeta
