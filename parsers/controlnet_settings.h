// The settings of ControlNet units: `ControlNet 0: "Module: canny, Model: .."`,
// and before 2023-03 one for each part, `ControlNet Model: ..`, `ControlNet-1
// Model: ..`.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "extractor/limits.h"
#include "parsers/generation.h"

namespace sdmeta {

/// Collects such settings, then adds the units to a Generation at once, because
/// several of them may describe one. A unit has fields for the most important
/// parts only: the settings count as held by none.
class ControlNetSettings {
 public:
  /// Reads the setting if it is of this kind.
  void take(std::string_view key, std::string_view value, const Limits& limits);

  /// Adds the units of which something was read, by the text of their numbers.
  void apply(Generation& generation);

 private:
  std::map<std::string, ControlNet> units_;  // by number; "" if there is none
};

}  // namespace sdmeta
