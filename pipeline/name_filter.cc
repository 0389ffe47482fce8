#include "pipeline/name_filter.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::size_t kMaxExtension = 8;  // bytes

constexpr std::array<std::string_view, 25> kImages = {
    "png",  "jpg",  "jpeg", "webp", "avif",  "gif",  "jxl",  "mp4", "webm",
    "apng", "jpe",  "jfif", "jif",  "avifs", "heic", "heif", "hif", "heics",
    "tif",  "tiff", "bmp",  "dib",  "mov",   "m4v",  "mkv"};

constexpr std::array<std::string_view, 11> kArchives = {
    "tar", "zip",  "7z",   "tgz", "tzst", "txz",
    "tbz", "tbz2", "tlz4", "cbz", "cbt"};

// Extensions of compressed files: archives only behind ".tar".
constexpr std::array<std::string_view, 5> kCompressions = {"gz", "zst", "xz",
                                                           "bz2", "lz4"};

// What programs put beside images in folders of their own: thumbnails (NAS of
// Synology), and what macOS knows of the members of a zip.
constexpr std::array<std::string_view, 2> kShadows = {"@eaDir", "__MACOSX"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list,
              std::string_view extension) noexcept {
  return std::any_of(list.begin(), list.end(), [&](std::string_view entry) {
    return equal_ignoring_case(entry, extension);
  });
}

/// Without the dot; empty if there is none.
std::string_view extension_of(std::string_view name) noexcept {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  const std::string_view extension = name.substr(dot + 1);
  if (extension.size() > kMaxExtension ||
      !std::all_of(extension.begin(), extension.end(),
                   [](char c) { return is_letter(c) || is_digit(c); }))
    return {};
  return extension;
}

}  // namespace

bool is_hidden(std::string_view name) noexcept {
  // Windows' zips have "..\\a.png".
  const std::string_view first = name.substr(0, name.find('\\'));
  if (!first.starts_with('.')) return std::ranges::count(kShadows, first) > 0;
  return first != "." && first != "..";
}

std::string_view base_name(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

NameKind kind_of_name(std::string_view name) noexcept {
  if (is_hidden(name)) return NameKind::kOther;
  const std::string_view extension = extension_of(name);
  if (extension.empty() || contains(kImages, extension))
    return NameKind::kImage;
  if (contains(kArchives, extension)) return NameKind::kArchive;
  if (contains(kCompressions, extension)) {
    const std::string_view stem =
        name.substr(0, name.size() - extension.size() - 1);
    if (equal_ignoring_case(extension_of(stem), "tar"))
      return NameKind::kArchive;
  }
  return NameKind::kOther;
}

}  // namespace sdmeta
