// BMP: has no place for text; only the size of the image is read.
#pragma once

#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

void read_bmp(ByteWindow& in, FieldCollector& out);

}  // namespace sdmeta
