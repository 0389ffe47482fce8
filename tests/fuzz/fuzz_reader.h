// What the fuzz targets of the readers share: small limits, so that they are
// met, and the promises of FieldCollector, which must hold for any bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "extractor/byte_window.h"
#include "extractor/field_collector.h"
#include "extractor/limits.h"

namespace sdmeta::fuzz {

inline Limits small_limits() {
  Limits limits;
  limits.max_field_bytes = 64u << 10;
  limits.max_total_field_bytes = 128u << 10;
  limits.max_fields = 64;
  limits.max_chunks = 4096;
  limits.max_ifd_entries = 64;
  limits.max_ifds = 8;
  limits.max_pixels = 1u << 20;
  limits.max_decoder_bytes = 4u << 20;
  return limits;
}

inline void require(bool promise) {
  if (!promise) std::abort();
}

/// No overlong forms, surrogates, or code points above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = static_cast<std::uint8_t>(text[i++]);
    if (lead < 0x80) continue;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4) return false;
    std::uint32_t code = lead & (0x3F >> more);
    for (int k = 0; k < more; ++k, ++i) {
      if (i >= text.size() || (text[i] & 0xC0) != 0x80) return false;
      code = code << 6 | (text[i] & 0x3F);
    }
    constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (code < kLeast[more] || code > 0x10FFFF) return false;
    if (code >= 0xD800 && code < 0xE000) return false;
  }
  return true;
}

inline void check(const ImageFields& image, const Limits& limits) {
  require(image.fields.size() <= limits.max_fields);
  std::size_t total = 0;
  for (const RawField& field : image.fields) {
    require(field.value.size() <= limits.max_field_bytes);
    total += field.value.size();
    require(is_utf8(field.key));
    require(field.encoding == Encoding::kBytes || is_utf8(field.value));
  }
  require(total <= limits.max_total_field_bytes);
  for (const Error& note : image.notes) require(is_utf8(note.detail));
  if (image.damage) require(is_utf8(image.damage->detail));
}

/// Runs one reader over the input as over a file.
inline int run_reader(void (*read)(ByteWindow&, FieldCollector&),
                      const std::uint8_t* data, std::size_t size) {
  const Limits limits = small_limits();
  ImageFields image;
  FieldCollector out(image, limits);
  MemorySource source({data, size});
  ByteWindow in(source);
  read(in, out);
  check(image, limits);
  return 0;
}

}  // namespace sdmeta::fuzz
