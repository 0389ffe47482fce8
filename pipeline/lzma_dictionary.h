// The dictionaries that unpacking LZMA data allocates: up to 4 GiB, whatever
// the data hold.
#pragma once

#include <optional>

#include "extractor/byte_source.h"
#include "extractor/limits.h"

namespace sdmeta {

/// kMemberTooLarge if the first block of an .xz file asks for more than
/// Limits::max_dictionary_bytes; nothing for other files, and for those whose
/// head cannot be read. https://tukaani.org/xz/xz-file-format.txt
std::optional<Error> check_xz_dictionary(ByteSource& file,
                                         const Limits& limits);

/// The same for the data of a zip member that LZMA packed (APPNOTE 5.8.8). An
/// error also if they cannot be read.
std::optional<Error> check_zip_dictionary(ByteSource& packed,
                                          const Limits& limits);

}  // namespace sdmeta
