// JPEG XL (ISO/IEC 18181-2): metadata boxes beside the codestream, plain or
// Brotli-compressed. A bare codestream has none.
//
// Our own walk instead of libjxl's box API: that has to be fed the pixels
// between the boxes, and refuses a file that is cut.
#pragma once

#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

void read_jxl(ByteWindow& in, FieldCollector& out);

}  // namespace sdmeta
