// Foreign blocks in the text of a PNG, as ImageMagick keeps them (coders/png.c,
// Magick_png_write_raw_profile): hex digits under the keyword "Raw profile type
// exif", "... iptc" or "... xmp".
#pragma once

#include <cstdint>
#include <string_view>

#include "extractor/field_collector.h"
#include "extractor/text_decode.h"

namespace sdmeta {

/// Reads the block that `text` spells, of the `kind` that the keyword names.
/// False, and nothing read, if it is of no kind that is read. `file_offset` and
/// `end` as in read_exif().
bool read_raw_profile(std::string_view kind, std::string_view text,
                      std::uint64_t file_offset, FieldCollector& out,
                      TextEnd end);

}  // namespace sdmeta
