#include "pipeline/lossless_text.h"

#include <simdjson.h>

#include "extractor/utf8.h"

namespace sdmeta {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (byte_at(text, at) & 0xC0) == 0x80;
}

// U+EF80 to U+EFFF are EE BE 80 to EE BF BF.
bool is_stand_in(std::string_view text) {
  return text.size() >= 3 && byte_at(text, 0) == 0xEE &&
         (byte_at(text, 1) & 0xFE) == 0xBE && is_continuation(text, 2);
}

void append_stand_in(std::string& out, unsigned byte) {
  out += '\xEE';
  out += static_cast<char>(0xBC | (byte >> 6));
  out += static_cast<char>(0x80 | (byte & 0x3F));
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string to_lossless_text(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = is_stand_in(bytes) ? 0 : utf8_length(bytes);
    if (length == 0) append_stand_in(text, byte_at(bytes, 0));
    else text.append(bytes, 0, length);
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

std::string from_lossless_text(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    if (is_stand_in(text)) {
      bytes += static_cast<char>(((byte_at(text, 1) & 3) << 6) |
                                 (byte_at(text, 2) & 0x3F));
      text.remove_prefix(3);
    } else {
      bytes += text.front();
      text.remove_prefix(1);
    }
  }
  return bytes;
}

}  // namespace sdmeta
