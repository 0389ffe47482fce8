// Since 2023 settings like those of infotext (modules/postprocessing.py of
// https://github.com/AUTOMATIC1111/stable-diffusion-webui); SD.Next puts all of
// the parameters in front of them:
//   Postprocess upscale by: 4, Postprocess upscaler: R-ESRGAN 4x+
// Before, a line for each step, whose `model` is the upscaler's
// (modules/extras.py):
//   CodeFormer w: 0.5, CodeFormer visibility:1.0
//   Upscale: 2, visibility: 0.5, model:R-ESRGAN 4x+
#include "parsers/postprocessing.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "parsers/infotext_fields.h"
#include "parsers/settings_line.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

std::string pair_of(const Setting& setting) {
  std::string pair(setting.key);
  pair += '\0';
  pair += setting.raw;
  return pair;
}

const Setting* find(const std::vector<Setting>& line, std::string_view key) {
  const auto found = std::find_if(
      line.begin(), line.end(),
      [key](const Setting& setting) { return setting.key == key; });
  return found == line.end() ? nullptr : &*found;
}

// Of a line of 2022: its upscaler. Else nothing.
std::optional<Upscaler> upscaler_of(const std::vector<Setting>& line) {
  const Setting* const scale = find(line, "Upscale");
  const Setting* const model = find(line, "model");
  if (scale == nullptr || model == nullptr) return std::nullopt;
  return Upscaler{std::string(model->raw), number_in<double>(scale->raw)};
}

void read_lines(std::string_view text, std::size_t max_settings,
                std::vector<Setting>& settings, Generation& generation) {
  while (!text.empty() && settings.size() < max_settings) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::vector<Setting> line =
        split_settings(text.substr(0, end), max_settings - settings.size())
            .settings;
    text.remove_prefix(std::min(end + 1, text.size()));
    if (auto upscaler = upscaler_of(line)) {
      generation.upscalers.push_back(std::move(*upscaler));
      std::erase_if(line, [](const Setting& setting) {
        return setting.key == "Upscale" || setting.key == "model";
      });
    }
    settings.insert(settings.end(), line.begin(), line.end());
  }
}

}  // namespace

bool is_postprocessing(const Payload& payload) {
  const std::string_view key = payload.field().key;
  return (equal_ignoring_case(key, "postprocessing") ||
          equal_ignoring_case(key, "extras")) &&
         payload.whole_text().find(':') != std::string_view::npos;
}

void add_postprocessing(const Payloads& payloads, const Payload* parameters,
                        Generation& generation, std::vector<Error>& notes) {
  std::unordered_set<std::string> known;
  if (parameters != nullptr)
    for (const Setting& setting : parameters->infotext().settings)
      known.insert(pair_of(setting));
  std::unordered_set<std::string_view> texts;
  std::vector<Setting> settings;
  for (const Payload& payload : payloads.all()) {
    // A file has the same text under both keys.
    if (!is_postprocessing(payload) || payload.looks_like_json() ||
        &payload == parameters || !texts.insert(payload.whole_text()).second)
      continue;
    const std::size_t before = settings.size();
    if (!payload.is_infotext() || !payload.infotext().prompt) {
      read_lines(payload.whole_text(), payloads.limits().max_settings, settings,
                 generation);
    } else {
      for (const Setting& setting : payload.infotext().settings)
        if (!known.contains(pair_of(setting))) settings.push_back(setting);
    }
    // The texts of a file may repeat each other in part.
    for (std::size_t i = before; i < settings.size(); ++i)
      known.insert(pair_of(settings[i]));
  }
  SettingsReader reader(settings, payloads.limits(), generation, notes);
  reader.read_fields();
  reader.keep_rest();
}

}  // namespace sdmeta
