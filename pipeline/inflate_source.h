// Deflated bytes as a ByteSource that inflates no further than it is read.
#pragma once

#include <cstdint>
#include <memory>

#include "extractor/byte_source.h"

namespace sdmeta {

/// `packed` holds a raw deflate stream (RFC 1951) of `size` bytes once
/// inflated; a stream that is longer is cut there. What was inflated is kept:
/// at most `limit` bytes, reading beyond is kMemberTooLarge. Broken data is
/// kCorrupt, and everything before it is served.
std::unique_ptr<ByteSource> make_inflate_source(
    std::unique_ptr<ByteSource> packed, std::uint64_t size,
    std::uint64_t limit);

}  // namespace sdmeta
