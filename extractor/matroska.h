// Matroska and WebM (RFC 9559, on EBML, RFC 8794): the tags and the size of the
// picture. Clusters, which hold the pixels, are hopped over, so that tags are
// found before and behind them without an index.
#pragma once

#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

void read_matroska(ByteWindow& in, FieldCollector& out);

}  // namespace sdmeta
