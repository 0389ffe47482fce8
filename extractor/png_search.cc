#include "extractor/png_search.h"

#include <algorithm>
#include <string_view>

#include "extractor/field_collector.h"

namespace sdmeta::png {

using namespace std::string_view_literals;

std::uint32_t disguised_type(ByteWindow& in, const Chunk& chunk) {
  const std::string_view data = as_text(
      in.view(chunk.data_offset(),
              std::min<std::size_t>(chunk.length, kMaxKeywordBytes + 3)));
  const std::size_t nul = data.find('\0');
  if (nul == data.npos || text_key_behind(data.substr(0, nul)) != nul)
    return chunk.type;
  const std::string_view text = data.substr(nul + 1);
  if (text.starts_with("\0x"sv)) return kZtxt;
  return text.starts_with("\0\0"sv) || text.starts_with("\1\0"sv) ? kItxt
                                                                  : kText;
}

std::optional<Chunk> ChunkSearch::find_header(std::uint64_t offset) {
  // Lengths up to here may be right although the file ends before.
  constexpr std::uint32_t kUsualLength = 1u << 26;
  const auto look = [](Bytes block, std::uint64_t at) -> std::optional<Chunk> {
    std::uint64_t window = 0;
    for (std::size_t i = 0; i < block.size(); ++i) {
      window = window << 8 | block[i];
      const Chunk chunk{at + i + 1 - kHeaderBytes,
                        static_cast<std::uint32_t>(window >> 32),
                        static_cast<std::uint32_t>(window)};
      if (block[i] < 'A' || i + 1 < kHeaderBytes || chunk.length > kUsualLength)
        continue;
      if (chunk.has_type() && is_known(chunk.type)) return chunk;
    }
    return std::nullopt;
  };
  return headers_.find(offset, UINT64_MAX, kHeaderBytes, look);
}

std::optional<Chunk> ChunkSearch::find_lost(std::uint64_t offset) {
  const std::optional<Chunk> next = find_header(offset);
  const std::uint64_t end = next ? next->offset : in_.size();
  if (std::optional<Chunk> text = find_text(offset, end)) return text;
  return next;
}

// A text in [begin, end) whose chunk has lost its header, told by its keyword.
std::optional<Chunk> ChunkSearch::find_text(std::uint64_t begin,
                                            std::uint64_t end) {
  constexpr std::size_t kOverlap = 80;  // a keyword and a NUL
  const auto look = [this, end](Bytes block,
                                std::uint64_t at) -> std::optional<Chunk> {
    const std::string_view text = as_text(block);
    for (std::size_t nul = text.find('\0'); nul != text.npos;
         nul = text.find('\0', nul + 1)) {
      if (nul == 0 || text[nul - 1] == '\0') continue;
      const std::size_t key_bytes = text_key_behind(text.substr(0, nul));
      if (key_bytes == 0) continue;
      const std::uint64_t start = at + nul - key_bytes;
      const std::uint64_t crc = end < in_.size() ? kCrcBytes : 0;
      Chunk chunk;
      chunk.offset = start - kHeaderBytes;
      chunk.length = static_cast<std::uint32_t>(
          std::max(start + key_bytes, end - crc) - start);
      chunk.type = disguised_type(in_, chunk);
      return chunk;
    }
    return std::nullopt;
  };
  return texts_.find(begin, end, kOverlap, look);
}

}  // namespace sdmeta::png
