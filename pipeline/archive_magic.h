// Archives by their first bytes.
#pragma once

#include <cstdint>
#include <span>

#include "pipeline/compress.h"

namespace sdmeta {

/// True for tar, zip and 7z, and for what gzip, bzip2, xz, zstd or lz4
/// compressed, which may be a tar. `head` is the first 512 bytes.
bool is_archive(std::span<const std::uint8_t> head) noexcept;

/// kGzip, kZstd, or kNone for everything else.
Compression compression_at(std::span<const std::uint8_t> head) noexcept;

bool is_zip(std::span<const std::uint8_t> head) noexcept;

}  // namespace sdmeta
