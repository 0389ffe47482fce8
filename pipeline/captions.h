// `sdmeta captions`: one text file for each record, for trainers that want
// sidecar files. It is named like its image; where only the image's folder says
// which one it is (`<uuid>/original=true`) by image_id or UUID, unless folders
// are mirrored.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "extractor/error.h"
#include "pipeline/report.h"

namespace sdmeta {

struct CaptionsOptions {
  std::string records;    // JSONL: plain, .gz or .zst; "-" is standard input
  std::string directory;  // made if it is not there
  /// A text or number of `generation`: "prompt", "negative_prompt", "model" ...
  std::string field = "prompt";
  /// Keep the folders of `file` below `directory`; else all files go into one.
  bool is_mirrored = false;
  bool force = false;  // overwrite existing files
};

struct CaptionsCounts {
  std::uint64_t records = 0;
  std::uint64_t written = 0;
  std::uint64_t replaced = 0;       // a later record of the same file counts
  std::uint64_t without_field = 0;  // null, or no generation
  std::uint64_t kept = 0;           // existing files, left alone
  std::uint64_t clashes = 0;        // name taken by an earlier record; reported
  std::uint64_t refused_names = 0;  // too long, for one; reported
  std::uint64_t forbidden = 0;    // of folders that nobody may write; reported
  std::uint64_t bad_records = 0;  // lines that are no record; reported
};

/// The names that `CaptionsOptions::field` may have: what is one text or
/// number.
std::vector<std::string> caption_fields();

/// The text is written verbatim, without a line end behind it. Captions that
/// may not be written are an error (kUnwritable) after all others are written.
Result<CaptionsCounts> run_captions(const CaptionsOptions& options,
                                    const Report& report);

std::string to_text(const CaptionsCounts& counts);

}  // namespace sdmeta
