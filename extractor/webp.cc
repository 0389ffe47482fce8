#include "extractor/webp.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "extractor/block_search.h"
#include "extractor/exif.h"
#include "extractor/provenance.h"
#include "extractor/xmp.h"

namespace sdmeta {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kRiffHeaderBytes = 12;
constexpr std::size_t kChunkHeaderBytes = 8;

bool is_fourcc(Bytes bytes) noexcept {
  return bytes.size() == 4 &&
         std::all_of(bytes.begin(), bytes.end(),
                     [](std::uint8_t c) {
                       const std::uint8_t lower = c | 0x20;
                       return (lower >= 'a' && lower <= 'z') ||
                              (c >= '0' && c <= '9') || c == ' ' || c == 0;
                     }) &&
         bytes[0] > ' ';
}

bool is_known(std::string_view type) noexcept {
  constexpr std::array<std::string_view, 9> kKnown = {
      "EXIF", "XMP ", "VP8X", "VP8L", "VP8 ", "ALPH", "ANIM", "ANMF", "C2PA"};
  return std::find(kKnown.begin(), kKnown.end(), type) != kKnown.end();
}

struct Chunk {
  std::uint64_t offset = 0;  // of its type
  std::string type;
  std::uint32_t length = 0;

  std::uint64_t data_offset() const noexcept {
    return offset + kChunkHeaderBytes;
  }
  std::uint64_t end() const noexcept { return data_offset() + length; }
};

bool is_exif(const Chunk& chunk) noexcept { return chunk.type == "EXIF"; }

bool is_xmp(const Chunk& chunk) noexcept {
  return chunk.type == "XMP " || chunk.type == "XMP\0"sv;
}

class WebpReader {
 public:
  WebpReader(ByteWindow& in, FieldCollector& out) : in_(in), out_(out) {}

  void read();

 private:
  void read_chunks();
  std::optional<Chunk> chunk_at(std::uint64_t offset);
  std::optional<Chunk> find_chunk(std::uint64_t offset);
  bool fit_length(Chunk& chunk);
  std::uint64_t next_offset(const Chunk& chunk);
  void read_chunk(const Chunk& chunk);
  void read_size(std::string_view type, std::uint64_t data_offset);

  ByteWindow& in_;
  FieldCollector& out_;
  bool has_pixels_ = false;
  BlockSearch search_{in_, out_.limits().max_search_bytes};
};

void WebpReader::read() {
  read_chunks();
  if (!has_pixels_)
    out_.damage(ErrorCode::kTruncated, "file ends before its image data",
                in_.size());
}

void WebpReader::read_chunks() {
  const Bytes head = in_.view(0, kRiffHeaderBytes);
  if (head.size() == kRiffHeaderBytes &&
      (!begins_with(head, "RIFF") || !begins_with(head.subspan(8), "WEBP")))
    out_.damage(ErrorCode::kCorrupt, "signature is damaged", 0);
  ByteCursor riff(head, 4);
  const std::uint64_t declared_end = std::uint64_t{8} + riff.le32();
  riff.skip(4);
  if (riff.is_overrun() || declared_end > in_.size()) {
    out_.damage(ErrorCode::kTruncated,
                "header declares " + std::to_string(declared_end) +
                    " bytes, file ends after " + std::to_string(in_.size()),
                in_.size());
  }
  std::uint64_t offset = kRiffHeaderBytes;
  while (offset + kChunkHeaderBytes <= in_.size() && out_.may_walk_on()) {
    std::optional<Chunk> chunk = chunk_at(offset);
    // What is appended to a whole image need not be chunks.
    const bool is_inside = offset < declared_end;
    if (!is_inside && (!chunk || chunk->end() > in_.size())) return;
    if (!chunk) {
      out_.damage(ErrorCode::kCorrupt,
                  "no chunk at byte " + std::to_string(offset), offset);
      chunk = find_chunk(offset);
      if (!chunk) return;
    }
    std::uint64_t next = next_offset(*chunk);
    const bool is_followed =
        chunk->end() <= in_.size() &&
        (next >= std::min(in_.size(), declared_end) || chunk_at(next));
    if (!is_followed && fit_length(*chunk)) next = chunk->end();
    read_chunk(*chunk);
    if (chunk->end() > in_.size()) {
      return out_.damage(
          ErrorCode::kTruncated,
          chunk->type + " chunk at byte " + std::to_string(chunk->offset) +
              " declares " + std::to_string(chunk->length) +
              " bytes, file ends after " + std::to_string(in_.size()),
          chunk->offset);
    }
    offset = next;
  }
}

// The chunk at `offset`, if there is one: of a kind that is known, or of any
// kind where the file holds all of it.
std::optional<Chunk> WebpReader::chunk_at(std::uint64_t offset) {
  const Bytes header = in_.view(offset, kChunkHeaderBytes);
  if (header.size() < kChunkHeaderBytes || !is_fourcc(header.first(4)))
    return std::nullopt;
  Chunk chunk{offset, std::string(as_text(header.first(4))),
              ByteCursor(header, 4).le32()};
  if (is_known(chunk.type)) return chunk;
  if (chunk.end() > in_.size()) return std::nullopt;
  // A name is damaged more easily than what the data begin with.
  constexpr std::size_t kMarkBytes = 24;
  const Bytes data = in_.view(chunk.data_offset(),
                              std::min<std::size_t>(chunk.length, kMarkBytes));
  if (find_tiff_header(data) != SIZE_MAX) chunk.type = "EXIF";
  if (begins_with(data, "<x:xmpmeta") || begins_with(data, "<?xpacket"))
    chunk.type = "XMP ";
  return chunk;
}

// The next chunk of a known kind that begins at `offset` or behind; or the Exif
// block or XMP packet of one that has lost its header.
std::optional<Chunk> WebpReader::find_chunk(std::uint64_t offset) {
  constexpr std::size_t kOverlap = 16;
  const auto look = [this](Bytes bytes,
                           std::uint64_t at) -> std::optional<Chunk> {
    const std::string_view block = as_text(bytes);
    const std::size_t last = std::min(block.size(), BlockSearch::kBlock);
    for (std::size_t i = block.find_first_of("EXVACIM<"sv); i < last;
         i = block.find_first_of("EXVACIM<"sv, i + 1)) {
      const std::string_view rest = block.substr(i);
      const std::uint64_t place = at + i;
      if (is_known(rest.substr(0, 4)) &&
          ByteCursor(as_bytes(rest), 4).le32() <= in_.size() - place)
        return chunk_at(place);
      const bool is_exif =
          rest.starts_with("II*\0"sv) || rest.starts_with("MM\0*"sv);
      if (!is_exif && !rest.starts_with("<x:xmpmeta"sv)) continue;
      return Chunk{place - kChunkHeaderBytes, is_exif ? "EXIF" : "XMP ",
                   static_cast<std::uint32_t>(in_.size() - place)};
    }
    return std::nullopt;
  };
  return search_.find(offset, UINT64_MAX, kOverlap, look);
}

// The length is wrong if no chunk follows; then the next one that can be found
// says what it is. True if there is one.
bool WebpReader::fit_length(Chunk& chunk) {
  const bool is_text = is_exif(chunk) || is_xmp(chunk);
  // The marks of a lost text are those of this one, too.
  constexpr std::uint64_t kLongestMark = 16;
  const std::optional<Chunk> next =
      find_chunk(chunk.data_offset() + (is_text ? kLongestMark : 0));
  const bool is_last = !next && is_text && chunk.end() < in_.size();
  if (!next && !is_last) return false;
  const std::uint64_t end = next ? next->offset : in_.size();
  if (end < chunk.data_offset()) return false;
  out_.damage(ErrorCode::kCorrupt,
              chunk.type + " chunk at byte " + std::to_string(chunk.offset) +
                  " declares " + std::to_string(chunk.length) +
                  " bytes, the next one is at byte " + std::to_string(end),
              chunk.offset);
  chunk.length = static_cast<std::uint32_t>(end - chunk.data_offset());
  return true;
}

// Odd chunks are followed by a zero byte that some writers forget.
std::uint64_t WebpReader::next_offset(const Chunk& chunk) {
  const std::uint64_t data_end = chunk.end();
  const Bytes there = in_.view(data_end, 5);
  if (chunk.length % 2 == 0) {
    if (there.size() < 5 || is_fourcc(there.first(4)) || there[0] != 0 ||
        !is_fourcc(there.subspan(1)))
      return data_end;
    out_.note(ErrorCode::kIrregular, "a chunk has a padding byte too many",
              data_end);
    return data_end + 1;
  }
  if (there.size() == 5 && !is_fourcc(there.subspan(1)) &&
      is_fourcc(there.first(4))) {
    out_.note(ErrorCode::kIrregular, "a chunk lacks its padding byte",
              data_end);
    return data_end;
  }
  return data_end + 1;
}

void WebpReader::read_chunk(const Chunk& chunk) {
  const std::string& type = chunk.type;
  has_pixels_ |= type == "VP8 " || type == "VP8L" || type == "ANMF";
  if (type == "ANIM") return out_.note(ErrorCode::kAnimated, "");
  if (type == "VP8X" || type == "VP8L" || type == "VP8 ") {
    return read_size(type, chunk.data_offset());
  }
  if (type == "C2PA") {
    const std::size_t wanted =
        std::min<std::size_t>(chunk.length, kMaxManifestBytes);
    return note_c2pa(in_.view(chunk.data_offset(), wanted), out_);
  }
  if (!is_exif(chunk) && !is_xmp(chunk)) return;
  const std::uint64_t there = std::min<std::uint64_t>(
      chunk.length, in_.size() - std::min(chunk.data_offset(), in_.size()));
  const std::size_t admitted = out_.admit(there, type, chunk.data_offset());
  const Bytes data = in_.view(chunk.data_offset(), admitted);
  const TextEnd end = end_of_text(data.size() < chunk.length);
  if (data.empty()) return;
  // Of which of both it is, the data say more than the name.
  if (is_exif(chunk) || find_tiff_header(data) == 0) {
    read_exif(data, chunk.data_offset(), out_, end);
  } else {
    read_xmp(data, chunk.data_offset(), out_, end);
  }
}

void WebpReader::read_size(std::string_view type, std::uint64_t data_offset) {
  constexpr std::uint32_t k14Bits = 0x3FFF;
  if (out_.image().width) return;  // the canvas counts, not a frame
  ByteCursor cursor(in_.view(data_offset, 10));
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  if (type == "VP8X") {
    cursor.skip(4);
    width = cursor.le24() + 1;
    height = cursor.le24() + 1;
  } else if (type == "VP8L") {
    if (cursor.u8() != 0x2F) return;
    const std::uint32_t bits = cursor.le32();
    width = (bits & k14Bits) + 1;
    height = (bits >> 14 & k14Bits) + 1;
  } else {
    cursor.skip(3);
    if (cursor.be24() != 0x9D012A) return;
    width = cursor.le16() & k14Bits;
    height = cursor.le16() & k14Bits;
  }
  if (cursor.is_overrun()) return;
  out_.image().width = width;
  out_.image().height = height;
}

}  // namespace

void read_webp(ByteWindow& in, FieldCollector& out) {
  WebpReader(in, out).read();
}

}  // namespace sdmeta
