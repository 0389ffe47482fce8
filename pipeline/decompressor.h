// The members of a gzip file (RFC 1952) and the frames of a zstd file (RFC
// 8878), one behind the other, from bytes that come in pieces.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

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

/// What a whole file of members or frames holds, in order.
class DecompressedText {
 public:
  /// The next bytes of the file, valid until the next call; none at its end.
  using Refill = std::function<Result<std::string_view>()>;

  /// `is_padded`: zeros behind members are passed over, as on tapes. Elsewhere
  /// they are what a crash has left of a member.
  DecompressedText(Compression compression, bool is_padded, Refill refill)
      : decompressor_(Decompressor::make(compression)),
        is_padded_(is_padded),
        refill_(std::move(refill)) {}

  /// Fills `out`, or a part of it; 0 at the end. What can be decompressed comes
  /// before an error, but for the last part of a zstd block: kBadCompression,
  /// kTruncated, or that of `refill`.
  Result<std::size_t> read(std::span<char> out);

 private:
  std::unique_ptr<Decompressor> decompressor_;
  bool is_padded_;
  Refill refill_;
  std::string_view packed_;  // bytes that wait for their turn
  bool is_inside_ = false;   // of a member
  bool has_ended_ = false;   // one of them
};

}  // namespace sdmeta
