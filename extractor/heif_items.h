// Items of HEIF and AVIF (ISO/IEC 14496-12 section 8.11, 23008-12): an Exif
// block and an XMP packet stand beside the picture as items, whose bytes lie
// anywhere in the file, in several extents.
#pragma once

#include "extractor/box_walk.h"

namespace sdmeta {

/// Reads the Exif and XMP items and the size of the primary picture. `children`
/// is the payload of the `meta` box behind version and flags.
void read_heif_items(ByteWindow& in, const Box& children, FieldCollector& out);

}  // namespace sdmeta
