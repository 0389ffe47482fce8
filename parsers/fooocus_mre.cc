// Fooocus-MRE, a fork of 2023: JSON in PNG `Comment` or a JPEG comment.
// https://github.com/MoonRide303/Fooocus-MRE/blob/moonride-main/modules/async_worker.py
//
//   {"prompt": "a cat", "negative_prompt": "", "styles": ["sai-anime"],
//    "real_prompt": ["anime a cat"], "seed": 1, "cfg": 7.0, "l1": "None",
//    "w1": 0.5, ..., "software": "Fooocus-MRE v2.0.78.2"}
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::array<FieldRule, 23> kRules = {{
    {"prompt", Field::kPrompt},
    {"negative_prompt", Field::kNegativePrompt},
    {"seed", Field::kSeed},
    {"width", Field::kWidth},
    {"height", Field::kHeight},
    {"steps", Field::kSteps},
    {"cfg", Field::kCfgScale},
    {"sampler", Field::kSampler},
    {"scheduler", Field::kScheduler},
    {"base_model", Field::kModel},
    {"base_clip_skip", Field::kClipSkip},
    {"denoise", Field::kDenoisingStrength},
    {"software", Field::kElsewhere},
    {"l1", Field::kElsewhere},
    {"l2", Field::kElsewhere},
    {"l3", Field::kElsewhere},
    {"l4", Field::kElsewhere},
    {"l5", Field::kElsewhere},
    {"w1", Field::kElsewhere},
    {"w2", Field::kElsewhere},
    {"w3", Field::kElsewhere},
    {"w4", Field::kElsewhere},
    {"w5", Field::kElsewhere},
}};

constexpr std::string_view kName = "Fooocus-MRE";

const Payload* find_payload(const Payloads& payloads) {
  for (const std::string_view key :
       {"real_prompt", "real_negative_prompt", "base_clip_skip"})
    if (const Payload* payload = payloads.find_object_with(key)) return payload;
  const Payload* payload = payloads.find_object_with("software");
  if (payload == nullptr) return nullptr;
  const auto software = payload->json()["software"].string();
  return software && software->starts_with(kName) ? payload : nullptr;
}

// Where the prompt as typed is empty, the one that was run, of which there is
// one for each text encoder pass.
void fill_from_list(Generation& generation, Field field, JsonValue list) {
  std::string all;
  for (const std::string& text : list_of(list)) {
    if (!all.empty()) all += ", ";
    all += text;
  }
  if (!all.empty()) set_field(generation, field, all);
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Payload* const payload = find_payload(payloads);
  if (payload == nullptr) return false;
  const JsonValue root = payload->json();
  generation.software = "fooocus-mre";
  read_fields(root, kRules, generation, notes);
  if (auto software = root["software"].string()) {
    if (software->starts_with(kName)) software->remove_prefix(kName.size());
    set_field(generation, Field::kSoftwareVersion, trimmed(*software));
  }
  for (const char number : {'1', '2', '3', '4', '5'}) {
    if (const auto name = root[std::string{'l', number}].string())
      add_lora(generation, *name, root[std::string{'w', number}].number());
  }
  if (!generation.prompt || generation.prompt->empty()) {
    generation.prompt.reset();
    fill_from_list(generation, Field::kPrompt, root["real_prompt"]);
  }
  if (!generation.negative_prompt)
    fill_from_list(generation, Field::kNegativePrompt,
                   root["real_negative_prompt"]);
  return true;
}

}  // namespace

extern const ParserRow fooocus_mre_row = {
    "fooocus_mre", "fooocus-mre", "JSON: PNG `Comment`, JPEG comment", read};

}  // namespace sdmeta
