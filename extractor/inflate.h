// Bounded inflation of text.
#pragma once

#include <string>

#include "extractor/byte_cursor.h"

namespace sdmeta {

enum class InflateEnd : std::uint8_t {
  kComplete,
  kInputEnded,  // before the stream did
  kCorrupt,     // bad data or checksum
  kTooLarge,    // stopped at the limit
};

/// Appends what a zlib or gzip stream holds to `out`, at most `max_bytes`.
/// Whatever was inflated before a problem is kept.
InflateEnd inflate_text(Bytes stream, std::size_t max_bytes, std::string& out);

}  // namespace sdmeta
