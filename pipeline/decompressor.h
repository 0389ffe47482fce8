// The members of a gzip file (RFC 1952) and the frames of a zstd file (RFC
// 8878), one behind the other, from bytes that come in pieces.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "extractor/error.h"
#include "pipeline/compress.h"

namespace sdmeta {

class Decompressor {
 public:
  struct Step {
    std::size_t taken = 0;    // of the bytes offered
    std::size_t written = 0;  // to `out`
    bool is_at_end = false;   // of a member or frame, and of its text
    bool has_more = false;    // there is more text without more bytes
  };

  /// For kGzip and kZstd.
  static std::unique_ptr<Decompressor> make(Compression compression);
  virtual ~Decompressor() = default;

  /// Goes on until `offered` is used up, `out` is full, or a member ends.
  /// kBadCompression for bytes that are not of this compression; of gzip not
  /// before all text in front of them was written.
  virtual Result<Step> step(std::string_view offered, std::span<char> out) = 0;
};

}  // namespace sdmeta
