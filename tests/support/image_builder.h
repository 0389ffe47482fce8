// Image files put together by hand, sound or damaged, for the extractor's
// tests. Written from the standards and independently of the readers. Bytes are
// kept in strings, so that text and literals fit in without casts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/byte_cursor.h"
#include "extractor/extract.h"
#include "tests/support/packed_text.h"

namespace sdmeta::test {

std::string be16(std::uint32_t value);
std::string be32(std::uint32_t value);
std::string le16(std::uint32_t value);
std::string le32(std::uint32_t value);
std::string utf16(std::u16string_view text, ByteOrder order);

/// What the extractor finds in `file`.
ImageFields extract(std::string_view file, const ExtractOptions& options = {});

/// Calls `visit` with `file`, one byte of which is another: each in turn.
template <class Visit>
void for_each_changed_byte(const std::string& file, Visit&& visit) {
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const char value : {'\0', '\x7F', '\xFF'}) {
      std::string changed = file;
      changed[at] = value;
      visit(changed);
    }
  }
}

/// The value of the first field with this key, or "(none)".
std::string value_of(const ImageFields& image, std::string_view key);
const RawField* field_of(const ImageFields& image, std::string_view key);
bool has_note(const ImageFields& image, ErrorCode code);
/// Every note as text, for messages of failed expectations.
std::string notes_of(const ImageFields& image);

/// A grey image with real pixels. Chunks stand in the order of the calls; IDAT
/// and IEND are added at the end where they were not called for.
class PngBuilder {
 public:
  PngBuilder(std::uint32_t width = 8, std::uint32_t height = 8);
  PngBuilder& text(std::string_view key, std::string_view value);
  PngBuilder& ztxt(std::string_view key, std::string_view value);
  PngBuilder& itxt(std::string_view key, std::string_view value);
  PngBuilder& compressed_itxt(std::string_view key, std::string_view value);
  PngBuilder& exif(std::string_view block) { return chunk("eXIf", block); }
  PngBuilder& chunk(std::string_view type, std::string_view data);
  /// All pixels, split into chunks of at most `chunk_bytes`.
  PngBuilder& idat(std::size_t chunk_bytes = 65536);
  PngBuilder& iend();
  // Damage to the chunk that was added last.
  PngBuilder& break_crc();
  PngBuilder& declare_length(std::uint32_t length);
  PngBuilder& raw(std::string_view bytes);
  std::string build() const;

 private:
  std::uint32_t width_;
  std::uint32_t height_;
  std::string bytes_;
  std::size_t last_chunk_ = 0;
  bool has_idat_ = false;
  bool has_iend_ = false;
};

/// A grey image; segments stand in the order of the calls, frame and scan
/// follow.
class JpegBuilder {
 public:
  explicit JpegBuilder(std::uint32_t width = 8, std::uint32_t height = 8);
  JpegBuilder& segment(std::uint8_t marker, std::string_view payload);
  JpegBuilder& jfif();
  JpegBuilder& exif(std::string_view block);
  JpegBuilder& xmp(std::string_view packet);
  JpegBuilder& extended_xmp(std::string_view guid, std::uint32_t total,
                            std::uint32_t offset, std::string_view part);
  JpegBuilder& comment(std::string_view text) { return segment(0xFE, text); }
  JpegBuilder& raw(std::string_view bytes);
  /// SOF0 is 0xC0, progressive 0xC2, arithmetic 0xC9.
  JpegBuilder& frame(std::uint8_t marker);
  std::string build() const;

 private:
  std::uint32_t width_;
  std::uint32_t height_;
  std::uint8_t frame_marker_ = 0xC0;
  std::string bytes_;
};

class WebpBuilder {
 public:
  WebpBuilder& extended(std::uint32_t width, std::uint32_t height,
                        std::uint8_t flags);
  WebpBuilder& lossless(std::uint32_t width, std::uint32_t height);
  WebpBuilder& lossy(std::uint32_t width, std::uint32_t height);
  WebpBuilder& chunk(std::string_view type, std::string_view data);
  WebpBuilder& chunk_without_padding(std::string_view type,
                                     std::string_view data);
  std::string build() const;

 private:
  std::string chunks_;
};

class GifBuilder {
 public:
  GifBuilder(std::uint32_t width = 8, std::uint32_t height = 8);
  GifBuilder& comment(std::string_view text);
  GifBuilder& xmp(std::string_view packet);
  GifBuilder& frame();
  std::string build() const;

 private:
  std::string bytes_;
};

enum class TiffType : std::uint16_t {
  kByte = 1,
  kAscii = 2,
  kShort = 3,
  kLong = 4,
  kRational = 5,
  kUndefined = 7,
};

/// A TIFF block: IFD0, and an Exif IFD and IFD1 where tags were put into them.
class TiffBuilder {
 public:
  explicit TiffBuilder(ByteOrder order) : order_(order) {}
  TiffBuilder& ifd0(std::uint16_t tag, TiffType type, std::string_view value);
  TiffBuilder& exif_ifd(std::uint16_t tag, TiffType type,
                        std::string_view value);
  TiffBuilder& ifd1(std::uint16_t tag, TiffType type, std::string_view value);
  /// Count of the tag that was added last, whatever its value.
  TiffBuilder& declare_count(std::uint32_t count);
  std::string build() const;

 private:
  struct Entry {
    std::uint16_t tag;
    TiffType type;
    std::uint32_t count;
    std::string value;
  };
  using Entries = std::vector<Entry>;
  TiffBuilder& add(Entries& entries, std::uint16_t tag, TiffType type,
                   std::string_view value);
  std::string number(std::uint32_t value, std::size_t bytes) const;
  std::string directory(const Entries& entries, std::size_t start,
                        std::uint32_t next) const;

  ByteOrder order_;
  Entries ifd0_, exif_ifd_, ifd1_;
  Entry* last_ = nullptr;
};

/// An Exif block with one UserComment in the Exif IFD, as piexif writes it.
std::string exif_with_comment(ByteOrder order, std::string_view comment);

/// An XMP packet; `description` stands inside rdf:Description.
std::string xmp_packet(std::string_view attributes,
                       std::string_view elements = {});

}  // namespace sdmeta::test
