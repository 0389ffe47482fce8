// PNG and APNG (PNG specification, third edition): an own walk over the chunks,
// because libpng gives up where files are damaged and never hops over pixels.
#pragma once

#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

/// Reads text, Exif, XMP and provenance chunks. Stops at the pixels when what
/// stands before them holds a whole generation; else reads what follows too.
void read_png(ByteWindow& in, FieldCollector& out);

}  // namespace sdmeta
