// A packed member that is held in memory as a ByteSource.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "extractor/byte_source.h"
#include "extractor/limits.h"

namespace sdmeta {

/// `bytes` as a source. If they are all that was kept of `size`, because of
/// `limits.max_member_bytes`, reading what is missing is kMemberTooLarge.
std::unique_ptr<ByteSource> make_held_source(
    std::shared_ptr<const std::vector<std::uint8_t>> bytes, std::uint64_t size,
    const Limits& limits);

}  // namespace sdmeta
