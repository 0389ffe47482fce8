#include "extractor/raw_profile.h"

#include <algorithm>
#include <optional>
#include <string>

#include "extractor/byte_cursor.h"
#include "extractor/exif.h"
#include "extractor/iptc.h"
#include "extractor/xmp.h"

namespace sdmeta {
namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// "\nexif\n    1234\n", then hex digits in lines; editors of text end those
// with CRLF.
std::optional<std::string> decode_raw_profile(std::string_view text) {
  std::size_t at = text.find_first_not_of("\r\n");  // name
  at = at == text.npos ? at : text.find('\n', at);
  at = at == text.npos ? at : text.find_first_not_of(" \r\n", at);  // count
  at = at == text.npos ? at : text.find('\n', at);
  if (at == text.npos) return {};
  std::string bytes;
  bytes.reserve((text.size() - at) / 2);
  int high = -1;
  for (const char c : text.substr(at)) {
    const int digit = hex_digit(c);
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      bytes += static_cast<char>(high << 4 | digit);
      high = -1;
    }
  }
  return bytes;
}

// `lower` is in lower case.
bool is_same_word(std::string_view text, std::string_view lower) noexcept {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return a == b || (a | 0x20) == b; });
}

}  // namespace

bool read_raw_profile(std::string_view kind, std::string_view text,
                      std::uint64_t file_offset, FieldCollector& out,
                      TextEnd end) {
  const bool is_iptc = is_same_word(kind, "iptc") || is_same_word(kind, "8bim");
  const bool is_xmp = is_same_word(kind, "xmp");
  if (!is_iptc && !is_xmp && !is_same_word(kind, "exif") &&
      !is_same_word(kind, "app1"))
    return false;
  const std::optional<std::string> decoded = decode_raw_profile(text);
  if (!decoded) return false;
  Bytes bytes = as_bytes(*decoded);
  // ImageMagick writes both, each under either name.
  constexpr std::uint8_t kDatasetMarker = 0x1C;
  if (is_iptc && !bytes.empty() && bytes[0] == kDatasetMarker) {
    read_iptc(bytes, out);
  } else if (is_iptc) {
    read_photoshop_resources(bytes, out);
  } else if (is_xmp || looks_like_xmp(bytes)) {
    read_xmp(bytes, file_offset, out, end);
  } else {
    read_exif(bytes, file_offset, out, end);
  }
  return true;
}

}  // namespace sdmeta
