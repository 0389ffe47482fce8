// The search for what a damaged file has lost, block by block: what stands
// across the border of two is seen, and the bytes searched are bounded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "extractor/byte_cursor.h"
#include "extractor/byte_window.h"

namespace sdmeta {

class BlockSearch {
 public:
  static constexpr std::size_t kBlock = 64u << 10;

  /// Searches `most` bytes in all. `in` must outlive it.
  BlockSearch(ByteWindow& in, std::size_t most) noexcept
      : in_(in), left_(most) {}

  /// Calls `look(block, offset)` for the blocks of [begin, end) until it
  /// returns something, which is returned: an optional. Blocks are `overlap`
  /// bytes longer than kBlock; what begins there begins the next one, too.
  template <class Look>
  auto find(std::uint64_t begin, std::uint64_t end, std::size_t overlap,
            Look look) -> decltype(look(Bytes(), begin)) {
    for (std::uint64_t at = begin; at < end && left_ >= kBlock; at += kBlock) {
      left_ -= kBlock;
      const Bytes block =
          in_.view(at, std::min<std::uint64_t>(end - at, kBlock + overlap), 0);
      if (auto found = look(block, at)) return found;
      if (block.size() < kBlock) break;
    }
    return {};
  }

 private:
  ByteWindow& in_;
  std::size_t left_;
};

}  // namespace sdmeta
