// Boxes (MP4, HEIF, JPEG XL) and EBML elements (Matroska) put together by hand,
// written from the standards and independently of the readers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sdmeta::test {

std::string box(std::string_view type, std::string_view payload);
/// With version and flags in front of the payload.
std::string full_box(std::string_view type, std::uint32_t version,
                     std::string_view payload);
/// With a length of 64 bits.
std::string long_box(std::string_view type, std::string_view payload);
/// Declares `size`, header included, whatever the payload.
std::string lying_box(std::string_view type, std::uint32_t size,
                      std::string_view payload);

/// `ftyp` with `major` and the four-character brands in `others`.
std::string ftyp(std::string_view major, std::string_view others = {});

/// A `data` box of type 1, UTF-8.
std::string utf8_data(std::string_view text);
/// `meta` as FFmpeg writes it with use_metadata_tags.
std::string mdta_meta(
    const std::vector<std::pair<std::string, std::string>>& tags);
/// `tkhd` of version 0 or 1.
std::string track_header(std::uint32_t version, std::uint32_t width,
                         std::uint32_t height);

/// A HEIF or AVIF file with an Exif item and an XMP item.
struct HeifOptions {
  std::string brand = "avif";
  std::uint32_t iloc_version = 0;  // 0 to 2
  bool is_in_idat = false;         // construction method 1; iloc 1 and 2 only
  bool is_split = false;           // items lie in two extents
  std::uint32_t infe_version = 2;  // 2 or 3
  std::uint8_t quarter_turns = 0;  // irot
  std::string exif;                // payload with its leading offset
  std::string xmp;
};
std::string heif(const HeifOptions& options);

/// An element whose id (marker included) is in `id`, with the shortest size.
std::string element(std::uint32_t id, std::string_view payload);
/// With all bits of its size set: its end is not known.
std::string endless_element(std::uint32_t id, std::string_view payload);
std::string lying_element(std::uint32_t id, std::uint64_t size,
                          std::string_view payload);
std::string ebml_header(std::string_view doc_type);
std::string simple_tag(std::string_view name, std::string_view text,
                       std::string_view children = {});
/// Tags with one Tag with these simple tags.
std::string tags(std::string_view simple_tags);

}  // namespace sdmeta::test
