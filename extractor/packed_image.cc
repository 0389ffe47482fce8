#include "extractor/packed_image.h"

#include <algorithm>

#include "extractor/base64.h"
#include "extractor/container.h"

namespace sdmeta {

namespace {

using namespace std::string_view_literals;

bool begins_as_image(std::string_view bytes) noexcept {
  // A tar begins with a name, which may be that of a format.
  constexpr std::size_t kTarMagic = 257;
  if (bytes.substr(std::min(bytes.size(), kTarMagic)).starts_with("ustar"))
    return false;
  const ContainerRow* const row = find_container(as_bytes(bytes));
  return row != nullptr && row->read != nullptr;
}

bool is_gzipped_image(Bytes head) {
  constexpr std::size_t kPackedBytes = 4096;
  constexpr std::size_t kUnpackedBytes = 512;
  if (!begins_with(head, "\x1F\x8B\x08"sv)) return false;
  std::string image;
  inflate_text(clipped(head, 0, kPackedBytes), kUnpackedBytes, image);
  return begins_as_image(image);
}

// Where the base64 of a file begins: behind what a data URI says of it (RFC
// 2397), and what stands in front of that where it was copied from a page.
std::size_t base64_start(std::string_view head) noexcept {
  constexpr std::size_t kLongestUri = 256;
  constexpr std::string_view kMark = ";base64,"sv;
  const std::size_t first =
      std::min(head.find_first_not_of("\xEF\xBB\xBF \t\r\n\"'"sv), head.size());
  head = head.substr(0, first + kLongestUri);
  if (!head.substr(first).starts_with("data:")) return first;
  const std::size_t mark = head.find(kMark, first);
  return mark == head.npos ? first : mark + kMark.size();
}

// Behind the text.
bool is_end_of_base64(std::string_view rest) noexcept {
  return rest.find_first_not_of("= \t\r\n\"'\0"sv) == rest.npos;
}

bool is_image_as_base64(std::string_view head) {
  constexpr std::size_t kTextBytes = 1024;
  // Fewer, and the two of a bare JPEG XL, are words and paths ("/work").
  constexpr std::size_t kTellingBytes = 16;
  head = head.substr(base64_start(head)).substr(0, kTextBytes);
  std::size_t read = 0;
  const std::string image = decode_base64(head, read);
  return image.size() >= kTellingBytes && !image.starts_with("\xFF\x0A"sv) &&
         is_end_of_base64(head.substr(read)) && begins_as_image(image);
}

}  // namespace

std::string_view packing_name(ImagePacking packing) noexcept {
  return packing == ImagePacking::kGzip ? "gzip" : "base64";
}

std::optional<ImagePacking> packing_of_image(Bytes head) {
  if (is_gzipped_image(head)) return ImagePacking::kGzip;
  if (is_image_as_base64(as_text(head))) return ImagePacking::kBase64;
  return std::nullopt;
}

UnpackedImage unpack_image(ByteWindow& in, ImagePacking packing,
                           const Limits& limits) {
  const auto most = static_cast<std::size_t>(limits.max_member_bytes);
  const Bytes packed = in.view(
      0, static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), most)), 0);
  UnpackedImage image;
  if (packing == ImagePacking::kGzip) {
    image.end = inflate_text(packed, most, image.bytes);
    if (image.end != InflateEnd::kInputEnded) return image;
  } else {
    const std::string_view text =
        as_text(packed).substr(base64_start(as_text(packed)));
    std::size_t read = 0;
    image.bytes = decode_base64(text, read);
    if (!is_end_of_base64(text.substr(read))) image.end = InflateEnd::kCorrupt;
  }
  if (in.size() > most) image.end = InflateEnd::kTooLarge;
  return image;
}

}  // namespace sdmeta
