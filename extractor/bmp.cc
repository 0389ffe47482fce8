#include "extractor/bmp.h"

#include <string>

namespace sdmeta {

void read_bmp(ByteWindow& in, FieldCollector& out) {
  constexpr std::uint32_t kOldestHeaderBytes = 12;  // 16-bit width and height
  ByteCursor cursor(in.view(0, 26), 2);
  const std::uint32_t file_bytes = cursor.le32();
  cursor.skip(8);
  if (cursor.le32() == kOldestHeaderBytes) {
    out.image().width = cursor.le16();
    out.image().height = cursor.le16();
  } else {
    out.image().width = cursor.le32();
    // Negative where the rows run from top to bottom.
    const std::uint32_t height = cursor.le32();
    out.image().height = height >> 31 != 0 ? 0 - height : height;
  }
  if (cursor.is_overrun()) {
    out.image().width.reset();
    out.image().height.reset();
    out.damage(ErrorCode::kTruncated, "file ends inside its header", in.size());
  } else if (file_bytes > in.size()) {
    out.damage(ErrorCode::kTruncated,
               "header declares " + std::to_string(file_bytes) +
                   " bytes, file ends after " + std::to_string(in.size()),
               in.size());
  }
}

}  // namespace sdmeta
