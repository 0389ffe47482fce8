#include "extractor/png.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "extractor/crc32.h"
#include "extractor/exif.h"
#include "extractor/inflate.h"
#include "extractor/iptc.h"
#include "extractor/provenance.h"
#include "extractor/text_decode.h"
#include "extractor/xmp.h"

namespace sdmeta {

namespace {

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

bool is_known(std::uint32_t type) noexcept {
  return type == kIhdr || type == kIdat || type == kText || type == kZtxt ||
         type == kItxt || type == kExif || type == kComf || type == kC2pa;
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

std::string hex(std::uint32_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4)
    text += kDigits[value >> shift & 15];
  return text;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// ImageMagick's way of keeping foreign blocks in text: "\nexif\n    1234\n",
// then hex digits in lines.
std::optional<std::string> decode_raw_profile(std::string_view text) {
  std::size_t at = text.find_first_not_of('\n');  // name
  at = at == text.npos ? at : text.find('\n', at);
  at = at == text.npos ? at : text.find_first_not_of(" \n", at);  // count
  at = at == text.npos ? at : text.find('\n', at);
  if (at == text.npos) return {};
  std::string bytes;
  bytes.reserve((text.size() - at) / 2);
  int high = -1;
  for (const char c : text.substr(at)) {
    const int digit = hex_digit(c);
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      bytes += static_cast<char>(high << 4 | digit);
      high = -1;
    }
  }
  return bytes;
}

constexpr std::string_view kXmpHeader("http://ns.adobe.com/xap/1.0/\0", 29);

// True if the profile is of a kind that is read.
bool read_raw_profile(std::string_view kind, std::string_view text,
                      std::uint64_t file_offset, FieldCollector& out,
                      TextEnd end) {
  if (kind != "exif" && kind != "APP1" && kind != "xmp" && kind != "iptc") {
    return false;
  }
  const std::optional<std::string> decoded = decode_raw_profile(text);
  if (!decoded) return false;
  Bytes bytes = as_bytes(*decoded);
  if (kind == "iptc") {
    read_photoshop_resources(bytes, out);
  } else if (begins_with(bytes, kXmpHeader)) {
    read_xmp(bytes.subspan(kXmpHeader.size()), file_offset, out, end);
  } else if (kind == "xmp") {
    read_xmp(bytes, file_offset, out, end);
  } else {
    read_exif(bytes, file_offset, out, end);
  }
  return true;
}

class PngReader {
 public:
  PngReader(ByteWindow& in, FieldCollector& out) : in_(in), out_(out) {}

  void read();

 private:
  bool find_first_chunk(std::uint64_t& offset);
  bool read_chunk_header(std::uint64_t offset, Chunk& chunk);
  bool may_stop_at_pixels(const Chunk& chunk);
  bool find_lost_chunk(std::uint64_t& offset);
  Bytes chunk_data(const Chunk& chunk, std::size_t max_bytes);
  void read_content(const Chunk& chunk);
  void read_size(Bytes data);
  void read_text_chunk(const Chunk& chunk, Bytes data, TextEnd end);
  void add_text(const Chunk& chunk, Carrier carrier, Bytes keyword, Bytes text,
                TextEnd end);
  void add_inflated(const Chunk& chunk, Carrier carrier, Bytes keyword,
                    Bytes stream, TextEnd end);

  ByteWindow& in_;
  FieldCollector& out_;
  bool has_end_ = false;  // IEND was seen
  std::uint64_t known_end_ = 0;  // of the last chunk that is of a known kind
  // Bytes that may still be searched for what a damaged chunk has lost.
  std::size_t search_left_ = 4u << 20;
};

void PngReader::read() {
  std::uint64_t offset = 0;
  if (!find_first_chunk(offset)) return;
  Chunk chunk;
  while (out_.may_walk_on() &&
         (read_chunk_header(offset, chunk) ||
          (find_lost_chunk(offset) && read_chunk_header(offset, chunk)))) {
    if (chunk.type == kIdat && may_stop_at_pixels(chunk)) return;
    if (chunk.type == kIend) has_end_ = true;
    read_content(chunk);
    if (chunk.end() > in_.size()) {
      out_.damage(ErrorCode::kTruncated,
                  chunk.place() + " declares " + std::to_string(chunk.length) +
                      " bytes, file ends after " + std::to_string(in_.size()),
                  chunk.offset);
      return;
    }
    offset = chunk.end();
    if (is_known(chunk.type)) known_end_ = offset;
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

// False where the walk ends.
bool PngReader::read_chunk_header(std::uint64_t offset, Chunk& chunk) {
  const Bytes header = in_.view(offset, kHeaderBytes);
  ByteCursor cursor(header);
  chunk = {offset, cursor.be32(), cursor.be32()};
  if (cursor.is_overrun()) {
    if (!has_end_) {
      out_.damage(ErrorCode::kTruncated,
                  "file ends after " + std::to_string(in_.size()) +
                      " bytes without an IEND chunk",
                  offset);
    }
    return false;
  }
  // Anything may follow the image: text by careless tools, other files by
  // careful ones.
  if (has_end_) return chunk.has_type() && chunk.end() <= in_.size();
  if (chunk.has_type()) return true;
  out_.damage(ErrorCode::kCorrupt, "no chunk at byte " + std::to_string(offset),
              offset);
  return false;
}

// The chain of chunks is broken at `offset`, which moves to the next chunk of a
// kind that matters. What looked like a chunk of another kind may have been the
// break.
bool PngReader::find_lost_chunk(std::uint64_t& offset) {
  if (has_end_) return false;
  constexpr std::size_t kBlock = 64u << 10;
  constexpr std::array<std::string_view, 7> kTypes = {
      "tEXt", "zTXt", "iTXt", "eXIf", "comf", "IDAT", "IEND"};
  for (std::uint64_t at = known_end_; search_left_ >= kBlock; at += kBlock) {
    search_left_ -= kBlock;
    const Bytes block = in_.view(at, kBlock + kHeaderBytes, 0);
    const std::string_view text = as_text(block);
    for (std::size_t i = 4; i + 4 <= text.size(); ++i) {
      if (std::find(kTypes.begin(), kTypes.end(), text.substr(i, 4)) ==
          kTypes.end())
        continue;
      const std::uint64_t start = at + i - 4;
      const std::uint32_t length = ByteCursor(block, i - 4).be32();
      if (start + kFrameBytes + length > in_.size()) continue;
      offset = start;
      return true;
    }
    if (block.size() < kBlock) return false;
  }
  return false;
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

// The chunk's data, at most `max_bytes` and as far as the file goes. If all of
// it is there, its CRC is checked.
Bytes PngReader::chunk_data(const Chunk& chunk, std::size_t max_bytes) {
  const std::size_t wanted = std::min<std::size_t>(chunk.length, max_bytes);
  const Bytes bytes = in_.view(chunk.offset, wanted + kFrameBytes);
  const Bytes data = clipped(bytes, kHeaderBytes, wanted);
  if (wanted == chunk.length && bytes.size() == wanted + kFrameBytes) {
    const std::uint32_t declared =
        ByteCursor(bytes, kHeaderBytes + wanted).be32();
    const std::uint32_t actual = crc32_of(bytes.subspan(4, wanted + 4));
    if (declared != actual) {
      out_.note(ErrorCode::kBadChecksum,
                chunk.place() + " has CRC " + hex(actual) + ", declares " +
                    hex(declared),
                chunk.offset);
    }
  }
  return data;
}

void PngReader::read_content(const Chunk& chunk) {
  switch (chunk.type) {
    case kIhdr: return read_size(chunk_data(chunk, 13));
    case kText:
    case kZtxt:
    case kItxt:
    case kComf:
    case kExif: {
      const std::uint64_t there = std::min<std::uint64_t>(
          chunk.length, in_.size() - chunk.data_offset());
      const Bytes data =
          chunk_data(chunk, out_.admit(there, chunk.type_name(), chunk.offset));
      const TextEnd end =
          data.size() < chunk.length ? TextEnd::kCut : TextEnd::kWhole;
      if (chunk.type == kExif) {
        return read_exif(data, chunk.data_offset(), out_, end);
      }
      return read_text_chunk(chunk, data, end);
    }
    case kC2pa: return note_c2pa(chunk_data(chunk, kMaxManifestBytes), out_);
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
    if (as_text(cursor.rest()).starts_with('\0')) cursor.skip(1);
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
  if (text.size() > 2 && text[0] == 0x78 && text[1] >= 0x80 &&
      (text[0] * 256 + text[1]) % 31 == 0)
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
  if (as_text(keyword) == "XML:com.adobe.xmp") {
    return read_xmp(text, chunk.data_offset(), out_, end);
  }
  if (begins_with(keyword, kRawProfile) &&
      read_raw_profile(as_text(keyword).substr(kRawProfile.size()),
                       as_text(text), chunk.data_offset(), out_, end)) {
    return;
  }
  out_.add(carrier, decode_text(keyword).value, decode_text(text, end));
}

}  // namespace

void read_png(ByteWindow& in, FieldCollector& out) {
  PngReader(in, out).read();
}

}  // namespace sdmeta
