// Where the settings of an infotext are. Writers put them in the last line,
// begin it with Steps and name what everybody names; some do none of the three.
#pragma once

#include <cstddef>
#include <string_view>

#include "extractor/limits.h"
#include "parsers/settings_line.h"

namespace sdmeta {

enum class InfotextForm {
  kLines,         // a settings line of its own
  kJammed,        // line ends lost: everything in one line
  kSettingsWeak,  // a last line `Steps: 20` or `Seed: 1`, nothing else known
  kNegativeOnly,  // `Negative prompt:` begins a line; such a last line at most
  kPlain,         // neither: perhaps a prompt, perhaps anything
};

struct SettingsPlace {
  InfotextForm form = InfotextForm::kPlain;
  std::size_t start = 0;   // of the settings; the text's size if it has none
  SettingsLine line;       // of all their lines; `rest` is what stands below
  bool is_column = false;  // every setting has a line of its own
};

/// The settings in `text`, which the result views. Where a label says what the
/// text is (`is_labelled`), fewer known keys will do. Linear in the text.
SettingsPlace find_settings(std::string_view text, bool is_labelled,
                            const Limits& limits);

/// What A1111's Extras tab writes, below other settings or alone.
bool starts_postprocessing(std::string_view text);

}  // namespace sdmeta
