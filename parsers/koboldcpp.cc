// KoboldCpp: one line of pairs with bars between them, the prompts first.
// `get_image_params` in otherarch/sdcpp/sdtype_adapter.cpp of
// https://github.com/LostRuins/koboldcpp
//
//   Prompt: a cat | NegativePrompt: fog | Steps: 20 | CFGScale: 5 |
//   Guidance: 3.5 | Seed: 7 | Size: 512x768 | Sampler: euler_a karras |
//   Clip skip: -1 | Model: x.safetensors | Version: KoboldCpp
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/infotext_fields.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::string_view kPrompt = "Prompt: ";
constexpr std::string_view kNegative = " | NegativePrompt: ";
constexpr std::string_view kSteps = " | Steps: ";
constexpr std::string_view kVersion = "| Version: KoboldCpp";

const Payload* find_line(const Payloads& payloads) {
  for (const Payload& payload : payloads.all())
    if (payload.text().starts_with(kPrompt) &&
        payload.text().ends_with(kVersion))
      return &payload;
  return nullptr;
}

// Some bars have no blank before them.
std::vector<Setting> settings_in(std::string_view text) {
  std::vector<Setting> settings;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('|'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t colon = pair.find(':');
    if (colon == pair.npos) continue;
    std::string_view key = trimmed(pair.substr(0, colon));
    const std::string_view value = trimmed(pair.substr(colon + 1));
    if (key.empty()) continue;
    // -1 is "as the model has it".
    if (key == "Clip skip" && value.starts_with('-')) continue;
    if (key == "CFGScale") key = "CFG scale";
    settings.push_back({key, value});
  }
  return settings;
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Payload* const line = find_line(payloads);
  if (line == nullptr) return false;
  std::string_view text = line->text();
  generation.software = "koboldcpp";
  text.remove_prefix(kPrompt.size());
  text.remove_suffix(kVersion.size());
  // Prompts may hold bars; the numbers behind them do not.
  const std::size_t steps = std::min(text.rfind(kSteps), text.size());
  const std::string_view prompts = text.substr(0, steps);
  const std::size_t negative = prompts.find(kNegative);
  generation.prompt = std::string(trimmed(prompts.substr(0, negative)));
  if (negative != prompts.npos)
    generation.negative_prompt =
        std::string(trimmed(prompts.substr(negative + kNegative.size())));
  const std::vector<Setting> settings = settings_in(text.substr(steps));
  SettingsReader reader(settings, payloads.limits(), generation, notes);
  reader.read_fields();
  reader.keep_rest();
  return true;
}

}  // namespace

extern const ParserRow koboldcpp_row = {
    "koboldcpp", "koboldcpp", "PNG text `parameters`, bars between the pairs",
    read};

}  // namespace sdmeta
