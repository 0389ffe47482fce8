#include "parsers/infotext_settings.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "parsers/infotext_lines.h"
#include "parsers/name_index.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

using std::string_view;

// Lines that might be the settings are tried from the end of the text; hostile
// text has many.
constexpr int kMostCandidates = 16;

// Lower case.
constexpr auto kKnownKeys = std::to_array<string_view>({
    "app",
    "batch pos",
    "batch size",
    "cfg",
    "cfg scale",
    "cfg_scale",
    "civitai metadata",
    "civitai resources",
    "clip skip",
    "clip_skip",
    "created date",
    "denoising strength",
    "distilled cfg scale",
    "end at step",
    "ensd",
    "guidance",
    "guidance scale",
    "hires steps",
    "hires upscale",
    "hires upscaler",
    "lora hashes",
    "model",
    "model hash",
    "model_hash",
    "performance",
    "pipeline",
    "rng",
    "sampler",
    "schedule type",
    "scheduler",
    "scheduler type",
    "seed",
    "size",
    "start at step",
    "steps",
    "vae",
    "version",
});

bool is_known(string_view key) {
  static const KeyIndex keys(kKnownKeys, std::identity());
  return keys.find(key) != nullptr;
}

// Two of them are no accident.
bool has_known_keys(const std::vector<Setting>& settings) {
  // Enough to tell; a megabyte of settings need not be looked up.
  constexpr std::size_t kMostLookups = 32;
  const std::size_t end = std::min(kMostLookups, settings.size());
  int known = 0;
  for (std::size_t i = 0; i < end && known < 2; ++i)
    known += !settings[i].is_flag && is_known(settings[i].key) ? 1 : 0;
  return known == 2;
}

// `Steps:`, blanks and a digit.
bool starts_steps(string_view text) {
  if (!text.starts_with(kStepsLabel)) return false;
  text.remove_prefix(kStepsLabel.size());
  const std::size_t digit = text.find_first_not_of(" \t");
  return digit != text.npos && is_digit(text[digit]);
}

bool has_whole_steps(const SettingsLine& line) {
  return !line.settings.empty() &&
         integer_in(line.settings.front().raw).has_value();
}

// Begins with a key that everybody knows, and a prompt is not behind it.
bool is_known_line(string_view line) {
  if (line.find(':') == line.npos || line.find(kNegativeLabel) != line.npos)
    return false;
  const SettingsLine first = split_settings(line, 1);
  return !first.settings.empty() && !first.settings.front().is_flag &&
         is_known(first.settings.front().key);
}

// `width: 512` or `width: 512 height: 768`, which are settings below others;
// `width: 12 inch` is a note.
bool is_side_line(string_view line) {
  do {
    const std::size_t colon = std::min(line.find(':'), line.size());
    const string_view key = trimmed(line.substr(0, colon));
    if (!equal_ignoring_case(key, "width") &&
        !equal_ignoring_case(key, "height"))
      return false;
    line = trimmed(line.substr(std::min(colon + 1, line.size())));
    const std::size_t digits =
        std::min(line.find_first_not_of("0123456789"), line.size());
    if (digits == 0) return false;
    line = trimmed(line.substr(digits));
  } while (!line.empty() && line.front() != ',');
  return true;
}

// A1111 writes these in front of all that extensions and scripts add.
bool has_leading_key(const std::vector<Setting>& settings) {
  constexpr std::array<string_view, 8> kLeading = {
      "steps", "sampler", "cfg scale",  "seed",
      "size",  "model",   "model hash", "vae"};
  return std::any_of(
      settings.begin(), settings.end(), [&kLeading](const Setting& setting) {
        return std::any_of(kLeading.begin(), kLeading.end(),
                           [&setting](string_view key) {
                             return equal_ignoring_case(setting.key, key);
                           });
      });
}

// Until August 2023 A1111 put no quotes round a value with line ends but no
// comma: the line in which the settings go on begins with the end of it. A line
// with settings that come before any such value is somebody else's text.
bool take_broken_value(SettingsPlace& found, const Limits& limits) {
  constexpr int kMostLines = 16;
  std::vector<Setting>& settings = found.line.settings;
  if (found.line.is_cut || found.line.rest.empty()) return false;
  Setting& last = settings.back();
  if (last.is_quoted || last.is_flag || is_known(last.key)) return false;
  string_view rest = found.line.rest;
  for (int lines = 0; lines < kMostLines && !rest.empty(); ++lines) {
    SettingsLine next =
        split_settings(rest, limits.max_settings - settings.size());
    rest = next.rest;
    if (has_leading_key(next.settings)) return false;
    if (next.settings.size() < 2 || !next.settings[0].is_flag ||
        !has_known_keys(next.settings))
      continue;
    const string_view end = next.settings[0].raw;
    last.raw = string_view(
        last.raw.data(),
        static_cast<std::size_t>(end.data() + end.size() - last.raw.data()));
    settings.insert(settings.end(), next.settings.begin() + 1,
                    next.settings.end());
    found.line.rest = next.rest;
    found.line.is_cut = next.is_cut;
    return true;
  }
  return false;
}

// Some tools give every setting, or every few, a line of their own.
void take_following_lines(SettingsPlace& found, const Limits& limits) {
  std::vector<Setting>& settings = found.line.settings;
  found.is_column = settings.size() == 1;
  while (!found.line.is_cut && !found.line.rest.empty()) {
    const string_view rest = found.line.rest;
    const string_view line = rest.substr(0, rest.find('\n'));
    if (!is_known_line(line) && !is_side_line(line)) break;
    SettingsLine next =
        split_settings(rest, limits.max_settings - settings.size());
    settings.insert(settings.end(), next.settings.begin(), next.settings.end());
    found.line.rest = next.rest;
    found.line.is_cut = next.is_cut;
    found.is_column = found.is_column && next.settings.size() == 1;
  }
  found.is_column = found.is_column && settings.size() > 1;
}

SettingsPlace read_lines_from(string_view text, std::size_t start,
                              const Limits& limits) {
  SettingsPlace found{InfotextForm::kLines, start,
                      split_settings(text.substr(start), limits.max_settings)};
  take_following_lines(found, limits);
  return found;
}

// Where every setting has a line of its own, Steps need not be the first.
std::size_t start_of_column(string_view text, std::size_t start) {
  while (start > 0) {
    const std::size_t above = line_start_before(text, start - 1);
    const string_view line = text.substr(above, start - 1 - above);
    if ((!is_known_line(line) && !is_side_line(line)) ||
        split_settings(line, 2).settings.size() != 1)
      break;
    start = above;
  }
  return start;
}

// The last line that begins with Steps and goes on like settings: a prompt may
// quote such a line, but the writer's own comes after it.
std::optional<SettingsPlace> find_steps_line(string_view text,
                                             const Limits& limits) {
  std::optional<SettingsPlace> weak;
  int candidates = 0;
  std::size_t end = text.size();
  for (;;) {
    const std::size_t start = line_start_before(text, end);
    if (starts_steps(without_leading_blanks(text.substr(start)))) {
      SettingsPlace found{
          InfotextForm::kLines, start,
          split_settings(text.substr(start), limits.max_settings)};
      if (has_whole_steps(found.line)) {
        const bool is_alone = found.line.settings.size() == 1;
        take_following_lines(found, limits);
        if (has_known_keys(found.line.settings)) {
          if (is_alone)
            return read_lines_from(text, start_of_column(text, start), limits);
          while (take_broken_value(found, limits))
            take_following_lines(found, limits);
          return found;
        }
        if (!weak && trimmed(found.line.rest).empty()) {
          found.form = InfotextForm::kSettingsWeak;
          weak = std::move(found);
        }
      }
      if (++candidates == kMostCandidates) return weak;
    }
    if (start == 0) return weak;
    end = start - 1;
  }
}

bool is_number_or_size(string_view value) {
  const string_view width = value.substr(0, value.find('x'));
  return number_in<double>(value) ||
         (width.size() != value.size() && number_in<double>(width));
}

bool has_known_number(const std::vector<Setting>& settings) {
  return std::any_of(settings.begin(), settings.end(), [](const Setting& s) {
    return is_number_or_size(s.value()) && is_known(s.key);
  });
}

// Three pairs, two of them with known keys, one of which has a number.
bool are_settings(const std::vector<Setting>& settings) {
  return settings.size() >= 3 && has_known_keys(settings) &&
         has_known_number(settings);
}

// The last lines that begin with known keys and are settings together: Steps
// stands elsewhere among them, or nowhere. Where a label says what the text is,
// two of them will do.
std::optional<SettingsPlace> find_known_lines(string_view text,
                                              bool is_labelled,
                                              const Limits& limits) {
  std::size_t end = text.size();
  std::size_t run = text.npos;  // where such lines begin
  for (int candidates = 0; candidates < kMostCandidates;) {
    const std::size_t start = line_start_before(text, end);
    const string_view line = text.substr(start, end - start);
    const bool is_candidate = is_known_line(line);
    if (is_candidate) run = start;
    if (run != text.npos && (!is_candidate || start == 0)) {
      SettingsPlace found = read_lines_from(text, run, limits);
      if (are_settings(found.line.settings) ||
          (is_labelled && has_known_keys(found.line.settings)))
        return found;
      run = text.npos;
      ++candidates;
    }
    if (start == 0) break;
    end = start - 1;
  }
  return std::nullopt;
}

// The last line that is settings although it begins with some other key.
std::optional<SettingsPlace> find_other_line(string_view text,
                                             const Limits& limits) {
  std::size_t end = text.size();
  for (;;) {
    const std::size_t start = line_start_before(text, end);
    const string_view line = text.substr(start, end - start);
    if (line.find(':') != line.npos && line.find(kNegativeLabel) == line.npos) {
      SettingsLine split = split_settings(line, limits.max_settings);
      if (are_settings(split.settings)) {
        split.rest = text.substr(std::min(end + 1, text.size()));
        return SettingsPlace{InfotextForm::kLines, start, std::move(split)};
      }
    }
    if (start == 0) return std::nullopt;
    end = start - 1;
  }
}

// `Hires Steps: 10` is not where the settings begin.
bool follows_other_steps(string_view before) {
  before = trimmed(before);
  return before.ends_with("Hires") || before.ends_with("Refiner") ||
         before.ends_with("HiRes");
}

// `is_apart`: the settings are set apart from the text by more than their name.
std::optional<SettingsPlace> find_jammed(string_view text, bool is_apart,
                                         const Limits& limits) {
  std::size_t at = text.size();
  for (int tries = 0; tries < kMostCandidates && at > 0; ++tries) {
    at = text.rfind(kStepsLabel, at - 1);
    if (at == text.npos) return std::nullopt;
    const char before = at == 0 ? ' ' : text[at - 1];
    const bool has_separator =
        before == '.' || before == ',' || is_space(before);
    if (is_apart && !has_separator) continue;
    if (!starts_steps(text.substr(at))) continue;
    if (follows_other_steps(text.substr(0, at))) continue;
    SettingsPlace found{InfotextForm::kJammed, at,
                        split_settings(text.substr(at), limits.max_settings)};
    if (has_whole_steps(found.line) && has_known_keys(found.line.settings))
      return found;
  }
  return std::nullopt;
}

// `Key: value`; prompts have `(red:1.2)` and `<lora:ink:1>`.
bool is_written_as_setting(const Setting& setting) {
  const char* const colon = setting.key.data() + setting.key.size();
  return !setting.is_flag && !setting.key.empty() && !setting.raw.empty() &&
         is_letter(setting.key.front()) && setting.raw.data() > colon + 1;
}

// Prompts have `look: dark, blue`, too.
bool is_no_label(const Setting& setting) {
  const string_view raw = setting.raw;
  const char first = setting.key.front();
  return setting.is_quoted || raw.starts_with('{') || raw.starts_with('[') ||
         number_in<double>(raw) ||
         (first != to_lower(first) && raw.find_first_of(",()<>") == raw.npos);
}

// The line of settings that Steps stands in, where a key nobody knows begins
// it: below a prompt, and with nothing but settings in front of Steps.
std::optional<SettingsPlace> find_line_around(string_view text,
                                              std::size_t steps,
                                              const Limits& limits) {
  const std::size_t start = line_start_before(text, steps);
  if (start == 0) return std::nullopt;
  const string_view before = trimmed(text.substr(start, steps - start));
  if (!before.ends_with(',') || before.find(kNegativeLabel) != before.npos)
    return std::nullopt;
  const auto settings = split_settings(before, limits.max_settings).settings;
  const auto all_are = [&settings](auto is) {
    return std::all_of(settings.begin(), settings.end(), is);
  };
  if (settings.empty() || !all_are(is_written_as_setting) ||
      !(has_known_keys(settings) || all_are(is_no_label)))
    return std::nullopt;
  return read_lines_from(text, start, limits);
}

void take_version(const SettingsLine& from, SettingsLine& line) {
  const auto is_version = [](const Setting& s) { return s.key == "Version"; };
  if (std::any_of(line.settings.begin(), line.settings.end(), is_version))
    return;
  const auto version =
      std::find_if(from.settings.begin(), from.settings.end(), is_version);
  if (version != from.settings.end()) line.settings.push_back(*version);
}

// Several texts in one, with blank lines between them: SaveImageWithParamText
// of https://github.com/mittimi/ComfyUI_mittimiLoadPreset2 joins those of all
// samplers. The first counts, and only the version behind the last is of all.
// Below the settings of the first begins another text with a prompt and a
// negative one, or after two blank lines with the negative one, if the prompt
// is empty; a prompt that quotes whole infotext has no second prompt.
std::optional<SettingsPlace> find_first_of_several(string_view text,
                                                   const SettingsPlace& last,
                                                   const Limits& limits) {
  const string_view above = text.substr(0, last.start);
  if (above.find("\n\n") == above.npos) return std::nullopt;
  const std::size_t negative = find_negative_line(above);
  if (negative == above.npos) return std::nullopt;
  const std::size_t steps =
      find_line(above.substr(negative), [](string_view line) {
        return starts_steps(without_leading_blanks(line));
      });
  if (steps == above.npos) return std::nullopt;
  SettingsPlace first = read_lines_from(text, negative + steps, limits);
  const string_view rest = first.line.rest;
  if (!rest.starts_with('\n') || !has_known_keys(first.line.settings))
    return std::nullopt;
  const auto next = static_cast<std::size_t>(rest.data() - text.data());
  if (next >= last.start) return std::nullopt;
  const string_view texts = trimmed(above.substr(next));
  const std::size_t next_negative = find_negative_line(texts);
  if (next_negative == texts.npos ||
      (next_negative == 0 && !rest.starts_with("\n\n")))
    return std::nullopt;
  take_version(last.line, first.line);
  return first;
}

// A last line `Seed: 1`.
std::optional<SettingsPlace> find_seed_line(string_view text) {
  const std::size_t start = line_start_before(text, text.size());
  SettingsLine line = split_settings(text.substr(start), 2);
  if (line.settings.size() != 1 ||
      !equal_ignoring_case(line.settings[0].key, "seed") ||
      !digits_in(line.settings[0].raw))
    return std::nullopt;
  return SettingsPlace{InfotextForm::kSettingsWeak, start, std::move(line)};
}

}  // namespace

bool starts_postprocessing(string_view text) {
  return text.starts_with("Postprocess ") &&
         !split_settings(text, 1).settings.front().is_flag;
}

SettingsPlace find_settings(string_view text, bool is_labelled,
                            const Limits& limits) {
  auto found = find_steps_line(text, limits);
  if (found && found->form == InfotextForm::kLines) {
    if (auto first = find_first_of_several(text, *found, limits))
      return std::move(*first);
    return std::move(*found);
  }
  if (starts_postprocessing(text)) return read_lines_from(text, 0, limits);
  auto jammed = find_jammed(text, true, limits);
  if (jammed)
    if (auto line = find_line_around(text, jammed->start, limits))
      return std::move(*line);
  if (auto known = find_known_lines(text, is_labelled, limits)) {
    // Unless those are lines of a prompt above settings without a line.
    const string_view rest = known->line.rest;
    if (!jammed || jammed->start + rest.size() < text.size())
      return std::move(*known);
  }
  if (!jammed) jammed = find_jammed(text, false, limits);
  if (jammed) return std::move(*jammed);
  if (auto other = find_other_line(text, limits)) return std::move(*other);
  if (!found) found = find_seed_line(text);
  if (!found) {
    found.emplace();
    found->start = text.size();
  }
  if (find_negative_line(text.substr(0, found->start)) != text.npos)
    found->form = InfotextForm::kNegativeOnly;
  return std::move(*found);
}

}  // namespace sdmeta
