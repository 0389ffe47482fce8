// Segments of JPEG: what their markers and their first bytes say of them (ITU
// T.81, annex B; JFIF; Exif; XMP part 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "extractor/byte_cursor.h"

namespace sdmeta::jpeg {

// Second bytes of markers, T.81 table B.1.
constexpr std::uint8_t kTem = 0x01;
constexpr std::uint8_t kSof0 = 0xC0;
constexpr std::uint8_t kSof2 = 0xC2;
constexpr std::uint8_t kDht = 0xC4;
constexpr std::uint8_t kJpg = 0xC8;
constexpr std::uint8_t kDac = 0xCC;
constexpr std::uint8_t kSof15 = 0xCF;
constexpr std::uint8_t kRst0 = 0xD0;
constexpr std::uint8_t kEoi = 0xD9;
constexpr std::uint8_t kSos = 0xDA;
constexpr std::uint8_t kDqt = 0xDB;
constexpr std::uint8_t kDri = 0xDD;
constexpr std::uint8_t kApp0 = 0xE0;
constexpr std::uint8_t kApp1 = 0xE1;
constexpr std::uint8_t kApp11 = 0xEB;
constexpr std::uint8_t kSof55 = 0xF7;  // JPEG-LS, ITU T.87
constexpr std::uint8_t kCom = 0xFE;

/// With nothing behind them.
constexpr bool is_standalone(std::uint8_t marker) noexcept {
  return marker == kTem || (marker >= kRst0 && marker <= kEoi);
}

/// They say how large the picture is.
constexpr bool is_frame(std::uint8_t marker) noexcept {
  return (marker >= kSof0 && marker <= kSof15 && marker != kDht &&
          marker != kJpg && marker != kDac) ||
         marker == kSof55;
}

constexpr std::size_t kMaxPayloadBytes = 65533;

struct Segment {
  std::uint64_t offset = 0;  // of the FF in front of its marker
  std::uint8_t marker = 0;
  std::uint64_t payload_offset = 0;
  std::size_t length = 0;  // of the payload

  std::uint64_t end() const noexcept { return payload_offset + length; }
  bool is_full() const noexcept { return length == kMaxPayloadBytes; }
};

// What the content of an application's segment begins with.
using std::literals::operator""sv;
constexpr std::string_view kExifHeader = "Exif\0"sv;  // a sixth byte is padding
constexpr std::string_view kXmpHeader = "http://ns.adobe.com/xap/1.0/"sv;
constexpr std::string_view kExtendedXmpHeader =
    "http://ns.adobe.com/xmp/extension/\0"sv;
constexpr std::string_view kPhotoshopHeader = "Photoshop 3.0\0"sv;
constexpr std::size_t kLongestAppHeader = kExtendedXmpHeader.size();

enum class AppKind : std::uint8_t {
  kOther,
  kExif,
  kXmp,
  kExtendedXmp,
  kPhotoshop
};

/// Told by what the payload begins with: markers are damaged more easily.
inline AppKind kind_of(Bytes payload) noexcept {
  const std::string_view text = as_text(payload);
  if (text.starts_with(kExifHeader)) return AppKind::kExif;
  if (text.starts_with(kXmpHeader)) return AppKind::kXmp;
  if (text.starts_with(kExtendedXmpHeader)) return AppKind::kExtendedXmp;
  if (text.starts_with(kPhotoshopHeader)) return AppKind::kPhotoshop;
  return AppKind::kOther;
}

/// Of bytes that begin with FF: a usual marker, and behind its segment the
/// next, or text in it.
bool looks_like_segment(Bytes bytes) noexcept;

}  // namespace sdmeta::jpeg
