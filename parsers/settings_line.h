// Settings lines such as `Steps: 20, Sampler: DPM++ 2M, Foo: "a, b"`, which the
// A1111 family writes below the prompt. Splits text only: it knows no key by
// name. Results are views into the argument; keep that text alive.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sdmeta {

struct Setting {
  std::string_view key;  // trimmed, never empty
  std::string_view raw;  // trimmed, quotes kept; the key again for a bare flag
  bool is_quoted = false;
  bool is_flag = false;  // `Tiling` alone: writers shorten `Tiling: Tiling`

  /// Without quotes and JSON escapes. Text whose escapes are not JSON
  /// (`"C:\models"`) keeps them.
  std::string value() const;
  /// The same, a view of the text or, if it has escapes, of `buffer`.
  std::string_view value(std::string& buffer) const;
};

struct SettingsLine {
  std::vector<Setting> settings;  // in order; keys may repeat
  std::string_view rest;          // what follows the line
  bool is_cut = false;            // `max_settings` was reached
};

/// Splits the first line of `text`. Values end at a comma that is followed by a
/// key or by nothing, so that they may hold commas, colons, dates and paths;
/// quoted values may hold everything, line ends included; `{}` and `[]` are
/// kept together. A piece without a colon belongs to the value before it, but is
/// a flag behind a number, a size or a closed value. Linear in the line.
SettingsLine split_settings(std::string_view text, std::size_t max_settings);

/// JSON string content to text; `raw` itself if an escape is not JSON's.
std::string unescaped(std::string_view raw);

}  // namespace sdmeta
