// gen_img.py of kohya's sd-scripts: one PNG chunk for each parameter, under
// names of its own. https://github.com/kohya-ss/sd-scripts/blob/main/gen_img.py
//
//   prompt: a cat
//   seed: 7
//   sampler: ddim
//   steps: 50
//   scale: 7.5
//   negative-prompt: dog
#include <algorithm>
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::array<FieldRule, 6> kRules = {{
    {"prompt", Field::kPrompt},
    {"negative-prompt", Field::kNegativePrompt},
    {"seed", Field::kSeed},
    {"sampler", Field::kSampler},
    {"steps", Field::kSteps},
    {"scale", Field::kCfgScale},
}};

// A graph stands under the same key.
bool is_prompt(const Payload& payload) {
  return payload.key() == kRules[0].key && !payload.looks_like_json();
}

bool claims(const Payloads& payloads) {
  constexpr std::array<std::string_view, 3> kNumbers = {"seed", "steps",
                                                        "scale"};
  return std::any_of(payloads.all().begin(), payloads.all().end(), is_prompt) &&
         std::all_of(kNumbers.begin(), kNumbers.end(),
                     [&payloads](std::string_view key) {
                       const Payload* const found = payloads.find(key);
                       return found != nullptr &&
                              number_in<double>(found->text());
                     });
}

Result<Generation> parse(const Payloads& payloads, std::vector<Error>&) {
  Generation generation;
  generation.software = "sd-scripts";
  for (const Payload& payload : payloads.all()) {
    const auto* const rule = std::find_if(
        kRules.begin(), kRules.end(),
        [&](const FieldRule& each) { return each.key == payload.key(); });
    if (rule == kRules.end() ||
        !set_field(generation, rule->field, payload.text()))
      add_extra(generation, payload.key(), payload.text());
  }
  return generation;
}

}  // namespace

extern const ParserRow sd_scripts_row = {"sd_scripts", "sd-scripts",
                                         "one PNG chunk for each parameter",
                                         claims, parse};

}  // namespace sdmeta
