// Nodes that hold several files by number or letter, each with a strength and a
// switch: what stacks of LoRAs and of ControlNets have in common.
#pragma once

#include <array>
#include <optional>
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

/// What a switch is set to, by whatever word; nullopt for other values.
inline std::optional<bool> switched(JsonValue value) {
  if (const auto on = value.boolean()) return on;
  const std::string_view word = value.string().value_or("");
  for (const std::string_view off : {"off", "disable", "disabled", "false"})
    if (equal_ignoring_case(word, off)) return false;
  for (const std::string_view on : {"on", "enable", "enabled", "true"})
    if (equal_ignoring_case(word, on)) return true;
  return std::nullopt;
}

/// A switch that is set to off. A missing value is none.
inline bool is_off(JsonValue value) { return switched(value) == false; }

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
