// Reading back what an interrupted or finished run has written: which inputs it
// recorded, and up to where it is whole.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "extractor/error.h"
#include "pipeline/compress.h"
#include "pipeline/recorded_files.h"

namespace sdmeta {

/// What tells one record from another, and how it went.
struct RecordName {
  std::string file;  // bytes, as on disk
  std::optional<std::string> member;
  std::optional<std::uint64_t> bytes;
  RecordedAs how = RecordedAs::kSound;
};

struct OldOutput {
  std::uint64_t whole_bytes = 0;  // what follows is a torn tail
  std::uint64_t records = 0;
};

/// Reads `fd` from its start and hands every record to `found`, in order.
/// Whole are lines that end in a newline and, in compressed files, frames or
/// members that are complete. An unfinished end is not an error; anything that
/// is no record of this program is, because the file may be somebody else's.
/// Memory: one line, and one frame's names.
Result<OldOutput> read_old_output(
    int fd, Compression compression,
    const std::function<void(const RecordName&)>& found);

}  // namespace sdmeta
