// XMP of more than a segment of JPEG holds: its parts stand in segments of
// their own, in any order (XMP specification part 3, 1.1.3.1).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "extractor/field_collector.h"

namespace sdmeta {

struct ExtendedXmpPart {
  std::string guid;               // of the packet
  std::uint32_t offset = 0;       // in the packet
  std::uint64_t file_offset = 0;  // for messages
  std::string bytes;
};

/// Joins the parts of each packet and reads it. Parts may overlap; what is
/// missing is noted.
void read_extended_xmp(std::vector<ExtendedXmpPart> parts, FieldCollector& out);

}  // namespace sdmeta
