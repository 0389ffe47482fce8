#include "pipeline/shard.h"

#include <cstddef>

namespace sdmeta {

std::uint32_t shard_of(std::string_view name, std::uint32_t shards) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, 64 bits
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  // The last characters, in which names differ most, reach only some bits of
  // FNV-1a; fmix64 of MurmurHash3 spreads them over all.
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53;
  hash ^= hash >> 33;
  return static_cast<std::uint32_t>(hash % shards) + 1;
}

std::string_view shard_name_of_path(std::string_view path) noexcept {
  std::size_t start = path.rfind('/');
  if (start == std::string_view::npos) return path;
  if (path.find('.', start) == std::string_view::npos && start > 0)
    start = path.rfind('/', start - 1);
  return start == std::string_view::npos ? path : path.substr(start + 1);
}

}  // namespace sdmeta
