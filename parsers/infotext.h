// Infotext: the text form of parameters that AUTOMATIC1111's web UI invented and
// most tools write in some way.
//
//   a lighthouse at dusk, <lora:ink:0.8>
//   Negative prompt: blurry
//   Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768
//
// Finds the parts. What the settings mean is infotext_fields.h's concern.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/limits.h"
#include "parsers/generation.h"
#include "parsers/infotext_settings.h"
#include "parsers/settings_line.h"

namespace sdmeta {

/// Views into the text it was read from, which must outlive it. Movable.
struct Infotext {
  InfotextForm form = InfotextForm::kPlain;
  /// Trimmed. Absent if nothing stands above the settings; empty if only a
  /// negative prompt does.
  std::optional<std::string_view> prompt;
  /// Trimmed; "" if it says nothing. A view of `negative_lines` if the label
  /// stands in front of several lines.
  std::optional<std::string_view> negative_prompt;
  std::unique_ptr<const std::string> negative_lines;
  std::vector<Setting> settings;
  /// Templates of dynamic-prompts ("Template", "Negative Template") and lines
  /// that fit nowhere ("trailing").
  std::vector<KeyValue> blocks;
  bool is_cut = false;  // more settings than the limit allows
  /// A line `Positive prompt:` begins the text: ComfyUI's WLSH nodes write it
  /// (`make_comment` in wlsh_nodes.py of
  /// https://github.com/wallish77/wlsh_nodes), and a line for each setting.
  bool is_labelled = false;

  /// Its settings are known keys or it has a line of negative prompt.
  bool has_parts() const {
    return form != InfotextForm::kSettingsWeak && form != InfotextForm::kPlain;
  }
};

/// Quickly: false if the text has none of the words of which one stands in
/// every infotext. Text that has one and whose `Infotext::has_parts` is infotext
/// for sure: what a camera or an editor writes is not.
bool has_infotext_words(std::string_view text);

/// `text` with LF line ends. Linear; always gives something.
Infotext read_infotext(std::string_view text, const Limits& limits);

/// For infotext that some program wrote with its line ends escaped
/// (`a cat\nSteps: 20, ..`), perhaps as one JSON string: with real line ends.
/// Nothing if it has line ends, or no such escapes.
std::optional<std::string> with_line_ends(std::string_view text);

}  // namespace sdmeta
