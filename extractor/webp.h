// WebP (RIFF container specification): all chunks, in any order.
#pragma once

#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

void read_webp(ByteWindow& in, FieldCollector& out);

}  // namespace sdmeta
