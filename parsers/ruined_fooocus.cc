// RuinedFooocus: JSON in PNG `parameters`, in MP4 `metadata`.
// https://github.com/runew0lf/RuinedFooocus/tree/main/modules
//
//   {"Prompt": "a cat", "Negative": "", "steps": 30, "cfg": 8, "width": 896,
//    "height": 1152, "seed": 11246505945472473613, "sampler_name": "dpmpp_2m",
//    "base_model_name": "m.safetensors", "loras": [["AF4D", "0.5 - x"]],
//    "denoise": null, "software": "RuinedFooocus"}
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::array<FieldRule, 17> kRules = {{
    {"Prompt", Field::kPrompt},
    {"prompt", Field::kPrompt},  // written when the rest could not be
    {"Negative", Field::kNegativePrompt},
    {"steps", Field::kSteps},
    {"cfg", Field::kCfgScale},
    {"width", Field::kWidth},
    {"height", Field::kHeight},
    {"seed", Field::kSeed},
    {"sampler_name", Field::kSampler},
    {"scheduler", Field::kScheduler},
    {"base_model_name", Field::kModel},
    {"base_model_hash", Field::kModelHash},
    {"denoise", Field::kDenoisingStrength},
    {"clip_skip", Field::kClipSkip},
    {"version", Field::kSoftwareVersion},
    {"loras", Field::kElsewhere},
    {"software", Field::kElsewhere},
}};

const Payload* find_payload(const Payloads& payloads) {
  const Payload* payload = payloads.find_object_with("software");
  if (payload == nullptr) return nullptr;
  const auto software = payload->json()["software"].string();
  return software && equal_ignoring_case(*software, "RuinedFooocus") ? payload
                                                                     : nullptr;
}

void read_lora(Generation& generation, std::string_view name,
               std::optional<double> weight, JsonValue hash = {}) {
  std::optional<std::string> text;
  if (hash && !is_placeholder(hash.text())) text = hash.text();
  add_lora(generation, trimmed(name), weight, std::move(text));
}

// `Loras:<name:1.0>,<None:0.5>`; the label is not always there. A name may hold
// colons, backslashes, anything but `>`.
void read_tags(std::string_view text, Generation& generation) {
  std::size_t open = text.find('<');
  while (open != text.npos) {
    const std::size_t close = text.find('>', open);
    if (close == text.npos) return;
    const std::string_view body = text.substr(open + 1, close - open - 1);
    const std::size_t colon = body.rfind(':');
    if (colon != body.npos)
      read_lora(generation, body.substr(0, colon),
                number_in<double>(body.substr(colon + 1)));
    open = text.find('<', close);
  }
}

// Three shapes by age: one string of tags, [[hash, "weight - name"]], and
// [{name, weight, hash}].
void read_loras(JsonValue loras, Generation& generation) {
  if (const auto tags = loras.string()) read_tags(*tags, generation);
  loras.for_each_element([&](JsonValue lora) {
    if (lora.is_object()) {
      if (const auto name = lora["name"].string())
        read_lora(generation, *name, lora["weight"].number(), lora["hash"]);
      return;
    }
    const auto text = lora[1].string();
    if (!text) return;
    constexpr std::string_view kDash = " - ";
    const std::size_t dash = text->find(kDash);
    if (dash == text->npos)
      read_lora(generation, *text, std::nullopt, lora[0]);
    else
      read_lora(generation, text->substr(dash + kDash.size()),
                number_in<double>(text->substr(0, dash)), lora[0]);
  });
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Payload* const payload = find_payload(payloads);
  if (payload == nullptr) return false;
  const JsonValue root = payload->json();
  generation.software = "ruined-fooocus";
  read_fields(root, kRules, generation, notes);
  read_loras(root["loras"], generation);
  return true;
}

}  // namespace

extern const ParserRow ruined_fooocus_row = {
    "ruined_fooocus", "ruined-fooocus",
    "JSON with `software`: PNG `parameters`, MP4 `metadata`", read};

}  // namespace sdmeta
