// The checksum of PNG chunks.
#pragma once

#include <cstdint>

#include "extractor/byte_cursor.h"

namespace sdmeta {

/// CRC-32 as in ISO 3309 and zlib. Uses carry-less multiplication where the
/// processor has it: with zlib's table, checking cost more than all the rest of
/// reading a PNG (0.58 of 0.77 us for an infotext of 1.4 kB).
std::uint32_t crc32_of(Bytes bytes) noexcept;

}  // namespace sdmeta
