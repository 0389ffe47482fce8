#include "extractor/webp.h"

#include <algorithm>
#include <string>

#include "extractor/exif.h"
#include "extractor/provenance.h"
#include "extractor/xmp.h"

namespace sdmeta {

namespace {

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

class WebpReader {
 public:
  WebpReader(ByteWindow& in, FieldCollector& out) : in_(in), out_(out) {}

  void read();

 private:
  std::uint64_t next_offset(std::uint64_t data_end, bool is_odd);
  void read_chunk(std::string_view type, std::uint64_t data_offset,
                  std::uint32_t length);
  void read_size(std::string_view type, std::uint64_t data_offset);

  ByteWindow& in_;
  FieldCollector& out_;
};

void WebpReader::read() {
  ByteCursor riff(in_.view(0, kRiffHeaderBytes), 4);
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
    const Bytes header = in_.view(offset, kChunkHeaderBytes);
    if (header.size() < kChunkHeaderBytes) return;
    if (!is_fourcc(header.first(4))) {
      if (offset < declared_end) {
        out_.damage(ErrorCode::kCorrupt,
                    "no chunk at byte " + std::to_string(offset), offset);
      }
      return;
    }
    const std::string type(as_text(header.first(4)));
    const std::uint32_t length = ByteCursor(header, 4).le32();
    const std::uint64_t data_offset = offset + kChunkHeaderBytes;
    const std::uint64_t data_end = data_offset + length;
    // What is appended to a whole image need not be chunks.
    if (offset >= declared_end && data_end > in_.size()) return;
    read_chunk(type, data_offset, length);
    if (data_end > in_.size()) {
      return out_.damage(ErrorCode::kTruncated,
                         type + " chunk at byte " + std::to_string(offset) +
                             " declares " + std::to_string(length) +
                             " bytes, file ends after " +
                             std::to_string(in_.size()),
                         offset);
    }
    offset = next_offset(data_end, length % 2 != 0);
  }
}

// Odd chunks are followed by a zero byte that some writers forget.
std::uint64_t WebpReader::next_offset(std::uint64_t data_end, bool is_odd) {
  const Bytes there = in_.view(data_end, 5);
  if (!is_odd) {
    if (there.size() < 5 || is_fourcc(there.first(4)) || there[0] != 0 ||
        !is_fourcc(there.subspan(1)))
      return data_end;
    out_.note(ErrorCode::kCorrupt, "a chunk has a padding byte too many",
              data_end);
    return data_end + 1;
  }
  if (there.size() == 5 && !is_fourcc(there.subspan(1)) &&
      is_fourcc(there.first(4))) {
    out_.note(ErrorCode::kCorrupt, "a chunk lacks its padding byte", data_end);
    return data_end;
  }
  return data_end + 1;
}

void WebpReader::read_chunk(std::string_view type, std::uint64_t data_offset,
                            std::uint32_t length) {
  if (type == "ANIM") return out_.note(ErrorCode::kAnimated, "");
  if (type == "VP8X" || type == "VP8L" || type == "VP8 ") {
    return read_size(type, data_offset);
  }
  const bool is_exif = type == "EXIF";
  const bool is_xmp =
      type == "XMP " || type.starts_with(std::string_view("XMP\0", 4));
  if (type == "C2PA") {
    const std::size_t wanted = std::min<std::size_t>(length, kMaxManifestBytes);
    return note_c2pa(in_.view(data_offset, wanted), out_);
  }
  if (!is_exif && !is_xmp) return;
  const std::uint64_t there = std::min<std::uint64_t>(
      length, in_.size() - std::min(data_offset, in_.size()));
  const std::size_t admitted = out_.admit(there, type, data_offset);
  const Bytes data = in_.view(data_offset, admitted);
  const TextEnd end = data.size() < length ? TextEnd::kCut : TextEnd::kWhole;
  if (data.empty()) return;
  if (is_exif) {
    read_exif(data, data_offset, out_, end);
  } else {
    read_xmp(data, data_offset, out_, end);
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
