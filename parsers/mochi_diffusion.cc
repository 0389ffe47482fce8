// Mochi Diffusion (macOS): one text in the IPTC caption, which Apple's writer
// repeats as Exif and XMP description. Fields end in `; ` and, since 2026, in
// line ends, with backslash escapes in values.
// https://github.com/MochiDiffusion/MochiDiffusion/blob/main/Mochi%20Diffusion/Support/MetadataCodec.swift
//
//   Include in Image: a cat; Exclude from Image: dog; Model: sd-2-1; Size:
//   512x512; Scheduler: DPM-Solver++; Seed: 7; Steps: 30; Guidance Scale: 7.5;
//   Generator: Mochi Diffusion 4.1
#include <algorithm>
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::string_view kGenerator = "Generator: Mochi Diffusion";
constexpr std::string_view kVersion = "Metadata Version: ";

constexpr auto kRules = std::to_array<FieldRule>({
    {"Include in Image", Field::kPrompt},
    {"Prompt", Field::kPrompt},  // of version 1.0
    {"Exclude from Image", Field::kNegativePrompt},
    {"Negative", Field::kNegativePrompt},
    {"Model", Field::kModel},
    {"Size", Field::kSize},
    {"Scheduler", Field::kSampler},
    {"Seed", Field::kSeed},
    {"Steps", Field::kSteps},
    {"Guidance Scale", Field::kCfgScale},
    {"Guidance", Field::kCfgScale},
});

// Captions are short, but not all text is a caption: the beginning decides
// first.
bool is_caption(std::string_view text) {
  return (text.starts_with(kRules[0].key) || text.starts_with(kRules[1].key) ||
          text.starts_with(kVersion)) &&
         text.find(kGenerator) != text.npos;
}

const Payload* find_caption(const Payloads& payloads) {
  for (const Payload& payload : payloads.all())
    if (is_caption(payload.text())) return &payload;
  return nullptr;
}

// `\n`, `\r` and `\\`; any other backslash is itself.
std::string unescaped_value(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    const bool is_escape =
        text[i] == '\\' && (next == 'n' || next == 'r' || next == '\\');
    if (is_escape) ++i;
    value += !is_escape    ? text[i]
             : next == 'n' ? '\n'
             : next == 'r' ? '\r'
                           : next;
  }
  return value;
}

void read_field(std::string_view key, std::string_view value,
                Generation& generation) {
  if (key == "Generator") {
    constexpr std::string_view kName = "Mochi Diffusion ";
    if (value.starts_with(kName)) value.remove_prefix(kName.size());
    set_field(generation, Field::kSoftwareVersion, value);
    return;
  }
  const auto* const rule =
      std::find_if(kRules.begin(), kRules.end(),
                   [key](const FieldRule& each) { return each.key == key; });
  if (rule == kRules.end() || !set_field(generation, rule->field, value))
    add_extra(generation, key, value);
}

// A value that holds the separator itself is not followed by a key, which all
// begin with a capital letter and are a few words long.
bool starts_field(std::string_view text) {
  constexpr std::size_t kLongestKey = 20;  // "Exclude from Image"
  const std::size_t colon = text.substr(0, kLongestKey).find(": ");
  return colon != text.npos && text[0] >= 'A' && text[0] <= 'Z' &&
         std::all_of(text.begin(),
                     text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return is_letter(c) || c == ' '; });
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>&) {
  const Payload* const caption = find_caption(payloads);
  if (caption == nullptr) return false;
  const std::string lines = with_lf(caption->text());
  std::string_view text = lines;
  generation.software = "mochi-diffusion";
  const bool is_escaped = text.starts_with(kVersion);
  const std::string_view separator = is_escaped ? "\n" : "; ";
  while (!text.empty()) {
    std::size_t end = text.find(separator);
    while (end != text.npos && !is_escaped &&
           !starts_field(text.substr(end + separator.size())))
      end = text.find(separator, end + separator.size());
    const std::string_view field = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + separator.size());
    const std::size_t colon = field.find(':');
    if (colon == field.npos) continue;
    const std::string_view key = field.substr(0, colon);
    const std::string_view value = trimmed(field.substr(colon + 1));
    if (is_escaped)
      read_field(key, unescaped_value(value), generation);
    else
      read_field(key, value, generation);
  }
  return true;
}

}  // namespace

extern const ParserRow mochi_diffusion_row = {
    "mochi_diffusion", "mochi-diffusion", "IPTC caption, Exif ImageDescription",
    read};

}  // namespace sdmeta
