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
bool is_big_tiff(Bytes head) noexcept {
  return has_at(head, 0, "II+\0"sv) || has_at(head, 0, "MM\0+"sv);
}
bool is_avi_or_wav(Bytes head) noexcept {
  return has_at(head, 0, "RIFF"sv) || has_at(head, 0, "RIFX"sv);
}
bool is_zip(Bytes head) noexcept {
  return has_at(head, 0, "PK\x03\x04"sv) || has_at(head, 0, "PK\x05\x06"sv);
}
bool is_7z(Bytes head) noexcept {
  return has_at(head, 0, "7z\xBC\xAF\x27\x1C"sv);
}
bool is_rar(Bytes head) noexcept { return has_at(head, 0, "Rar!\x1A\x07"sv); }
bool is_tar(Bytes head) noexcept { return has_at(head, 257, "ustar"sv); }
// gzip, Zstandard (its skippable frames too), xz, bzip2, LZ4.
bool is_compressed(Bytes head) noexcept {
  return has_at(head, 0, "\x1F\x8B\x08"sv) ||
         has_at(head, 0, "\x28\xB5\x2F\xFD"sv) ||
         (has_at(head, 1, "\x2A\x4D\x18"sv) && (head[0] & 0xF0) == 0x50) ||
         has_at(head, 0,
                "\xFD"
                "7zXZ\0"sv) ||
         (has_at(head, 0, "BZh"sv) && has_at(head, 4, "1AY&SY"sv)) ||
         has_at(head, 0, "\x04\x22\x4D\x18"sv);
}
bool is_pdf(Bytes head) noexcept { return has_at(head, 0, "%PDF-"sv); }
bool is_photoshop(Bytes head) noexcept { return has_at(head, 0, "8BPS\0"sv); }
bool is_jpeg_2000(Bytes head) noexcept {
  return has_at(head, 0, "\0\0\0\x0CjP  \r\n\x87\n"sv) ||
         has_at(head, 0, "\xFF\x4F\xFF\x51"sv);
}
bool is_icon(Bytes head) noexcept {
  return has_at(head, 0, "\0\0\x01\0"sv) && head.size() >= 22 && head[4] != 0 &&
         head[5] == 0 && head[9] == 0;
}
bool is_svg(Bytes head) noexcept {
  const std::string_view text = as_text(clipped(head, 0, 1024));
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  return first != text.npos && text[first] == '<' &&
         text.find("<svg", first) != text.npos;
}
bool is_flash_video(Bytes head) noexcept {
  return has_at(head, 0, "FLV\x01"sv);
}
bool is_sound(Bytes head) noexcept {
  return has_at(head, 0, "ID3"sv) || has_at(head, 0, "OggS"sv) ||
         has_at(head, 0, "fLaC"sv);
}
bool is_safetensors(Bytes head) noexcept { return has_at(head, 8, "{\""sv); }

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

    {Container::kTiff, "BigTIFF", is_big_tiff, nullptr},
    {Container::kUnknown, "RIFF audio or video", is_avi_or_wav, nullptr},
    {Container::kUnknown,
     "zip archive (as an argument, its members are read)", is_zip, nullptr},
    {Container::kUnknown,
     "7z archive (as an argument, its members are read)", is_7z, nullptr},
    {Container::kUnknown,
     "tar archive (as an argument, its members are read)", is_tar, nullptr},
    {Container::kUnknown, "RAR archive", is_rar, nullptr},
    {Container::kUnknown, "compressed data", is_compressed, nullptr},
    {Container::kUnknown, "PDF", is_pdf, nullptr},
    {Container::kUnknown, "Photoshop document", is_photoshop, nullptr},
    {Container::kUnknown, "JPEG 2000", is_jpeg_2000, nullptr},
    {Container::kUnknown, "icon", is_icon, nullptr},
    {Container::kUnknown, "SVG", is_svg, nullptr},
    {Container::kUnknown, "Flash video", is_flash_video, nullptr},
    {Container::kUnknown, "sound", is_sound, nullptr},
    {Container::kUnknown, "safetensors model", is_safetensors, nullptr},
});

}  // namespace

const ContainerRow* find_container(Bytes head) noexcept {
  const auto row =
      std::find_if(kTable.begin(), kTable.end(),
                   [head](const ContainerRow& r) { return r.matches(head); });
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
