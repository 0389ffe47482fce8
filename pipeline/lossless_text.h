// File names as JSON strings. A name is bytes and a JSON string is Unicode, so
// the bytes that are no UTF-8 need a form that can be turned back.
//
// Form: valid UTF-8 stands for itself; any other byte 0xNN (always 0x80 or
// more) is the private character U+EFNN. Characters U+EF80 to U+EFFF that a
// name really contains are written byte by byte in the same way, so that the
// form is unambiguous. In Python:
//   b"".join(bytes([ord(c) - 0xEF00]) if 0xEF80 <= ord(c) <= 0xEFFF
//            else c.encode() for c in text)
#pragma once

#include <string>
#include <string_view>

namespace sdmeta {

/// True for UTF-8 (no surrogates, nothing above U+10FFFF, no overlong forms).
bool is_utf8(std::string_view text) noexcept;

/// `bytes` in the form above; always valid UTF-8.
std::string to_lossless_text(std::string_view bytes);

/// The inverse: to_bytes(to_lossless_text(b)) == b for all b.
std::string from_lossless_text(std::string_view text);

}  // namespace sdmeta
