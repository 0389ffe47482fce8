#include "tests/support/image_builder.h"

#include <zlib.h>

#include <algorithm>

namespace sdmeta::test {

namespace {

std::string number(std::uint64_t value, std::size_t bytes, ByteOrder order) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    const std::size_t shift =
        8 * (order == ByteOrder::kBig ? bytes - 1 - i : i);
    text += static_cast<char>(value >> shift & 0xFF);
  }
  return text;
}

std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()),
              static_cast<uInt>(bytes.size())));
}

const std::string kNul(1, '\0');

}  // namespace

std::string be16(std::uint32_t value) {
  return number(value, 2, ByteOrder::kBig);
}
std::string be32(std::uint32_t value) {
  return number(value, 4, ByteOrder::kBig);
}
std::string le16(std::uint32_t value) {
  return number(value, 2, ByteOrder::kLittle);
}
std::string le32(std::uint32_t value) {
  return number(value, 4, ByteOrder::kLittle);
}

std::string utf16(std::u16string_view text, ByteOrder order) {
  std::string bytes;
  for (const char16_t unit : text) bytes += number(unit, 2, order);
  return bytes;
}

ImageFields extract(std::string_view file, const ExtractOptions& options) {
  MemorySource source(as_bytes(file));
  return extract_fields(source, options);
}

const RawField* field_of(const ImageFields& image, std::string_view key) {
  const auto field =
      std::find_if(image.fields.begin(), image.fields.end(),
                   [key](const RawField& f) { return f.key == key; });
  return field == image.fields.end() ? nullptr : &*field;
}

std::string value_of(const ImageFields& image, std::string_view key) {
  const RawField* field = field_of(image, key);
  return field == nullptr ? "(none)" : field->value;
}

bool has_note(const ImageFields& image, ErrorCode code) {
  return std::any_of(image.notes.begin(), image.notes.end(),
                     [code](const Error& e) { return e.code == code; });
}

std::string notes_of(const ImageFields& image) {
  std::string text;
  for (const Error& note : image.notes) text += to_text(note) + "\n";
  return text;
}

PngBuilder::PngBuilder(std::uint32_t width, std::uint32_t height)
    : width_(width), height_(height), bytes_("\x89PNG\r\n\x1A\n") {
  using namespace std::string_view_literals;
  chunk("IHDR", be32(width) + be32(height).append("\x08\0\0\0\0"sv));
}

PngBuilder& PngBuilder::chunk(std::string_view type, std::string_view data) {
  last_chunk_ = bytes_.size();
  const std::string content = std::string(type).append(data);
  bytes_ += be32(static_cast<std::uint32_t>(data.size())) + content +
            be32(crc_of(content));
  return *this;
}

PngBuilder& PngBuilder::text(std::string_view key, std::string_view value) {
  return chunk("tEXt", std::string(key).append(kNul).append(value));
}

PngBuilder& PngBuilder::ztxt(std::string_view key, std::string_view value) {
  return chunk("zTXt", std::string(key).append(kNul).append(kNul).append(
                           zlib_compressed(value)));
}

PngBuilder& PngBuilder::itxt(std::string_view key, std::string_view value) {
  return chunk("iTXt", std::string(key).append(5, '\0').append(value));
}

PngBuilder& PngBuilder::compressed_itxt(std::string_view key,
                                        std::string_view value) {
  return chunk(
      "iTXt",
      std::string(key).append(kNul).append("\x01").append(3, '\0').append(
          zlib_compressed(value)));
}

PngBuilder& PngBuilder::idat(std::size_t chunk_bytes) {
  // One filter byte in front of each line.
  const std::string stream =
      zlib_compressed(std::string((width_ + 1) * std::size_t{height_}, '\0'));
  for (std::size_t at = 0; at < stream.size(); at += chunk_bytes) {
    chunk("IDAT", std::string_view(stream).substr(at, chunk_bytes));
  }
  has_idat_ = true;
  return *this;
}

PngBuilder& PngBuilder::iend() {
  if (!has_idat_) idat();
  has_iend_ = true;
  return chunk("IEND", "");
}

PngBuilder& PngBuilder::break_crc() {
  bytes_.back() = static_cast<char>(bytes_.back() ^ 0x55);
  return *this;
}

PngBuilder& PngBuilder::declare_length(std::uint32_t length) {
  bytes_.replace(last_chunk_, 4, be32(length));
  return *this;
}

PngBuilder& PngBuilder::raw(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

std::string PngBuilder::build() const {
  if (has_iend_) return bytes_;
  PngBuilder finished = *this;
  return finished.iend().bytes_;
}

JpegBuilder::JpegBuilder(std::uint32_t width, std::uint32_t height)
    : width_(width), height_(height), bytes_("\xFF\xD8") {}

JpegBuilder& JpegBuilder::segment(std::uint8_t marker,
                                  std::string_view payload) {
  bytes_ += '\xFF';
  bytes_ += static_cast<char>(marker);
  bytes_ += be16(static_cast<std::uint32_t>(payload.size() + 2));
  bytes_ += payload;
  return *this;
}

JpegBuilder& JpegBuilder::jfif() {
  return segment(0xE0, std::string("JFIF\0\1\2\0\0\1\0\1\0\0", 14));
}

JpegBuilder& JpegBuilder::exif(std::string_view block) {
  return segment(0xE1, std::string("Exif\0\0", 6).append(block));
}

JpegBuilder& JpegBuilder::xmp(std::string_view packet) {
  return segment(
      0xE1, std::string("http://ns.adobe.com/xap/1.0/\0", 29).append(packet));
}

JpegBuilder& JpegBuilder::extended_xmp(std::string_view guid,
                                       std::uint32_t total,
                                       std::uint32_t offset,
                                       std::string_view part) {
  return segment(0xE1, std::string("http://ns.adobe.com/xmp/extension/\0", 35)
                           .append(guid)
                           .append(be32(total))
                           .append(be32(offset))
                           .append(part));
}

JpegBuilder& JpegBuilder::raw(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

JpegBuilder& JpegBuilder::frame(std::uint8_t marker) {
  frame_marker_ = marker;
  return *this;
}

std::string JpegBuilder::build() const {
  JpegBuilder finished = *this;
  finished.segment(frame_marker_,
                   std::string("\x08")
                       .append(be16(height_))
                       .append(be16(width_))
                       .append(std::string("\x01\x01\x11\0", 4)));
  finished.segment(0xDA, std::string("\x01\x01\0\0\x3F\0", 6));
  return finished.bytes_.append("\x12\x34\x56").append("\xFF\xD9");
}

WebpBuilder& WebpBuilder::chunk_without_padding(std::string_view type,
                                                std::string_view data) {
  chunks_.append(type)
      .append(le32(static_cast<std::uint32_t>(data.size())))
      .append(data);
  return *this;
}

WebpBuilder& WebpBuilder::chunk(std::string_view type, std::string_view data) {
  chunk_without_padding(type, data);
  if (data.size() % 2 != 0) chunks_ += '\0';
  return *this;
}

WebpBuilder& WebpBuilder::extended(std::uint32_t width, std::uint32_t height,
                                   std::uint8_t flags) {
  return chunk("VP8X", std::string(1, static_cast<char>(flags))
                           .append(3, '\0')
                           .append(le32(width - 1).substr(0, 3))
                           .append(le32(height - 1).substr(0, 3)));
}

WebpBuilder& WebpBuilder::lossless(std::uint32_t width, std::uint32_t height) {
  return chunk("VP8L",
               std::string("\x2F")
                   .append(le32((width - 1) | (height - 1) << 14))
                   .append("pixels"));
}

WebpBuilder& WebpBuilder::lossy(std::uint32_t width, std::uint32_t height) {
  return chunk("VP8 ", std::string("\x30\0\0\x9D\x01\x2A", 6) + le16(width) +
                           le16(height) + "pixels");
}

std::string WebpBuilder::build() const {
  return "RIFF" + le32(static_cast<std::uint32_t>(chunks_.size() + 4)) +
         "WEBP" + chunks_;
}

GifBuilder::GifBuilder(std::uint32_t width, std::uint32_t height)
    : bytes_("GIF89a" + le16(width) + le16(height) +
             std::string("\x80\0\0", 3) + std::string(6, '\x7F')) {}

GifBuilder& GifBuilder::comment(std::string_view text) {
  bytes_ += "\x21\xFE";
  for (std::size_t at = 0; at < text.size(); at += 255) {
    const std::string_view block = text.substr(at, 255);
    bytes_ += static_cast<char>(block.size());
    bytes_ += block;
  }
  bytes_ += '\0';
  return *this;
}

GifBuilder& GifBuilder::xmp(std::string_view packet) {
  bytes_.append("\x21\xFF\x0BXMP DataXMP").append(packet).append("\x01");
  for (int i = 255; i >= 0; --i) bytes_ += static_cast<char>(i);
  bytes_ += '\0';
  return *this;
}

GifBuilder& GifBuilder::frame() {
  bytes_ += std::string("\x2C\0\0\0\0\x08\0\x08\0\0", 10);
  bytes_ += std::string("\x02\x03\x84\x8F\x05\0", 6);
  return *this;
}

std::string GifBuilder::build() const { return bytes_ + "\x3B"; }

TiffBuilder& TiffBuilder::add(Entries& entries, std::uint16_t tag,
                              TiffType type, std::string_view value) {
  std::size_t unit = 1;
  if (type == TiffType::kShort) unit = 2;
  if (type == TiffType::kLong) unit = 4;
  if (type == TiffType::kRational) unit = 8;
  entries.push_back({tag, type, static_cast<std::uint32_t>(value.size() / unit),
                     std::string(value)});
  last_ = &entries.back();
  return *this;
}

TiffBuilder& TiffBuilder::ifd0(std::uint16_t tag, TiffType type,
                               std::string_view value) {
  return add(ifd0_, tag, type, value);
}
TiffBuilder& TiffBuilder::exif_ifd(std::uint16_t tag, TiffType type,
                                   std::string_view value) {
  return add(exif_ifd_, tag, type, value);
}
TiffBuilder& TiffBuilder::ifd1(std::uint16_t tag, TiffType type,
                               std::string_view value) {
  return add(ifd1_, tag, type, value);
}

TiffBuilder& TiffBuilder::declare_count(std::uint32_t count) {
  last_->count = count;
  return *this;
}

std::string TiffBuilder::number(std::uint32_t value, std::size_t bytes) const {
  return test::number(value, bytes, order_);
}

// Entries, then the values that do not fit into them.
std::string TiffBuilder::directory(const Entries& entries, std::size_t start,
                                   std::uint32_t next) const {
  std::string head = number(static_cast<std::uint32_t>(entries.size()), 2);
  std::string values;
  const std::size_t values_at = start + 2 + 12 * entries.size() + 4;
  for (const Entry& entry : entries) {
    head += number(entry.tag, 2) +
            number(static_cast<std::uint32_t>(entry.type), 2) +
            number(entry.count, 4);
    if (entry.value.size() <= 4) {
      head += entry.value + std::string(4 - entry.value.size(), '\0');
    } else {
      head += number(static_cast<std::uint32_t>(values_at + values.size()), 4);
      values += entry.value;
      if (values.size() % 2 != 0) values += '\0';
    }
  }
  return head + number(next, 4) + values;
}

std::string TiffBuilder::build() const {
  // Sizes do not depend on the offsets, so that a first draft gives them.
  Entries main = ifd0_;
  if (!exif_ifd_.empty()) {
    main.push_back({0x8769, TiffType::kLong, 1, number(0, 4)});
  }
  std::sort(main.begin(), main.end(),
            [](const Entry& a, const Entry& b) { return a.tag < b.tag; });
  const std::size_t exif_at = 8 + directory(main, 8, 0).size();
  const std::string exif =
      exif_ifd_.empty() ? std::string() : directory(exif_ifd_, exif_at, 0);
  const std::size_t ifd1_at = exif_at + exif.size();
  for (Entry& entry : main) {
    if (entry.tag == 0x8769) {
      entry.value = number(static_cast<std::uint32_t>(exif_at), 4);
    }
  }
  const auto next = static_cast<std::uint32_t>(ifd1_.empty() ? 0 : ifd1_at);
  std::string block = order_ == ByteOrder::kBig ? "MM" : "II";
  block += number(42, 2) + number(8, 4) + directory(main, 8, next) + exif;
  if (!ifd1_.empty()) block += directory(ifd1_, ifd1_at, 0);
  return block;
}

std::string exif_with_comment(ByteOrder order, std::string_view comment) {
  return TiffBuilder(order)
      .exif_ifd(0x9286, TiffType::kUndefined, comment)
      .build();
}

std::string xmp_packet(std::string_view attributes, std::string_view elements) {
  return std::string(
             "<?xpacket begin='\xEF\xBB\xBF' id='W5M0MpCehiHzreSzNTczkc9d'?>\n")
      .append("<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF ")
      .append("xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n")
      .append(" <rdf:Description rdf:about=''")
      .append(" xmlns:xmp='http://ns.adobe.com/xap/1.0/'")
      .append(" xmlns:exif='http://ns.adobe.com/exif/1.0/'")
      .append(" xmlns:dc='http://purl.org/dc/elements/1.1/'")
      .append(" xmlns:xmpMM='http://ns.adobe.com/xap/1.0/mm/'")
      .append(" xmlns:stEvt='http://ns.adobe.com/xap/1.0/sType/ResourceEvent#'")
      .append(
          " xmlns:sdcpp='https://github.com/leejet/stable-diffusion.cpp/ns/1.0/"
          "' ")
      .append(attributes)
      .append(">")
      .append(elements)
      .append("</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end='w'?>");
}

}  // namespace sdmeta::test
