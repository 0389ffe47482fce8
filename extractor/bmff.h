// Files made of ISO base media boxes: AVIF, HEIF, MP4, MOV. Reads the boxes
// that hold text and hops over pixels and sound.
//
// Our own walk instead of libheif: that reads the whole file and gives up a
// file that is cut; here only headers and text are read, and a cut file gives
// what stands before the cut.
#pragma once

#include "extractor/byte_cursor.h"
#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

/// The file type that the brands in the first bytes of a file state: kAvif,
/// kHeif, kMp4, kMov (which may have no brands), or kUnknown for other data.
Container bmff_container(Bytes head) noexcept;

void read_bmff(ByteWindow& in, FieldCollector& out);

}  // namespace sdmeta
