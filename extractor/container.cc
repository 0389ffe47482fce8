#include "extractor/container.h"

#include <algorithm>
#include <array>

#include "extractor/bmff.h"
#include "extractor/bmp.h"
#include "extractor/exif.h"
#include "extractor/gif.h"
#include "extractor/jpeg.h"
#include "extractor/jxl.h"
#include "extractor/matroska.h"
#include "extractor/png.h"
#include "extractor/webp.h"

namespace sdmeta {

namespace {

using namespace std::string_view_literals;

bool begins(Bytes head, std::string_view magic) noexcept {
  const std::size_t count = std::min(head.size(), magic.size());
  return count >= 2 && as_text(head).substr(0, count) == magic.substr(0, count);
}

bool has_at(Bytes head, std::size_t offset, std::string_view magic) noexcept {
  return begins_with(clipped(head, offset), magic);
}

// RIFF is also AVI and WAV; without its form type it is most likely WebP here.
bool is_riff(Bytes head, std::string_view form) noexcept {
  return begins(head, "RIFF"sv) && (head.size() < 12 || has_at(head, 8, form));
}

// The signature was made to show transfers that translate line ends or strip
// the eighth bit; such files are recognised and reported as corrupt. Behind it
// the first chunk tells as much.
bool is_png(Bytes head) noexcept {
  return begins(head, "\x89PNG\r\n\x1A\n"sv) ||
         begins_with(head, "\x89PNG"sv) ||
         begins_with(head, "\x09PNG\r\n\x1A\n"sv) ||
         has_at(head, 8, "\0\0\0\x0DIHDR"sv);
}

// The next marker's FF belongs to the usual magic, but garbage may stand in
// front of it.
bool is_jpeg(Bytes head) noexcept { return begins(head, "\xFF\xD8"sv); }

// Where a program took the file for text, its size has other bytes, and more.
bool is_webp(Bytes head) noexcept {
  constexpr std::size_t kLongestHeader = 32;
  return is_riff(head, "WEBP"sv) || has_at(head, 8, "WEBPVP8"sv) ||
         (has_at(head, 0, "RIFF"sv) &&
          (has_at(head, 12, "VP8"sv) ||
           as_text(clipped(head, 0, kLongestHeader)).find("WEBPVP8"sv) !=
               std::string_view::npos));
}

bool is_gif(Bytes head) noexcept {
  return begins(head, "GIF87a"sv) || begins(head, "GIF89a"sv);
}

bool is_tiff(Bytes head) noexcept {
  return head.size() >= 4 &&
         (begins(head, "II*\0"sv) || begins(head, "MM\0*"sv));
}

// "BM" alone is too weak: the offset of the pixels and the size of the second
// header, which says the version, are tested too.
bool is_bmp(Bytes head) noexcept {
  ByteCursor cursor(head, 14);
  const std::uint32_t header_bytes = cursor.le32();
  return begins_with(head, "BM"sv) && !cursor.is_overrun() &&
         (header_bytes == 12 || header_bytes == 16 ||
          (header_bytes >= 40 && header_bytes <= 124));
}

bool is_bmff(Bytes head) noexcept {
  return bmff_container(head) != Container::kUnknown;
}

bool is_jxl(Bytes head) noexcept {
  return begins(head, "\0\0\0\x0CJXL \r\n\x87\n"sv) ||
         has_at(head, 0, "\xFF\x0A"sv);
}

bool is_matroska(Bytes head) noexcept {
  return begins(head, "\x1A\x45\xDF\xA3"sv);
}

// Known and not read: the name goes to the message.
bool is_tar(Bytes head) noexcept { return has_at(head, 257, "ustar"sv); }
// Zstandard's skippable frames begin with one of sixteen bytes.
bool is_skippable_frame(Bytes head) noexcept {
  return has_at(head, 1, "\x2A\x4D\x18"sv) && (head[0] & 0xF0) == 0x50;
}
bool is_bzip2(Bytes head) noexcept {
  return has_at(head, 0, "BZh"sv) && has_at(head, 4, "1AY&SY"sv);
}
// Windows icons and cursors.
bool is_icon(Bytes head) noexcept {
  return (has_at(head, 0, "\0\0\x01\0"sv) || has_at(head, 0, "\0\0\x02\0"sv)) &&
         head.size() >= 22 && head[4] != 0 && head[5] == 0 && head[9] == 0;
}
bool is_svg(Bytes head) noexcept {
  const std::string_view text = as_text(clipped(head, 0, 1024));
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return first != text.npos && text[first] == '<' &&
         text.find("<svg", first) != text.npos;
}
// P1 to P6 and numbers or a comment; P7 and a name.
bool is_netpbm(Bytes head) noexcept {
  return head.size() > 3 && head[0] == 'P' && head[1] >= '1' &&
         head[1] <= '7' && head[2] == '\n' &&
         (head[3] == '#' || (head[3] >= '0' && head[3] <= '9') ||
          has_at(head, 3, "WIDTH "sv));
}
bool is_safetensors(Bytes head) noexcept { return has_at(head, 8, "{\""sv); }

constexpr ContainerRow unread(std::string_view name, std::string_view magic,
                              Container container = Container::kUnknown) {
  ContainerRow row;
  row.container = container;
  row.name = name;
  row.magic = magic;
  return row;
}

constexpr std::string_view kZip =
    "zip archive (as an argument, its members are read)";
constexpr std::string_view k7z =
    "7z archive (as an argument, its members are read)";
constexpr std::string_view kTar =
    "tar archive (as an argument, its members are read)";
constexpr std::string_view kRiff = "RIFF audio or video";
constexpr std::string_view kCompressed = "compressed data";

// In the order in which they are tried.
constexpr auto kTable = std::to_array<ContainerRow>({
    {Container::kPng, "PNG", is_png, read_png},
    {Container::kJpeg, "JPEG", is_jpeg, read_jpeg},
    {Container::kWebp, "WebP", is_webp, read_webp},
    {Container::kGif, "GIF", is_gif, read_gif, Carrier::kGifComment},
    {Container::kTiff, "TIFF", is_tiff, read_tiff, Carrier::kExifIfd0},
    {Container::kBmp, "BMP", is_bmp, read_bmp},
    {Container::kMp4, "MP4 or HEIF", is_bmff, read_bmff, Carrier::kExifIfd},
    {Container::kJxl, "JPEG XL", is_jxl, read_jxl, Carrier::kExifIfd},
    {Container::kMatroska, "Matroska", is_matroska, read_matroska,
     Carrier::kMatroskaTag},

    unread("BigTIFF", "II+\0"sv, Container::kTiff),
    unread("BigTIFF", "MM\0+"sv, Container::kTiff),
    unread(kRiff, "RIFF"),
    unread(kRiff, "RIFX"),
    unread(kZip, "PK\x03\x04"),
    unread(kZip, "PK\x05\x06"),
    unread(k7z, "7z\xBC\xAF\x27\x1C"),
    {Container::kUnknown, kTar, is_tar},
    unread("RAR archive", "Rar!\x1A\x07"),
    unread(kCompressed, "\x1F\x8B\x08"),
    unread(kCompressed, "\x28\xB5\x2F\xFD"),
    unread(kCompressed,
           "\xFD"
           "7zXZ\0"sv),
    unread(kCompressed, "\x04\x22\x4D\x18"),
    {Container::kUnknown, kCompressed, is_skippable_frame},
    {Container::kUnknown, kCompressed, is_bzip2},
    unread("PDF", "%PDF-"),
    unread("PostScript", "%!PS"),
    unread("Photoshop document", "8BPS\0"sv),
    unread("GIMP document", "gimp xcf "),
    unread("DjVu", "AT&TFORM"),
    unread("MNG", "\x8AMNG\r\n\x1A\n"),
    unread("JNG", "\x8BJNG\r\n\x1A\n"),
    unread("JPEG 2000", "\0\0\0\x0CjP  \r\n\x87\n"sv),
    unread("JPEG 2000", "\xFF\x4F\xFF\x51"),
    unread("JPEG XR", "II\xBC\x01"),
    unread("QOI", "qoif"),
    unread("FLIF", "FLIF"),
    unread("BPG", "BPG\xFB"),
    unread("farbfeld", "farbfeld"),
    unread("OpenEXR", "\x76\x2F\x31\x01"),
    unread("Radiance HDR", "#?RADIANCE"),
    unread("Radiance HDR", "#?RGBE"),
    unread("DirectDraw surface", "DDS \x7C\0\0\0"sv),
    unread("KTX", "\xABKTX "),
    unread("Windows metafile", "\xD7\xCD\xC6\x9A"),
    {Container::kUnknown, "Netpbm", is_netpbm},
    {Container::kUnknown, "icon", is_icon},
    {Container::kUnknown, "SVG", is_svg},
    unread("Flash video", "FLV\x01"),
    unread("MPEG video", "\0\0\x01\xBA"sv),
    unread("Windows Media", "\x30\x26\xB2\x75\x8E\x66\xCF\x11"),
    unread("sound", "ID3"),
    unread("sound", "OggS"),
    unread("sound", "fLaC"),
    {Container::kUnknown, "safetensors model", is_safetensors},
});

}  // namespace

const ContainerRow* find_container(Bytes head) noexcept {
  const auto row =
      std::find_if(kTable.begin(), kTable.end(), [head](const ContainerRow& r) {
        return r.matches != nullptr ? r.matches(head)
                                    : begins_with(head, r.magic);
      });
  return row == kTable.end() ? nullptr : &*row;
}

std::string_view describe_non_image(Bytes head) noexcept {
  if (head.empty()) return "empty file";
  std::string_view text = as_text(head);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return "white space";
  if (text[first] == '<') return "web page or XML text";
  if (text[first] == '{' || text[first] == '[') return "JSON text";
  const bool is_zero = text.find_first_not_of('\0') == text.npos;
  return is_zero ? "zero bytes" : "unknown data";
}

}  // namespace sdmeta
