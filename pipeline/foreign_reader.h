// Archives that must be unpacked from their start: compressed tars, 7z, broken
// zips, and whatever else libarchive reads of them, as a stream.
#pragma once

#include <memory>

#include "pipeline/archive_reader.h"

namespace sdmeta {

/// Members have no range. An archive that unpacks to far more than it holds
/// (Limits::max_unpack_ratio) ends with damage().
std::unique_ptr<ArchiveReader> make_foreign_reader(
    std::unique_ptr<ByteSource> source, const Limits& limits);

/// The bytes of the first member, in memory.
Result<std::unique_ptr<ByteSource>> unpack_one_member(
    std::unique_ptr<ByteSource> source, const Limits& limits);

}  // namespace sdmeta
