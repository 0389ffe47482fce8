// What the settings of infotext mean: the table of keys and the fields that hold
// their values. Keys of all writers together; their quirks are dialects'.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "parsers/generation.h"
#include "parsers/name_index.h"
#include "parsers/settings_line.h"

namespace sdmeta {

struct SettingKey;    // a key that everybody knows, and its field
struct FieldContext;  // what reading a line of them needs

/// Settings on their way into a Generation. Remembers which of them a field
/// holds, so that every other one ends in `extra`: nothing lost, nothing twice.
class SettingsReader {
 public:
  /// All arguments must outlive the reader.
  SettingsReader(const std::vector<Setting>& settings, const Limits& limits,
                 Generation& generation, std::vector<Error>& notes);

  /// The first setting with this key, in any case; null if there is none.
  const Setting* find(std::string_view key) const;
  /// Its text as written, quotes included; empty if there is none.
  std::string_view raw(std::string_view key) const {
    const Setting* const setting = find(key);
    return setting == nullptr ? std::string_view() : setting->raw;
  }
  /// Its value, and the setting counts as held from now on.
  std::optional<std::string> take(std::string_view key);

  /// Reads every setting into the field its key names. A field that has a value
  /// keeps it; a setting that says something else then stays unheld.
  void read_fields();

  /// Adds what no field holds to `extra`, in the writer's order.
  void keep_rest();

 private:
  struct Part {
    const Setting* setting;
    const SettingKey* key = nullptr;
    bool is_held = false;  // by a field
  };

  // In this order: what stands in several settings is settled between them.
  void read_first(FieldContext& context);
  void hold_sampler();
  void read_late(FieldContext& context);

  std::vector<Part> parts_;
  KeyBits keys_;
  const Limits& limits_;
  Generation& generation_;
  std::vector<Error>& notes_;
};

/// Sets an empty field. True if it holds `value` afterwards.
template <class T, class Value>
bool hold(std::optional<T>& field, const Value& value) {
  if (!field) field.emplace(value);
  return *field == value;
}

}  // namespace sdmeta
