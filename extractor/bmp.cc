#include "extractor/bmp.h"

#include <string>

namespace sdmeta {

namespace {

// Where the pixels end that no method packs; 0 for others. The size of the file
// that the header states is wrong in many.
std::uint64_t end_of_pixels(ByteWindow& in, std::uint64_t width,
                            std::uint64_t height, bool is_oldest) {
  constexpr std::uint32_t kBitFields = 3;  // masks say which bits are red, ...
  const std::uint64_t header_bytes = is_oldest ? 26 : 34;
  ByteCursor cursor(in.view(0, header_bytes), 10);
  const std::uint32_t start = cursor.le32();
  cursor.skip(is_oldest ? 10 : 14);
  const std::uint16_t bits = cursor.le16();
  const std::uint32_t packing = is_oldest ? 0 : cursor.le32();
  if (cursor.is_overrun()) return header_bytes;
  if (packing != 0 && packing != kBitFields) return 0;
  return start + (width * bits + 31) / 32 * 4 * height;
}

}  // namespace

void read_bmp(ByteWindow& in, FieldCollector& out) {
  constexpr std::uint32_t kOldestHeaderBytes = 12;  // 16-bit width and height
  ByteCursor cursor(in.view(0, 26), 14);
  const bool is_oldest = cursor.le32() == kOldestHeaderBytes;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  if (is_oldest) {
    width = cursor.le16();
    height = cursor.le16();
  } else {
    width = cursor.le32();
    height = cursor.le32();
    // Negative where the rows run from top to bottom.
    if (height >> 31 != 0) height = 0 - height;
  }
  if (cursor.is_overrun())
    return out.damage(ErrorCode::kTruncated, "file ends inside its header",
                      in.size());
  out.image().width = width;
  out.image().height = height;
  const std::uint64_t end = end_of_pixels(in, width, height, is_oldest);
  if (end > in.size()) {
    out.damage(ErrorCode::kTruncated,
               "pixels reach to byte " + std::to_string(end) +
                   ", file ends after " + std::to_string(in.size()),
               in.size());
  }
}

}  // namespace sdmeta
