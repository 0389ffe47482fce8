// TIFF blocks: Exif of any container, and TIFF files. One tolerant walk: tags
// are taken wherever they stand and whatever type they have, because writers
// misplace them, and a damaged block costs only what it damages.
#pragma once

#include <cstdint>

#include "extractor/byte_cursor.h"
#include "extractor/byte_window.h"
#include "extractor/field_collector.h"
#include "extractor/text_decode.h"

namespace sdmeta {

/// Reads an Exif block, with or without "Exif\0\0" or a few other bytes in
/// front of its TIFF header. `file_offset` is where the block begins in the
/// file, for messages. `end` is kCut if the block goes on behind what could be
/// read. Damage of the block is a note (kBadExif).
void read_exif(Bytes block, std::uint64_t file_offset, FieldCollector& out,
               TextEnd end = TextEnd::kWhole);

/// Offset of a TIFF header in the first 16 bytes, or SIZE_MAX.
std::size_t find_tiff_header(Bytes block) noexcept;

/// A TIFF file: the same walk, and the size of the image.
void read_tiff(ByteWindow& in, FieldCollector& out);

}  // namespace sdmeta
