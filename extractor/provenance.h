// Marks that say who made an image when no tool left its parameters.
#pragma once

#include "extractor/byte_cursor.h"
#include "extractor/field_collector.h"

namespace sdmeta {

/// How much of a manifest store is worth reading: the names stand near the
/// claim, embedded thumbnails may be large.
inline constexpr std::size_t kMaxManifestBytes = 256u << 10;

/// Notes what a C2PA manifest store (JUMBF) says: `manifest` is the store or
/// the first kMaxManifestBytes of it, from any container.
void note_c2pa(Bytes manifest, FieldCollector& out);

/// Notes the marks among the fields that were found: Midjourney, Grok, IPTC's
/// digital source type, Google's credit line, China's label.
void note_marks(FieldCollector& out);

}  // namespace sdmeta
