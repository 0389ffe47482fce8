// What follows where the chain of chunks is broken: the next chunk, or a text
// that has lost its header.
#pragma once

#include <cstdint>
#include <optional>

#include "extractor/block_search.h"
#include "extractor/byte_window.h"
#include "extractor/png_chunk.h"

namespace sdmeta::png {

/// The type of a text chunk whose own is damaged, told by its keyword; else
/// what it says.
std::uint32_t disguised_type(ByteWindow& in, const Chunk& chunk);

class ChunkSearch {
 public:
  /// Each of the two searches looks at `most` bytes in all. `in` must outlive
  /// this.
  ChunkSearch(ByteWindow& in, std::size_t most) noexcept
      : in_(in), headers_(in, most), texts_(in, most) {}

  /// The next chunk of a known kind that begins at `offset` or behind.
  std::optional<Chunk> find_header(std::uint64_t offset);

  /// The same, or a text in front of it whose chunk has lost its header.
  std::optional<Chunk> find_lost(std::uint64_t offset);

 private:
  std::optional<Chunk> find_text(std::uint64_t begin, std::uint64_t end);

  ByteWindow& in_;
  BlockSearch headers_;
  BlockSearch texts_;
};

}  // namespace sdmeta::png
