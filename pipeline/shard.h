// Splits any set of inputs into N disjoint parts that different machines can
// work on without talking to each other.
#pragma once

#include <cstdint>
#include <string_view>

namespace sdmeta {

/// Part of `name`, from 1 to `shards`, which is not 0: FNV-1a 64 of its bytes,
/// mixed by fmix64 of MurmurHash3, modulo `shards`, plus 1. Stable for ever.
std::uint32_t shard_of(std::string_view name, std::uint32_t shards) noexcept;

/// One part of a split.
struct Shard {
  std::uint32_t number = 1;  // 1 to `count`
  std::uint32_t count = 1;

  bool takes(std::string_view name) const noexcept {
    return count <= 1 || shard_of(name, count) == number;
  }
};

/// What shard_of() is asked for when a file was named (argument, list): the
/// base name, so that it does not matter how the way to it is spelled; with the
/// folder's name in front if it has no dot (`<uuid>/original=true`, where the
/// base name is the same for all). Files found in a folder go by their path
/// below the folder that was named.
std::string_view shard_name_of_path(std::string_view path) noexcept;

}  // namespace sdmeta
