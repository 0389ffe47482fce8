// The text of tEXt, zTXt, iTXt and comf chunks, and what else stands under
// their keywords: XMP, and profiles in hexadecimal digits.
#pragma once

#include "extractor/byte_cursor.h"
#include "extractor/field_collector.h"
#include "extractor/png_chunk.h"
#include "extractor/text_decode.h"

namespace sdmeta::png {

/// Adds the text of a chunk of one of these types to `out`. `data` is what is
/// there of its content; `end` says if that is all.
void read_text_chunk(const Chunk& chunk, Bytes data, TextEnd end,
                     FieldCollector& out);

}  // namespace sdmeta::png
