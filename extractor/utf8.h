// UTF-8 by its characters: the Unicode standard, table 3-7.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "extractor/byte_cursor.h"

namespace sdmeta {

/// What stands where a character cannot be decoded.
inline constexpr char32_t kReplacement = 0xFFFD;

/// No surrogate, and nothing above U+10FFFF.
constexpr bool is_character(char32_t c) noexcept {
  return c <= 0x10FFFF && (c < 0xD800 || c >= 0xE000);
}

/// Number of bytes in front of the first that is not ASCII.
std::size_t ascii_prefix(Bytes bytes) noexcept;

struct Utf8Sequence {
  std::size_t length = 0;  // of a valid character; 0 if there is none here
  bool is_cut = false;     // a valid beginning, and then the bytes end
};

/// The character at the start of `bytes`, which is not empty.
Utf8Sequence utf8_sequence(Bytes bytes) noexcept;

/// Its length in bytes, 0 if there is no valid one. `text` is not empty.
inline std::size_t utf8_length(std::string_view text) noexcept {
  return utf8_sequence(as_bytes(text)).length;
}

struct Utf8Census {
  std::size_t multibyte = 0;  // valid characters of two and more bytes
  std::size_t invalid = 0;    // bytes that belong to no character
  std::size_t cut = 0;        // bytes of an unfinished character at the end
};

Utf8Census take_census(Bytes bytes) noexcept;

/// Appends a character; U+FFFD for a code point that is none.
void append_utf8(std::string& out, char32_t code_point);

/// Shortens `text` to at most `max_bytes`, never inside a character.
void cut_utf8(std::string& text, std::size_t max_bytes) noexcept;

/// True for text in the sense of people: no control characters but white space.
bool is_printable(std::string_view utf8) noexcept;

}  // namespace sdmeta
