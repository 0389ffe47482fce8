// Whether bytes are UTF-16, and in which order, where neither a mark nor a
// claim can be believed.
#pragma once

#include <cstddef>
#include <optional>

#include "extractor/byte_cursor.h"

namespace sdmeta {

/// Zero bytes at every second place, and hardly elsewhere, are UTF-16. A few
/// NULs in front of or between 8-bit strings are not; bytes that cannot be
/// UTF-8 need less evidence. `bytes` do not end in NULs.
bool looks_like_utf16(Bytes bytes) noexcept;

/// Four characters of ASCII: no text of 8 bits has as many NULs there.
constexpr std::size_t kTellingUtf16Bytes = 8;

/// Whether the first `count` bytes are those of ASCII in UTF-16, in either
/// order: NULs at every second place and nowhere else. False if there are
/// fewer.
bool begins_as_utf16(Bytes bytes,
                     std::size_t count = kTellingUtf16Bytes) noexcept;

/// The byte order in which most of the text is ASCII; nothing if there is none,
/// or the text is too short to tell it from ideographs like U+4E00.
std::optional<ByteOrder> order_of_ascii(Bytes bytes) noexcept;

/// By a clear majority of zero bytes, else by which of the two readings looks
/// like text, else `hint`, else big endian.
ByteOrder utf16_order(Bytes bytes, std::optional<ByteOrder> hint) noexcept;

/// The code unit at byte `at`, which is there.
inline char16_t unit_at(Bytes bytes, std::size_t at, ByteOrder order) noexcept {
  const unsigned first = bytes[at];
  const unsigned second = bytes[at + 1];
  return static_cast<char16_t>(order == ByteOrder::kBig ? first << 8 | second
                                                        : second << 8 | first);
}

constexpr bool is_high_surrogate(char32_t c) noexcept {
  return c >= 0xD800 && c < 0xDC00;
}
constexpr bool is_low_surrogate(char32_t c) noexcept {
  return c >= 0xDC00 && c < 0xE000;
}

}  // namespace sdmeta
