#include "extractor/png.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "extractor/block_search.h"
#include "extractor/crc32.h"
#include "extractor/exif.h"
#include "extractor/inflate.h"
#include "extractor/provenance.h"
#include "extractor/raw_profile.h"
#include "extractor/text_decode.h"
#include "extractor/utf16_guess.h"
#include "extractor/xmp.h"

namespace sdmeta {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature = "\x89PNG\r\n\x1A\n";
constexpr std::size_t kHeaderBytes = 8;  // length and type
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kFrameBytes = kHeaderBytes + kCrcBytes;

constexpr std::uint32_t type_code(std::string_view type) noexcept {
  std::uint32_t code = 0;
  for (const char c : type) code = code << 8 | static_cast<std::uint8_t>(c);
  return code;
}

constexpr std::uint32_t kIhdr = type_code("IHDR");
constexpr std::uint32_t kIdat = type_code("IDAT");
constexpr std::uint32_t kIend = type_code("IEND");
constexpr std::uint32_t kText = type_code("tEXt");
constexpr std::uint32_t kZtxt = type_code("zTXt");
constexpr std::uint32_t kItxt = type_code("iTXt");
constexpr std::uint32_t kComf = type_code("comf");
constexpr std::uint32_t kExif = type_code("eXIf");
constexpr std::uint32_t kC2pa = type_code("caBX");
constexpr std::uint32_t kAnimation = type_code("acTL");

bool is_text(std::uint32_t type) noexcept {
  return type == kText || type == kZtxt || type == kItxt || type == kExif ||
         type == kComf;
}

bool is_checked(std::uint32_t type) noexcept {
  return is_text(type) || type == kIhdr;
}

// Of the types that libpng knows, and that stand in most images.
bool is_known(std::uint32_t type) noexcept {
  constexpr auto kOthers = std::to_array<std::uint32_t>(
      {kIhdr, kIdat, kIend, kC2pa, kAnimation, type_code("PLTE"),
       type_code("tRNS"), type_code("gAMA"), type_code("cHRM"),
       type_code("sRGB"), type_code("iCCP"), type_code("sBIT"),
       type_code("bKGD"), type_code("hIST"), type_code("pHYs"),
       type_code("sPLT"), type_code("tIME"), type_code("fcTL"),
       type_code("fdAT")});
  return is_text(type) ||
         std::find(kOthers.begin(), kOthers.end(), type) != kOthers.end();
}

struct Chunk {
  std::uint64_t offset = 0;  // of its length field
  std::uint32_t length = 0;
  std::uint32_t type = 0;

  std::uint64_t data_offset() const noexcept { return offset + kHeaderBytes; }
  std::uint64_t end() const noexcept { return offset + kFrameBytes + length; }
  std::string type_name() const {
    std::string name(4, '?');
    for (std::size_t i = 0; i < 4; ++i) {
      name[i] = static_cast<char>(type >> (24 - 8 * i) & 0xFF);
    }
    return name;
  }
  bool has_type() const noexcept {
    for (int shift = 0; shift < 32; shift += 8) {
      const std::uint32_t lower = (type >> shift & 0xFF) | 0x20;
      if (lower < 'a' || lower > 'z') return false;
    }
    return true;
  }
  std::string place() const {
    return type_name() + " chunk at byte " + std::to_string(offset);
  }
};

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

// RFC 1950, 2.2: deflate with a window of 32 KiB.
bool begins_as_zlib(Bytes stream) noexcept {
  return stream.size() > 2 && stream[0] == 0x78 &&
         (stream[0] * 256 + stream[1]) % 31 == 0;
}

class PngReader {
 public:
  PngReader(ByteWindow& in, FieldCollector& out) : in_(in), out_(out) {}

  void read();

 private:
  bool find_first_chunk(std::uint64_t& offset);
  void report_break(std::uint64_t offset);
  std::optional<Chunk> header_at(std::uint64_t offset);
  std::optional<Chunk> find_header(std::uint64_t offset);
  std::optional<Chunk> find_lost_chunk();
  std::optional<Chunk> find_lost_text(std::uint64_t begin, std::uint64_t end);
  std::uint64_t fit_length(Chunk& chunk);
  bool may_continue(const Chunk& chunk, const Chunk& longer);
  std::uint32_t disguised_type(const Chunk& chunk);
  bool has_right_crc(const Chunk& chunk);
  bool may_stop_at_pixels(const Chunk& chunk);
  void read_content(const Chunk& chunk);
  void read_size(Bytes data);
  void read_text_chunk(const Chunk& chunk, Bytes data, TextEnd end);
  void add_text(const Chunk& chunk, Carrier carrier, Bytes keyword, Bytes text,
                TextEnd end);
  void add_inflated(const Chunk& chunk, Carrier carrier, Bytes keyword,
                    Bytes stream, TextEnd end);

  ByteWindow& in_;
  FieldCollector& out_;
  bool has_pixels_ = false;  // IDAT was seen
  bool has_end_ = false;     // IEND was seen
  // Up to here the file has been understood: where the chain of chunks breaks,
  // what it has lost stands behind.
  std::uint64_t understood_ = 0;
  BlockSearch search_{in_, out_.limits().max_search_bytes};
  BlockSearch text_search_{in_, out_.limits().max_search_bytes};
};

void PngReader::read() {
  std::uint64_t offset = 0;
  if (!find_first_chunk(offset)) return;
  while (out_.may_walk_on() && offset <= in_.size()) {
    std::optional<Chunk> chunk = header_at(offset);
    if (!chunk) {
      if (has_end_ && out_.has_generation_text()) return;
      if (!has_end_) report_break(offset);
      chunk = find_lost_chunk();
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
    if (!is_known(chunk->type)) chunk->type = disguised_type(*chunk);
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

// The next chunk of a known kind that begins at `offset` or behind.
std::optional<Chunk> PngReader::find_header(std::uint64_t offset) {
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
  return search_.find(offset, UINT64_MAX, kHeaderBytes, look);
}

// The chain of chunks is broken. What was understood last may be the break.
std::optional<Chunk> PngReader::find_lost_chunk() {
  const std::optional<Chunk> next = find_header(understood_);
  const std::uint64_t end = next ? next->offset : in_.size();
  if (std::optional<Chunk> text = find_lost_text(understood_, end)) return text;
  return next;
}

// A text in [begin, end) whose chunk has lost its header, told by its keyword.
std::optional<Chunk> PngReader::find_lost_text(std::uint64_t begin,
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
      chunk.type = disguised_type(chunk);
      return chunk;
    }
    return std::nullopt;
  };
  return text_search_.find(begin, end, kOverlap, look);
}

// The type of a text chunk whose own is damaged; else what it says.
std::uint32_t PngReader::disguised_type(const Chunk& chunk) {
  constexpr std::size_t kMaxKeywordBytes = 79;
  const std::string_view data = as_text(
      in_.view(chunk.data_offset(),
               std::min<std::size_t>(chunk.length, kMaxKeywordBytes + 3)));
  const std::size_t nul = data.find('\0');
  if (nul == data.npos || text_key_behind(data.substr(0, nul)) != nul)
    return chunk.type;
  const std::string_view text = data.substr(nul + 1);
  if (text.starts_with("\0x"sv)) return kZtxt;
  return text.starts_with("\0\0"sv) || text.starts_with("\1\0"sv) ? kItxt
                                                                  : kText;
}

// The chunk's length, or its content, is wrong. It is the length if no chunk
// follows; then the next that can be found, whose place is returned, says where
// this one ends.
std::uint64_t PngReader::fit_length(Chunk& chunk) {
  const std::uint64_t end = chunk.end();
  if (end == in_.size() || header_at(end)) return end;
  // The rest of a cut image is not worth reading for nothing.
  if (chunk.type == kIdat && out_.has_generation_text()) return end;
  const std::optional<Chunk> next = find_header(chunk.data_offset());
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
    case kIhdr: return read_size(in_.view(chunk.data_offset(), 8));
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
      return read_text_chunk(chunk, data, end);
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

void PngReader::read_size(Bytes data) {
  ByteCursor cursor(data);
  const std::uint32_t width = cursor.be32();
  const std::uint32_t height = cursor.be32();
  if (cursor.is_overrun() || out_.image().width) return;
  out_.image().width = width;
  out_.image().height = height;
}

void PngReader::read_text_chunk(const Chunk& chunk, Bytes data, TextEnd end) {
  constexpr std::size_t kMaxKeywordBytes = 79;
  const auto nul = std::find(data.begin(), data.end(), 0);
  if (nul == data.end()) {
    if (const std::size_t key_bytes = generation_key_before(as_text(data))) {
      return add_text(chunk, Carrier::kPngText, data.first(key_bytes),
                      data.subspan(key_bytes), end);
    }
    // A bare keyword, or a text whose writer forgot the keyword.
    const bool is_keyword = data.size() <= kMaxKeywordBytes;
    if (end == TextEnd::kCut && is_keyword) return;
    return add_text(chunk, Carrier::kPngText, is_keyword ? data : Bytes(),
                    is_keyword ? Bytes() : data, end);
  }
  const Bytes keyword(data.begin(), nul);
  ByteCursor cursor(data, keyword.size() + 1);
  if (chunk.type == kText || chunk.type == kComf) {
    const Carrier carrier =
        chunk.type == kText ? Carrier::kPngText : Carrier::kPngComf;
    return add_text(chunk, carrier, keyword, cursor.rest(), end);
  }
  if (chunk.type == kZtxt) {
    // The method; there is only one, and no stream begins with its number.
    const bool has_method = as_text(cursor.rest()).starts_with('\0') ||
                            begins_as_zlib(clipped(cursor.rest(), 1));
    if (has_method) cursor.skip(1);
    return add_inflated(chunk, Carrier::kPngZtxt, keyword, cursor.rest(), end);
  }
  // As tEXt has it: no flag, no language.
  if (ByteCursor(cursor.rest()).u8() > 1)
    return add_text(chunk, Carrier::kPngItxt, keyword, cursor.rest(), end);
  const bool is_compressed = cursor.u8() != 0;
  cursor.skip(1);
  for (int skipped = 0; skipped < 2;
       ++skipped) {  // language, translated keyword
    const std::size_t length = as_text(cursor.rest()).find('\0');
    if (length == std::string_view::npos) {
      if (end == TextEnd::kCut) return;
      // Without a language, or without a translated keyword.
      out_.note(ErrorCode::kBadText,
                chunk.place() + " lacks a part in front of its text",
                chunk.offset);
      break;
    }
    cursor.skip(length + 1);
  }
  if (is_compressed) {
    return add_inflated(chunk, Carrier::kPngItxt, keyword, cursor.rest(), end);
  }
  // A zlib header is no UTF-8; some writers forget the flag.
  const Bytes text = cursor.rest();
  if (begins_as_zlib(text) && text[1] >= 0x80)
    return add_inflated(chunk, Carrier::kPngItxt, keyword, text, end);
  add_text(chunk, Carrier::kPngItxt, keyword, text, end);
}

void PngReader::add_inflated(const Chunk& chunk, Carrier carrier, Bytes keyword,
                             Bytes stream, TextEnd end) {
  // A bomb is cut where a field of its size would be.
  const std::size_t room = out_.room();
  std::string text;
  switch (inflate_text(stream, room, text)) {
    case InflateEnd::kComplete: break;
    case InflateEnd::kInputEnded:
      if (end == TextEnd::kWhole) {
        out_.note(ErrorCode::kBadCompression,
                  chunk.place() + " holds an unfinished stream", chunk.offset);
      }
      end = TextEnd::kCut;
      break;
    case InflateEnd::kCorrupt:
      out_.note(ErrorCode::kBadCompression,
                chunk.place() + " inflates to " + std::to_string(text.size()) +
                    " bytes and then breaks",
                chunk.offset);
      // Some writers set the flag and forget to compress.
      if (text.empty() && is_printable(as_text(stream)))
        return add_text(chunk, carrier, keyword, stream, end);
      end = TextEnd::kCut;
      break;
    case InflateEnd::kTooLarge:
      out_.note(ErrorCode::kFieldTooLarge,
                chunk.place() + " inflates to more than " +
                    std::to_string(room) + " bytes, which are kept",
                chunk.offset);
      end = TextEnd::kCut;
      break;
  }
  if (text.empty() && end == TextEnd::kCut) return;
  add_text(chunk, carrier, keyword, as_bytes(text), end);
}

void PngReader::add_text(const Chunk& chunk, Carrier carrier, Bytes keyword,
                         Bytes text, TextEnd end) {
  constexpr std::string_view kRawProfile = "Raw profile type ";
  // Some writers call the packet by another name.
  if (as_text(keyword) == "XML:com.adobe.xmp" || looks_like_xmp(text)) {
    return read_xmp(text, chunk.data_offset(), out_, end);
  }
  if (begins_with(keyword, kRawProfile) &&
      read_raw_profile(as_text(keyword).substr(kRawProfile.size()),
                       as_text(text), chunk.data_offset(), out_, end)) {
    return;
  }
  // Four characters of ASCII: no text of 8 bits has as many NULs there.
  constexpr std::size_t kTellingBytes = 8;
  out_.add(carrier, decode_text(keyword).value,
           begins_as_utf16(text, kTellingBytes) ? decode_guessed(text, end)
                                                : decode_text(text, end));
}

}  // namespace

void read_png(ByteWindow& in, FieldCollector& out) {
  PngReader(in, out).read();
}

}  // namespace sdmeta
