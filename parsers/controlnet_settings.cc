// scripts/controlnet.py and internal_controlnet/args.py of
// https://github.com/Mikubill/sd-webui-controlnet
#include "parsers/controlnet_settings.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "parsers/settings_line.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

void take_name(std::optional<std::string>& field, std::string_view value) {
  if (!field && !is_placeholder(value)) field.emplace(value);
}

// `(0, 1)` of early versions.
void take_range(std::string_view value, ControlNet& unit) {
  if (!value.starts_with('(') || !value.ends_with(')')) return;
  value = value.substr(1, value.size() - 2);
  const std::size_t comma = value.find(',');
  if (comma == value.npos) return;
  unit.start = number_in<double>(value.substr(0, comma));
  unit.end = number_in<double>(value.substr(comma + 1));
}

// `key` is in lower case.
void take_part(std::string_view key, std::string_view value, ControlNet& unit) {
  if (key == "module" || key == "preprocessor") {
    take_name(unit.module, value);
  } else if (key == "model") {
    take_name(unit.model, value);
  } else if (key == "weight") {
    unit.weight = number_in<double>(value);
  } else if (key == "guidance start" || key == "starting") {
    unit.start = number_in<double>(value);
  } else if (key == "guidance end" || key == "ending") {
    unit.end = number_in<double>(value);
  } else if (key == "starting/ending" || key == "guidance start/end") {
    take_range(value, unit);
  }
}

}  // namespace

void ControlNetSettings::take(std::string_view key, std::string_view value,
                              const Limits& limits) {
  constexpr std::string_view kPrefix = "controlnet";
  if (!starts_with_ignoring_case(key, kPrefix)) return;
  const std::string name = lower(key.substr(kPrefix.size()));
  std::string_view part = name;
  part.remove_prefix(std::min(part.find_first_not_of(" -"), part.size()));
  if (part.empty()) return;
  const std::string_view number =
      part.substr(0, part.find_first_not_of("0123456789"));
  part = trimmed(part.substr(number.size()));
  ControlNet& unit = units_[std::string(number)];
  if (!part.empty()) return take_part(part, value, unit);
  for (const Setting& each :
       split_settings(value, limits.max_settings).settings)
    take_part(lower(each.key), each.value(), unit);
}

void ControlNetSettings::apply(Generation& generation) {
  for (auto& [number, unit] : units_)
    if (unit != ControlNet()) generation.controlnets.push_back(std::move(unit));
}

}  // namespace sdmeta
