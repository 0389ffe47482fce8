#include "extractor/jpeg_segment.h"

namespace sdmeta::jpeg {

namespace {

bool holds_text(std::uint8_t marker) noexcept {
  return (marker & 0xF0) == kApp0 || marker == kCom;
}

// Of those that stand in front of the pixels in most files.
bool is_usual(std::uint8_t marker) noexcept {
  return holds_text(marker) || marker == kDqt || marker == kDht ||
         marker == kDri || marker == kSos ||
         (marker >= kSof0 && marker <= kSof2);
}

}  // namespace

bool looks_like_segment(Bytes bytes) noexcept {
  if (bytes.size() < 6 || !is_usual(bytes[1])) return false;
  const std::size_t end = 2 + ByteCursor(bytes, 2).be16();
  if (end < 4) return false;
  if (end >= bytes.size() || bytes[end] == 0xFF) return true;
  ByteCursor cursor(bytes, 4);
  const std::size_t length = end - 4;
  constexpr std::size_t kTableBytes = 65;  // of quantization
  if (bytes[1] == kDqt) return length % kTableBytes == 0;
  if (bytes[1] == kSos) return length == 4 + std::size_t{2} * cursor.u8();
  if (bytes[1] >= kSof0 && bytes[1] <= kSof2) {
    cursor.skip(5);
    return length == 6 + std::size_t{3} * cursor.u8();
  }
  // UTF-16's BOM looks like a comment's marker.
  const bool looks_like_utf16 = bytes[3] == 0 && bytes[5] == 0;
  return holds_text(bytes[1]) && !looks_like_utf16;
}

}  // namespace sdmeta::jpeg
