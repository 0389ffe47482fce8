// XMP packets (ISO 16684-1): RDF/XML in any Unicode encoding.
#pragma once

#include <cstdint>

#include "extractor/byte_cursor.h"
#include "extractor/field_collector.h"
#include "extractor/text_decode.h"

namespace sdmeta {

/// Whether `bytes` begin as a packet in 8-bit characters does, behind the name
/// that JPEG segments have, and a byte order mark, at most.
bool looks_like_xmp(Bytes bytes) noexcept;

/// Adds every property with text as "prefix:name", whether it is written as an
/// attribute or as an element; each item of an array by itself; members of
/// structures as "prefix:name/prefix:member". Well-known namespaces have their
/// usual prefix whatever the packet calls them. Cut or ill-formed packets give
/// what stands before the break, and a note (kBadXmp).
void read_xmp(Bytes packet, std::uint64_t file_offset, FieldCollector& out,
              TextEnd end = TextEnd::kWhole);

}  // namespace sdmeta
