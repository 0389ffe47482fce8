// Fooocus with its own metadata scheme (its `a1111` scheme is infotext): JSON
// in PNG `parameters` beside `fooocus_scheme`, or in UserComment beside a
// MakerNote that says `fooocus`. Older versions, the log page's "copy to
// clipboard" and the scheme `simple` of SimpleSDXL use labels (`Negative Prompt`,
// `LoRA 1`) as keys.
// https://github.com/lllyasviel/Fooocus/blob/main/modules/meta_parser.py
// https://github.com/metercai/SimpleSDXL/blob/SimpleSDXL/modules/meta_parser.py
//
//   {"base_model": "juggernaut", "base_model_hash": "aeb7e9e689",
//    "loras": [["offset", 0.1, "4852686128"]], "resolution": "(1152, 896)",
//    "seed": "6952411511246973023", "styles": "['Fooocus V2']", ...}
#include <algorithm>
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr auto kRules = std::to_array<FieldRule>({
    {"prompt", Field::kPrompt},
    {"Prompt", Field::kPrompt},
    {"negative_prompt", Field::kNegativePrompt},
    {"Negative Prompt", Field::kNegativePrompt},
    {"steps", Field::kSteps},
    {"Steps", Field::kSteps},
    {"sampler", Field::kSampler},
    {"Sampler", Field::kSampler},
    {"scheduler", Field::kScheduler},
    {"Scheduler", Field::kScheduler},
    {"guidance_scale", Field::kCfgScale},
    {"Guidance Scale", Field::kCfgScale},
    {"seed", Field::kSeed},
    {"Seed", Field::kSeed},
    {"resolution", Field::kSize},
    {"Resolution", Field::kSize},
    {"width", Field::kWidth},
    {"height", Field::kHeight},
    {"base_model", Field::kModel},
    {"Base Model", Field::kModel},
    {"base_model_name", Field::kModel},
    {"base_model_hash", Field::kModelHash},
    {"Base Model Hash", Field::kModelHash},
    {"vae", Field::kVae},
    {"VAE", Field::kVae},
    {"clip_skip", Field::kClipSkip},
    {"CLIP Skip", Field::kClipSkip},
    {"denoising_strength", Field::kDenoisingStrength},
    {"version", Field::kElsewhere},
    {"Version", Field::kElsewhere},
    {"loras", Field::kElsewhere},
    {"LoRAs", Field::kElsewhere},
    {"metadata_scheme", Field::kElsewhere},
    {"Metadata Scheme", Field::kElsewhere},
});

bool has_scheme(const Payloads& payloads) {
  const Payload* scheme = payloads.find("fooocus_scheme");
  if (scheme == nullptr) scheme = payloads.find("MakerNote");
  return scheme != nullptr &&
         (scheme->text() == "fooocus" || scheme->text() == "simple");
}

// SimpAI, as SimpleSDXL is called now, runs models that have no styles.
bool names_scheme(JsonValue root) {
  return root["metadata_scheme"].is_string() ||
         root["Metadata Scheme"].is_string();
}

bool has_prompt(JsonValue root) {
  return root["prompt"] || root["full_prompt"] || root["Prompt"];
}

bool is_fooocus(JsonValue root) {
  if (!has_prompt(root) || root["real_prompt"]) return false;
  if (root["software"] || root["sui_image_params"]) return false;
  const bool has_style =
      root["performance"] || root["Performance"] || root["sharpness"] ||
      root["Sharpness"] || root["styles"] || root["Styles"] ||
      root["full_prompt"] || root["adm_guidance"] || names_scheme(root);
  return has_style && (root["base_model"] || root["Base Model"]);
}

// JSON beside the scheme: the first with a prompt, else the first, which is
// broken.
const Payload* find_beside_scheme(const Payloads& payloads) {
  const Payload* first = nullptr;
  for (const Payload& payload : payloads.all()) {
    if (!payload.looks_like_json() || payload.key() == "workflow") continue;
    if (has_prompt(payload.json())) return &payload;
    if (first == nullptr) first = &payload;
  }
  return first;
}

const Payload* find_payload(const Payloads& payloads) {
  if (has_scheme(payloads))
    if (const Payload* payload = find_beside_scheme(payloads)) return payload;
  for (const std::string_view key : {"base_model", "Base Model"})
    if (const Payload* payload = payloads.find_object_with(key))
      if (is_fooocus(payload->json())) return payload;
  return nullptr;
}

// Fooocus has five slots; where a file claims thousands, repeats may stay.
bool has_lora(const Generation& generation, std::string_view name) {
  constexpr std::size_t kMostCompared = 256;
  const std::size_t count = std::min(generation.loras.size(), kMostCompared);
  for (std::size_t i = 0; i < count; ++i)
    if (equal_ignoring_case(model_base_name(generation.loras[i].name),
                            model_base_name(name)))
      return true;
  return false;
}

void add_new_lora(Generation& generation, std::string_view name,
                  std::optional<double> weight,
                  std::optional<std::string> hash = std::nullopt) {
  name = trimmed(name);
  if (!has_lora(generation, name))
    add_lora(generation, name, weight, std::move(hash));
}

// `name : weight`, since 2.5 `True : name : weight` with a switch in front.
bool read_combined_lora(std::string_view text, Generation& generation) {
  const std::size_t colon = text.rfind(" : ");
  if (colon == text.npos) return false;
  const auto weight = number_in<double>(text.substr(colon + 3));
  if (!weight) return false;
  std::string_view name = text.substr(0, colon);
  if (name.starts_with("False : ")) return true;
  if (name.starts_with("True : ")) name.remove_prefix(7);
  add_new_lora(generation, name, weight);
  return true;
}

// [[name, weight, hash], ...]
void read_loras(JsonValue loras, Generation& generation) {
  loras.for_each_element([&](JsonValue lora) {
    const auto name = lora[0].string();
    if (!name) return;
    const JsonValue hash = lora[2];
    add_new_lora(generation, *name, lora[1].number(),
                 hash ? std::optional(hash.text()) : std::nullopt);
  });
}

// The keys whose names vary: `lora_combined_1`, `LoRA 1`, and of 2.0
// `LoRA [file.safetensors] weight`.
bool read_lora_member(std::string_view key, std::string_view value,
                      Generation& generation) {
  if (key.starts_with("lora_combined_"))
    return read_combined_lora(value, generation);
  if (!key.starts_with("LoRA ")) return false;
  const std::size_t end = key.rfind(']');
  if (key.starts_with("LoRA [") && end != key.npos) {
    add_new_lora(generation, key.substr(6, end - 6), number_in<double>(value));
    return true;
  }
  return read_combined_lora(value, generation);
}

std::string joined(JsonValue texts) {
  std::string all;
  texts.for_each_element([&](JsonValue text) {
    if (!all.empty()) all += ", ";
    all += text.text();
  });
  return all;
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Payload* const payload = find_payload(payloads);
  if (payload == nullptr) return false;
  const JsonValue root = payload->json();
  if (!root.is_object()) return malformed(payload->key(), "is no JSON");
  generation.software = "fooocus";
  read_fields(root, kRules, generation, notes);
  for (const std::string_view key : {"loras", "LoRAs"})
    read_loras(root[key], generation);
  std::erase_if(generation.extra, [&](const KeyValue& pair) {
    return read_lora_member(pair.key, pair.value, generation);
  });
  for (const std::string_view key : {"version", "Version"})
    if (auto version = root[key].string()) {
      if (version->starts_with("Fooocus ")) version->remove_prefix(8);
      set_field(generation, Field::kSoftwareVersion, *version);
    }
  // The prompts as typed; what styles made of them stays in `extra`.
  for (const std::string_view key : {"full_prompt", "Full Prompt"})
    if (!generation.prompt && root[key].is_array())
      set_field(generation, Field::kPrompt, joined(root[key]));
  for (const std::string_view key :
       {"full_negative_prompt", "Full Negative Prompt"})
    if (!generation.negative_prompt && root[key].is_array())
      set_field(generation, Field::kNegativePrompt, joined(root[key]));
  return true;
}

}  // namespace

extern const ParserRow fooocus_row = {
    "fooocus", "fooocus",
    "JSON: PNG `parameters` with `fooocus_scheme`, UserComment with MakerNote",
    read};

}  // namespace sdmeta
