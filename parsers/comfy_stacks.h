// Nodes that hold several files by number or letter, each with a strength and a
// switch: what stacks of LoRAs and of ControlNets have in common.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "parsers/json.h"
#include "parsers/text.h"

namespace sdmeta {

/// Inputs that switch a whole node.
inline constexpr std::array<std::string_view, 6> kNodeSwitches = {
    "toggle", "switch", "enabled", "is_enabled", "active", "on"};

/// Strengths below it do nothing.
inline constexpr double kLeastStrength = 0.001;

/// A switch that is set to off, by whatever word. A missing value is none.
inline bool is_off(JsonValue value) {
  if (const auto on = value.boolean()) return !*on;
  const std::string_view word = value.string().value_or("");
  return word == "Off" || word == "off" || word == "OFF" || word == "disable" ||
         word == "disabled" || word == "false" || word == "False";
}

/// Calls `visit(const std::string&)` for the words and the numbers in the name
/// of an input, in lower case: `LoRA_2_weight` has lora, 2, weight. False if
/// the name has more than these, spaces, dashes and underscores.
template <class Visit>
bool each_word(std::string_view name, Visit&& visit) {
  bool is_plain = true;
  std::string word;
  for (const char c : name) {
    const bool is_word = is_letter(c) || is_digit(c);
    if (!word.empty() && (!is_word || is_digit(c) != is_digit(word.back()))) {
      visit(word);
      word.clear();
    }
    if (is_word)
      word += to_lower(c);
    else if (c != '_' && c != ' ' && c != '-')
      is_plain = false;
  }
  if (!word.empty()) visit(word);
  return is_plain;
}

}  // namespace sdmeta
