#include "extractor/misplaced_image.h"

#include <algorithm>
#include <cstring>

#include "extractor/bmff.h"

namespace sdmeta {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1A\n"sv;

// The first chunk of a PNG tells more than the signature, of which each byte
// may be lost.
std::optional<MisplacedImage> find_png(std::string_view head) noexcept {
  const std::size_t chunk = head.find("\0\0\0\x0DIHDR"sv);
  if (chunk == head.npos) return std::nullopt;
  if (head.substr(0, chunk).ends_with(kPngSignature))
    return MisplacedImage{chunk - kPngSignature.size(), {}};
  return MisplacedImage{chunk, kPngSignature};
}

bool is_first_segment(std::string_view segment) noexcept {
  return (segment.starts_with("\xFF\xE0"sv) ||
          segment.starts_with("\xFF\xE1"sv)) &&
         segment.size() > 4 &&
         (segment.substr(4).starts_with("JFIF\0"sv) ||
          segment.substr(4).starts_with("Exif\0"sv));
}

std::optional<MisplacedImage> find_jpeg(std::string_view head) noexcept {
  for (std::size_t at = head.find('\xFF'); at != head.npos;
       at = head.find('\xFF', at + 1)) {
    const std::string_view rest = head.substr(at);
    if (is_first_segment(rest)) return MisplacedImage{at, "\xFF\xD8"sv};
    if (!rest.starts_with("\xFF\xD8\xFF"sv) || rest.size() < 4) continue;
    // What JPEG files begin with: tables, an application's segment, a comment.
    const auto marker = static_cast<std::uint8_t>(rest[3]);
    if (marker == 0xDB || marker == 0xFE || (marker & 0xF0) == 0xE0)
      return MisplacedImage{at, {}};
  }
  return std::nullopt;
}

std::optional<MisplacedImage> find_webp(std::string_view head) noexcept {
  constexpr std::size_t kBefore = 8;
  const std::size_t form = head.find("WEBPVP8"sv);
  if (form != head.npos && form >= kBefore) {
    const bool has_riff = head.substr(form - kBefore, 4) == "RIFF"sv;
    return has_riff ? MisplacedImage{form - kBefore, {}}
                    : MisplacedImage{form - 4, "RIFF"sv};
  }
  // Its first chunk, where there is one, has this length.
  const std::size_t first = head.find("VP8X\x0A\0\0\0"sv);
  if (first == head.npos) return std::nullopt;
  return MisplacedImage{first, "RIFF\xFF\xFF\xFF\x7FWEBP"sv};
}

// AVIF, HEIF and the films: a box with a length in front of its type.
std::optional<MisplacedImage> find_bmff(std::string_view head) noexcept {
  constexpr std::size_t kLengthBytes = 4;
  constexpr std::uint32_t kShortest = 16;
  constexpr std::uint32_t kLongest = 1024;
  for (std::size_t type = head.find("ftyp"sv); type != head.npos;
       type = head.find("ftyp"sv, type + 1)) {
    if (type < kLengthBytes) continue;
    const Bytes box = as_bytes(head.substr(type - kLengthBytes));
    const std::uint32_t length = ByteCursor(box).be32();
    if (length >= kShortest && length <= kLongest &&
        bmff_container(box) != Container::kUnknown)
      return MisplacedImage{type - kLengthBytes, {}};
  }
  return std::nullopt;
}

std::optional<MisplacedImage> find_other(std::string_view head) noexcept {
  std::size_t first = head.npos;
  for (const std::string_view magic :
       {"GIF89a"sv, "GIF87a"sv, "\0\0\0\x0CJXL \r\n\x87\n"sv,
        "\x1A\x45\xDF\xA3"sv})
    first = std::min(first, head.find(magic));
  if (first == head.npos) return std::nullopt;
  return MisplacedImage{first, {}};
}

// A JPEG none of whose markers is left: a program took the file for text, and
// replaced every byte above 7F. Names in its first segment stay.
std::optional<MisplacedImage> find_jpeg_by_name(
    std::string_view head) noexcept {
  constexpr std::size_t kFirstSegment = 64;
  head = head.substr(0, kFirstSegment);
  for (const std::string_view name :
       {"JFIF\0"sv, "Exif\0\0MM\0*"sv, "Exif\0\0II*\0"sv})
    if (head.find(name) != head.npos) return MisplacedImage{0, "\xFF\xD8"sv};
  return std::nullopt;
}

// Four bytes are not much: the first directory has to follow them at once, as
// in most files.
std::optional<MisplacedImage> find_tiff(std::string_view head) noexcept {
  constexpr std::size_t kNear = 4096;
  head = head.substr(0, kNear);
  const std::size_t first =
      std::min(head.find("II*\0\x08\0\0\0"sv), head.find("MM\0*\0\0\0\x08"sv));
  if (first == head.npos) return std::nullopt;
  return MisplacedImage{first, {}};
}

}  // namespace

std::optional<MisplacedImage> find_misplaced_image(Bytes head,
                                                   std::size_t from) noexcept {
  const std::string_view text = as_text(clipped(head, from));
  std::optional<MisplacedImage> first;
  for (const auto find :
       {find_png, find_jpeg, find_webp, find_bmff, find_other}) {
    const std::optional<MisplacedImage> found = find(text);
    if (found && (!first || found->offset < first->offset)) first = found;
  }
  // The weaker marks stand in other formats, too.
  if (!first && from == 0) first = find_jpeg_by_name(text);
  if (!first && from == 0) first = find_tiff(text);
  if (first) first->offset += from;
  return first;
}

Result<std::size_t> ReplacedSource::read_at(
    std::uint64_t offset, std::span<std::uint8_t> out) noexcept {
  const std::string_view front = image_.missing;
  if (offset >= front.size())
    return source_.read_at(offset - front.size() + image_.offset, out);
  const std::size_t count =
      std::min(out.size(), front.size() - static_cast<std::size_t>(offset));
  std::memcpy(out.data(), front.data() + offset, count);
  const Result<std::size_t> rest =
      source_.read_at(image_.offset, out.subspan(count));
  if (!rest) return rest;
  return count + *rest;
}

}  // namespace sdmeta
