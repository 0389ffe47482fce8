// JPEG (ITU T.81, JFIF, Exif, XMP part 3): the marker segments in front of the
// first scan.
#pragma once

#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

void read_jpeg(ByteWindow& in, FieldCollector& out);

}  // namespace sdmeta
