// GIF (GIF89a): comment extensions and XMP, wherever they stand.
#pragma once

#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

void read_gif(ByteWindow& in, FieldCollector& out);

}  // namespace sdmeta
