// Photoshop image resources and the IPTC-IIM records inside them.
#pragma once

#include "extractor/byte_cursor.h"
#include "extractor/field_collector.h"

namespace sdmeta {

/// A list of "8BIM" resources, with or without "Photoshop 3.0\0" in front; adds
/// the IPTC text of resource 0x0404.
void read_photoshop_resources(Bytes resources, FieldCollector& out);

/// IPTC-IIM datasets (1C, record, dataset, size): captions, titles, keywords,
/// instructions and credits. Keys are the names exiftool uses.
void read_iptc(Bytes datasets, FieldCollector& out);

}  // namespace sdmeta
