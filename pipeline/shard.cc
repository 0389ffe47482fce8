#include "pipeline/shard.h"

#include <cstddef>

namespace sdmeta {

std::uint32_t shard_of(std::string_view name, std::uint32_t shards) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, 64 bits
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  // The lowest bits of FNV-1a are weak: bit 0 is only the parity of the bytes.
  const std::uint64_t folded = (hash ^ (hash >> 32)) & 0xffffffff;
  return static_cast<std::uint32_t>((folded * shards) >> 32) + 1;
}

std::string_view shard_name_of_path(std::string_view path) noexcept {
  std::size_t start = path.rfind('/');
  if (start == std::string_view::npos) return path;
  if (path.find('.', start) == std::string_view::npos && start > 0)
    start = path.rfind('/', start - 1);
  return start == std::string_view::npos ? path : path.substr(start + 1);
}

}  // namespace sdmeta
