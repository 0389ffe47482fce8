#include "extractor/gif.h"

#include <string>

#include "extractor/text_decode.h"
#include "extractor/xmp.h"

namespace sdmeta {

namespace {

constexpr std::uint8_t kExtension = 0x21;
constexpr std::uint8_t kImage = 0x2C;
constexpr std::uint8_t kTrailer = 0x3B;
constexpr std::uint8_t kCommentLabel = 0xFE;
constexpr std::uint8_t kApplicationLabel = 0xFF;

// Image data is a chain of blocks of at most 255 bytes, so that hopping over it
// touches every page anyway.
constexpr std::size_t kAhead = 16384;

class GifReader {
 public:
  GifReader(ByteWindow& in, FieldCollector& out) : in_(in), out_(out) {}

  void read();

 private:
  // The byte at offset_, which moves on; -1 at the end of the file.
  int next_byte() {
    const Bytes byte = in_.view(offset_, 1, kAhead);
    if (byte.empty()) return -1;
    ++offset_;
    return byte[0];
  }

  bool read_screen();
  void read_extension();
  bool may_stop_at_pixels() const;
  void skip_image();
  void skip_color_table(std::uint8_t flags) {
    if ((flags & 0x80) != 0) offset_ += std::uint64_t{3} << ((flags & 7) + 1);
  }
  /// Walks over a chain of blocks; their contents go to `content` if given.
  void read_blocks(std::string* content);
  void read_xmp_blocks();
  void end_early() {
    out_.damage(ErrorCode::kTruncated,
                "file ends after " + std::to_string(in_.size()) +
                    " bytes without a trailer",
                in_.size());
    is_done_ = true;
  }

  ByteWindow& in_;
  FieldCollector& out_;
  std::uint64_t offset_ = 0;
  std::size_t images_ = 0;
  bool is_done_ = false;
};

void GifReader::read() {
  if (!read_screen()) return end_early();
  while (!is_done_ && out_.may_walk_on()) {
    switch (next_byte()) {
      case kExtension: read_extension(); break;
      case kImage:
        if (may_stop_at_pixels()) return;
        skip_image();
        break;
      case kTrailer: return;
      case 0: break;  // stray block ends are common
      case -1: return end_early();
      default:
        return out_.damage(ErrorCode::kCorrupt,
                           "no block at byte " + std::to_string(offset_ - 1),
                           offset_ - 1);
    }
  }
}

bool GifReader::read_screen() {
  constexpr std::size_t kScreenBytes = 13;
  ByteCursor cursor(in_.view(0, kScreenBytes), 6);
  const std::uint16_t width = cursor.le16();
  const std::uint16_t height = cursor.le16();
  const std::uint8_t flags = cursor.u8();
  cursor.skip(2);
  if (cursor.is_overrun()) return false;
  out_.image().width = width;
  out_.image().height = height;
  offset_ = kScreenBytes;
  skip_color_table(flags);
  return true;
}

bool GifReader::may_stop_at_pixels() const {
  return out_.has_generation_text() &&
         !in_.holds(offset_, static_cast<std::size_t>(in_.size() - offset_));
}

void GifReader::read_extension() {
  const int label = next_byte();
  if (label == kCommentLabel) {
    std::string comment;
    read_blocks(&comment);
    if (comment.empty()) return;
    out_.add(Carrier::kGifComment, "Comment",
             decode_guessed(as_bytes(comment), end_of_text(is_done_)));
  } else if (label == kApplicationLabel &&
             begins_with(in_.view(offset_, 12, kAhead), "\x0BXMP DataXMP")) {
    offset_ += 12;
    read_xmp_blocks();
  } else if (label == kApplicationLabel &&
             begins_with(in_.view(offset_, 12, kAhead), "\x0BNETSCAPE2.0")) {
    out_.note(ErrorCode::kAnimated, "");
    read_blocks(nullptr);
  } else {
    read_blocks(nullptr);
  }
}

void GifReader::skip_image() {
  constexpr std::size_t kDescriptorBytes = 9;
  const Bytes descriptor = in_.view(offset_, kDescriptorBytes, kAhead);
  if (descriptor.size() < kDescriptorBytes) return end_early();
  if (++images_ == 2) out_.note(ErrorCode::kAnimated, "");
  offset_ += kDescriptorBytes;
  skip_color_table(descriptor[8]);
  ++offset_;  // size of the first codes
  read_blocks(nullptr);
}

void GifReader::read_blocks(std::string* content) {
  while (out_.may_walk_on()) {
    const int length = next_byte();
    if (length == 0) return;
    if (length < 0) return end_early();
    const auto wanted = static_cast<std::size_t>(length);
    if (content != nullptr) {
      const Bytes block = in_.view(offset_, wanted, kAhead);
      if (content->size() < out_.limits().max_field_bytes) {
        content->append(as_text(block));
      }
    }
    offset_ += wanted;
  }
  is_done_ = true;
}

// The packet stands there as it is, not in blocks. Behind it, 257 bytes FF to
// 00 let readers that take its characters for lengths find the end.
void GifReader::read_xmp_blocks() {
  constexpr std::uint64_t kTrailerBytes = 258;
  const std::uint64_t start = offset_;
  read_blocks(nullptr);
  const std::uint64_t end = std::min(offset_, in_.size());
  std::uint64_t length = end - std::min(start, end);
  length -= std::min(length, is_done_ ? 0 : kTrailerBytes);
  const std::size_t admitted = out_.admit(length, "XMP", start);
  read_xmp(in_.view(start, admitted, 0), start, out_, end_of_text(is_done_));
}

}  // namespace

void read_gif(ByteWindow& in, FieldCollector& out) {
  GifReader(in, out).read();
}

}  // namespace sdmeta
