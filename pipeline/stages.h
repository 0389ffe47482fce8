// The stages of the flow for one image, each a function that can be called by
// itself: for a batch (batch_lines.h), in a test. Nothing is thrown across them
// (where no memory is left for a record, the process ends), no stage drops or
// adds an item: one job in, one record out.
#pragma once

#include <cstdint>
#include <optional>

#include "pipeline/compress.h"
#include "pipeline/csv_index.h"
#include "pipeline/file_opener.h"
#include "pipeline/held_bytes.h"
#include "pipeline/job.h"
#include "pipeline/read.h"

namespace sdmeta {

struct StageOptions : ReadOptions {
  const CsvIndex* csv = nullptr;  // none: every `row` is null
  Compression compression = Compression::kNone;
  /// Of all batches in flight. None: there is one, and it may hold all it
  /// reads.
  HeldBytes* held = nullptr;
};

/// Opens what `job` names and reads its fields. What cannot be opened has
/// `image.damage` set.
Extracted extract_stage(Job job, FileOpener& opener,
                        const ExtractOptions& options) noexcept;

/// The same for what is in the page cache; nullopt if a disk would have to be
/// waited for, and `job` is then as it was.
std::optional<Extracted> extract_cached_stage(
    Job& job, FileOpener& opener, const ExtractOptions& options) noexcept;

/// Parses the fields and decides the status. A Generation makes it kOk and
/// turns damage into a warning; else damage decides; else whether somebody
/// claimed the text; else whether there was any. `image_id` is read off the
/// name. Fields are kept only if `options.with_raw`.
Record interpret_stage(Extracted&& extracted,
                       const ReadOptions& options) noexcept;

/// Adds the CSV row, if `csv` is not null and has one, and its image_id.
Record join_stage(Record record, const CsvIndex* csv) noexcept;

/// Appends the record as a line and counts it.
void encode_stage(const Record& record, bool with_raw, Lines& lines) noexcept;

/// The size that the record of this job will state: of the member as its
/// archive declares it, or of the file on disk. Unknown for what cannot be
/// read. With path and member it tells records of different runs apart.
std::optional<std::uint64_t> job_bytes(const Job& job);

}  // namespace sdmeta
