#include "pipeline/archive_magic.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "extractor/byte_cursor.h"
#include "pipeline/compress.h"
#include "pipeline/tar_reader.h"

namespace sdmeta {
namespace {

constexpr std::string_view kZipMember = "PK\x03\x04";
constexpr std::string_view kZipEmpty = "PK\x05\x06";
constexpr std::array<std::string_view, 4> kOtherMagic = {"7z\xBC\xAF\x27\x1C",
                                                         "BZh",
                                                         "\xFD"
                                                         "7zXZ",
                                                         "\x04\x22\x4D\x18"};

/// True for a zstd frame, and for skippable frames in front of one, as pzstd
/// writes them; what lies behind `head` is believed to be one. RFC 8878, 3.1.
bool is_zstd(std::span<const std::uint8_t> head) noexcept {
  constexpr std::size_t kSkippableHeader = 8;  // magic, then 32 bits of length
  bool has_skippable = false;
  while (head.size() >= kSkippableHeader / 2 && (head[0] & 0xF0) == 0x50 &&
         begins_with(head.subspan(1), "\x2A\x4D\x18")) {
    has_skippable = true;
    if (head.size() < kSkippableHeader) return true;
    const std::uint32_t length = ByteCursor(head.subspan(4, 4)).le32();
    if (length > head.size() - kSkippableHeader) return true;
    head = head.subspan(kSkippableHeader + length);
  }
  const std::string_view frame = magic_of(Compression::kZstd);
  return begins_with(head, frame) ||
         (has_skippable && head.size() < frame.size());
}

}  // namespace

bool is_zip(std::span<const std::uint8_t> head) noexcept {
  return begins_with(head, kZipMember) || begins_with(head, kZipEmpty);
}

Compression compression_at(std::span<const std::uint8_t> head) noexcept {
  if (begins_with(head, magic_of(Compression::kGzip)))
    return Compression::kGzip;
  return is_zstd(head) ? Compression::kZstd : Compression::kNone;
}

bool is_archive(std::span<const std::uint8_t> head) noexcept {
  return is_zip(head) || is_tar_header(head) ||
         compression_at(head) != Compression::kNone ||
         std::any_of(
             kOtherMagic.begin(), kOtherMagic.end(),
             [&](std::string_view magic) { return begins_with(head, magic); });
}

}  // namespace sdmeta
