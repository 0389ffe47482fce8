// Deflated bytes as a ByteSource that inflates no further than it is read.
#pragma once

#include <cstdint>
#include <memory>

#include "extractor/byte_source.h"

namespace sdmeta {

struct InflateBounds {
  /// Held at a time: those inflated last.
  std::uint64_t max_held_bytes;
  /// Inflated in all, again after a step back included.
  std::uint64_t max_work_bytes;
};

/// `packed` holds a raw deflate stream (RFC 1951) of `size` bytes once
/// inflated; a stream that is longer is cut there. Reading on costs the bytes
/// between; reading back to what is no longer held, all from the begin. Passing
/// `max_work_bytes` is kMemberTooLarge. Broken data is kCorrupt, and everything
/// before it is served.
std::unique_ptr<ByteSource> make_inflate_source(
    std::unique_ptr<ByteSource> packed, std::uint64_t size,
    const InflateBounds& bounds);

}  // namespace sdmeta
