#include "extractor/png.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/crc32.h"
#include "extractor/exif.h"
#include "extractor/png_chunk.h"
#include "extractor/png_search.h"
#include "extractor/png_text.h"
#include "extractor/provenance.h"
#include "extractor/text_decode.h"

namespace sdmeta {
namespace png {
namespace {

constexpr std::size_t kIhdrBytes = 13;
constexpr std::string_view kSignature = "\x89PNG\r\n\x1A\n";

bool is_checked(std::uint32_t type) noexcept {
  return is_text(type) || type == kIhdr;
}

// Of a whole chunk: its type and data count.
std::uint32_t crc_of(Bytes chunk) noexcept {
  return crc32_of(clipped(chunk, 4, chunk.size() - kHeaderBytes));
}

std::string hex(std::uint32_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4)
    text += kDigits[value >> shift & 15];
  return text;
}

// The bits of a sample that each type of colour may have, 11.2.1.
bool has_depth(std::uint8_t colour, std::uint8_t depth) noexcept {
  constexpr std::array<std::uint32_t, 7> kDepths = {
      1u << 1 | 1u << 2 | 1u << 4 | 1u << 8 | 1u << 16,
      0,
      1u << 8 | 1u << 16,
      1u << 1 | 1u << 2 | 1u << 4 | 1u << 8,
      1u << 8 | 1u << 16,
      0,
      1u << 8 | 1u << 16};
  return colour < kDepths.size() && depth <= 16 &&
         (kDepths[colour] >> depth & 1) != 0;
}

class PngReader {
 public:
  PngReader(ByteWindow& in, FieldCollector& out) : in_(in), out_(out) {}

  void read();

 private:
  bool find_first_chunk(std::uint64_t& offset);
  void report_break(std::uint64_t offset);
  std::optional<Chunk> header_at(std::uint64_t offset);
  std::uint64_t fit_length(Chunk& chunk);
  bool may_continue(const Chunk& chunk, const Chunk& longer);
  bool has_right_crc(const Chunk& chunk);
  bool may_stop_at_pixels(const Chunk& chunk);
  void read_content(const Chunk& chunk);
  void read_header(const Chunk& chunk);

  ByteWindow& in_;
  FieldCollector& out_;
  bool has_pixels_ = false;  // IDAT was seen
  bool has_end_ = false;     // IEND was seen
  // Up to here the file has been understood: where the chain of chunks breaks,
  // what it has lost stands behind.
  std::uint64_t understood_ = 0;
  ChunkSearch search_{in_, out_.limits().max_search_bytes};
};

void PngReader::read() {
  std::uint64_t offset = 0;
  if (!find_first_chunk(offset)) return;
  while (out_.may_walk_on() && offset <= in_.size()) {
    std::optional<Chunk> chunk = header_at(offset);
    if (!chunk) {
      if (has_end_ && out_.has_generation_text()) return;
      if (!has_end_) report_break(offset);
      // What was understood last may be the break.
      chunk = search_.find_lost(understood_);
      if (!chunk) return;
    }
    if (chunk->type == kIdat && may_stop_at_pixels(*chunk)) return;
    if (chunk->type == kIdat) has_pixels_ = true;
    if (chunk->type == kIend) {
      if (!has_pixels_)
        out_.damage(ErrorCode::kCorrupt, "no IDAT chunk in front of the end",
                    chunk->offset);
      has_end_ = true;
    }
    if (!is_known(chunk->type)) chunk->type = disguised_type(in_, *chunk);
    const bool is_sound = has_right_crc(*chunk);
    std::uint64_t next = chunk->end();
    if (!is_sound) next = fit_length(*chunk);
    if (next > in_.size()) {
      out_.damage(ErrorCode::kTruncated,
                  chunk->place() + " declares " +
                      std::to_string(chunk->length) +
                      " bytes, file ends after " + std::to_string(in_.size()),
                  chunk->offset);
    }
    read_content(*chunk);
    offset = next;
    // An unknown type may be damage itself.
    understood_ = is_known(chunk->type) ? chunk->data_offset() : chunk->offset;
    if (is_text(chunk->type) || (is_sound && is_checked(chunk->type)))
      understood_ = std::min(offset, in_.size());
  }
}

bool PngReader::find_first_chunk(std::uint64_t& offset) {
  const Bytes head = in_.view(0, 64);
  if (head.size() < kSignature.size()) {
    out_.damage(ErrorCode::kTruncated, "file ends inside its signature",
                head.size());
    return false;
  }
  offset = kSignature.size();
  if (begins_with(head, kSignature)) return true;
  out_.damage(ErrorCode::kCorrupt,
              "signature is damaged, as by a transfer in text mode", 0);
  const std::size_t type_at = as_text(head).find("IHDR");
  if (type_at != std::string_view::npos && type_at >= 4) offset = type_at - 4;
  return true;
}

// The header at `offset`, if there is one: of a kind that is known, or of any
// kind where the file holds all of the chunk. Behind the image anything may
// follow: text by careless tools, other files by careful ones.
std::optional<Chunk> PngReader::header_at(std::uint64_t offset) {
  ByteCursor cursor(in_.view(offset, kHeaderBytes));
  const Chunk chunk{offset, cursor.be32(), cursor.be32()};
  if (cursor.is_overrun()) return std::nullopt;
  const bool is_there = chunk.end() <= in_.size() && chunk.has_type();
  const bool is_expected = !has_end_ && is_known(chunk.type);
  return is_there || is_expected ? std::optional(chunk) : std::nullopt;
}

void PngReader::report_break(std::uint64_t offset) {
  if (offset + kHeaderBytes > in_.size()) {
    out_.damage(ErrorCode::kTruncated,
                "file ends after " + std::to_string(in_.size()) +
                    " bytes without an IEND chunk",
                offset);
  } else {
    out_.damage(ErrorCode::kCorrupt,
                "no chunk at byte " + std::to_string(offset), offset);
  }
}

// The chunk's length, or its content, is wrong. It is the length if no chunk
// follows; then the next that can be found, whose place is returned, says where
// this one ends.
std::uint64_t PngReader::fit_length(Chunk& chunk) {
  const std::uint64_t end = chunk.end();
  if (end == in_.size() || header_at(end)) return end;
  // The rest of a cut image is not worth reading for nothing.
  if (chunk.type == kIdat && out_.has_generation_text()) return end;
  const std::optional<Chunk> next = search_.find_header(chunk.data_offset());
  if (!next) return end;
  Chunk fitted = chunk;
  const std::uint64_t there = next->offset - chunk.data_offset();
  const bool lacks_crc = there == chunk.length;
  if (!lacks_crc)
    fitted.length = static_cast<std::uint32_t>(
        there - std::min<std::uint64_t>(there, kCrcBytes));
  if (fitted.length > chunk.length && !may_continue(chunk, fitted)) return end;
  out_.damage(ErrorCode::kCorrupt,
              chunk.place() + " declares " + std::to_string(chunk.length) +
                  " bytes, the next one is at byte " +
                  std::to_string(next->offset),
              chunk.offset);
  chunk = fitted;
  return next->offset;
}

// What stands between a chunk and the next may be the rest of its text, or
// junk.
bool PngReader::may_continue(const Chunk& chunk, const Chunk& longer) {
  if (longer.length > out_.room()) return false;
  const Bytes bytes = in_.view(longer.offset, longer.length + kFrameBytes);
  if (crc_of(bytes) == ByteCursor(bytes, bytes.size() - kCrcBytes).be32())
    return true;
  const Bytes more =
      clipped(bytes, kHeaderBytes + chunk.length, longer.length - chunk.length);
  const Text text = decode_text(more);
  return text.encoding == Encoding::kUtf8 && !text.is_damaged &&
         is_printable(text.value);
}

bool PngReader::may_stop_at_pixels(const Chunk& chunk) {
  if (!out_.has_generation_text()) return false;
  const std::uint64_t rest = in_.size() - chunk.offset;
  if (in_.holds(chunk.offset, static_cast<std::size_t>(rest))) return false;
  if (chunk.end() > in_.size()) return false;
  // A download of the first so many bytes ends at a round size. Hardly any
  // whole image does, so that a look at the end costs nothing on average.
  constexpr std::uint64_t kRoundBytes = 1024;
  if (in_.size() % kRoundBytes != 0) return true;
  const Bytes tail = in_.view(in_.size() - kFrameBytes, kFrameBytes);
  return as_text(tail).substr(4, 4) == "IEND";
}

// Pixels' are not read for it, nor is what is too long to be kept.
bool PngReader::has_right_crc(const Chunk& chunk) {
  if (chunk.end() > in_.size()) return false;
  if (!is_checked(chunk.type) || chunk.length > out_.room()) return true;
  const Bytes bytes = in_.view(chunk.offset, chunk.length + kFrameBytes);
  const std::uint32_t declared =
      ByteCursor(bytes, kHeaderBytes + chunk.length).be32();
  const std::uint32_t actual = crc_of(bytes);
  if (declared == actual) return true;
  out_.note(
      ErrorCode::kBadChecksum,
      chunk.place() + " has CRC " + hex(actual) + ", declares " + hex(declared),
      chunk.offset);
  return false;
}

void PngReader::read_content(const Chunk& chunk) {
  switch (chunk.type) {
    case kIhdr: return read_header(chunk);
    case kText:
    case kZtxt:
    case kItxt:
    case kComf:
    case kExif: {
      const std::uint64_t there = std::min<std::uint64_t>(
          chunk.length, in_.size() - chunk.data_offset());
      const Bytes data =
          in_.view(chunk.data_offset(),
                   out_.admit(there, chunk.type_name(), chunk.offset));
      const TextEnd end = end_of_text(data.size() < chunk.length);
      if (chunk.type == kExif) {
        return read_exif(data, chunk.data_offset(), out_, end);
      }
      return read_text_chunk(chunk, data, end, out_);
    }
    case kC2pa:
      return note_c2pa(
          in_.view(chunk.data_offset(),
                   std::min<std::size_t>(chunk.length, kMaxManifestBytes)),
          out_);
    case kAnimation: return out_.note(ErrorCode::kAnimated, "");
    default: return;
  }
}

// What no decoder takes is no sound image.
void PngReader::read_header(const Chunk& chunk) {
  constexpr std::uint32_t kLargest = 0x7FFFFFFF;
  ByteCursor cursor(in_.view(chunk.data_offset(), kIhdrBytes));
  const std::uint32_t width = cursor.be32();
  const std::uint32_t height = cursor.be32();
  if (cursor.is_overrun() || out_.image().width) return;
  out_.image().width = width;
  out_.image().height = height;
  // Depth, type of colour, compression, filter, interlacing.
  const Bytes kinds = cursor.take(5);
  if (cursor.is_overrun()) return;
  const bool has_size = width - 1 < kLargest && height - 1 < kLargest;
  if (has_size && has_depth(kinds[1], kinds[0]) && kinds[2] == 0 &&
      kinds[3] == 0 && kinds[4] <= 1)
    return;
  out_.damage(ErrorCode::kCorrupt, chunk.place() + " describes no image",
              chunk.offset);
}

}  // namespace
}  // namespace png

void read_png(ByteWindow& in, FieldCollector& out) {
  png::PngReader(in, out).read();
}

}  // namespace sdmeta
