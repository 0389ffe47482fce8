#include "extractor/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sdmeta {

std::size_t ascii_prefix(Bytes bytes) noexcept {
  std::size_t at = 0;
#if defined(__SSE2__)
  const auto load = [bytes](std::size_t from) {
    return _mm_loadu_si128(
        reinterpret_cast<const __m128i*>(bytes.data() + from));
  };
  for (; at + 64 <= bytes.size(); at += 64) {
    const __m128i any =
        _mm_or_si128(_mm_or_si128(load(at), load(at + 16)),
                     _mm_or_si128(load(at + 32), load(at + 48)));
    if (_mm_movemask_epi8(any) != 0) break;
  }
#endif
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (at < bytes.size() && bytes[at] < 0x80) ++at;
  return at;
}

// No overlong forms, no surrogates, nothing above 10FFFF.
Utf8Sequence utf8_sequence(Bytes bytes) noexcept {
  const std::uint8_t lead = bytes[0];
  if (lead < 0x80) return {1, false};
  std::size_t length = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes.size()) return {0, true};
    if (bytes[i] < low || bytes[i] > high) return {};
    low = 0x80;
    high = 0xBF;
  }
  return {length, false};
}

Utf8Census take_census(Bytes bytes) noexcept {
  Utf8Census census;
  std::size_t at = 0;
  while (true) {
    at += ascii_prefix(bytes.subspan(at));
    if (at == bytes.size()) return census;
    const Utf8Sequence sequence = utf8_sequence(bytes.subspan(at));
    if (sequence.is_cut) {
      census.cut = bytes.size() - at;
      return census;
    }
    if (sequence.length == 0) {
      ++census.invalid;
      ++at;
    } else {
      ++census.multibyte;
      at += sequence.length;
    }
  }
}

void append_utf8(std::string& out, char32_t c) {
  if (!is_character(c)) c = kReplacement;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

void cut_utf8(std::string& text, std::size_t max_bytes) noexcept {
  if (text.size() <= max_bytes) return;
  std::size_t size = max_bytes;
  while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xC0) == 0x80) {
    --size;
  }
  text.resize(size);
}

bool is_printable(std::string_view utf8) noexcept {
  return std::none_of(utf8.begin(), utf8.end(), [](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte == 0x7F || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r');
  });
}

}  // namespace sdmeta
