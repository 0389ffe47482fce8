// Texts in bytes whose structure is damaged, told by what they begin with: the
// name of an encoding (UserComment), a JSON object, settings.
#pragma once

#include <cstdint>
#include <string_view>

#include "extractor/byte_cursor.h"
#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

/// One of UserComment's usual names of encodings, eight bytes.
bool starts_with_charset(std::string_view text) noexcept;

/// What a text is told by. JSON objects stand in what phones write into sound
/// files, too, so they count only where something is known to be damaged.
enum class LooseMarks : std::uint8_t { kNames, kAll };

/// Adds the texts of `block` that are not among the fields yet, each with a
/// note. `file_offset` is where the block stands.
void read_loose_texts(Bytes block, std::uint64_t file_offset, Carrier carrier,
                      LooseMarks marks, FieldCollector& out);

/// The same for a file: for its first MiB and its last.
void search_loose_texts(ByteWindow& in, Carrier carrier, FieldCollector& out);

}  // namespace sdmeta
