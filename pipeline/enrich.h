// `sdmeta enrich`: every row of the CSV, in order and with its cells untouched,
// followed by the columns of its record.
//
// The added columns are those of record_columns(), in that order. Scalars are
// as in the record, lists are compact JSON. A null is an empty cell, an empty
// text is "" in quotes. `status` is "missing" in rows without a record. An added
// column whose name the CSV has already gets the prefix "sdmeta_".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/report.h"

namespace sdmeta {

struct EnrichOptions {
  /// Files, or folders read recursively. The output has the columns of all,
  /// each name once, in order of appearance.
  std::vector<std::string> csv_paths;
  std::string records;  // JSONL: plain, .gz or .zst; "-" is standard input
  std::string output;   // "-" is standard output; .gz and .zst are compressed
  Limits limits;
};

struct EnrichCounts {
  std::uint64_t rows = 0;  // in the output
  std::uint64_t with_record = 0;
  std::uint64_t bad_rows = 0;       // reported
  std::uint64_t rows_left_out = 0;  // bad ones whose cells cannot be told apart
  std::uint64_t records = 0;
  std::uint64_t unused_records = 0;  // no row asked for them; not replaced ones
  std::uint64_t bad_records = 0;    // lines that are no record; reported
};

/// Memory, and which record counts: see RecordCells. An error leaves no output
/// file.
Result<EnrichCounts> run_enrich(const EnrichOptions& options,
                                const Report& report);

/// The summary line, e.g. "4 rows: 3 with a record, 1 missing".
std::string to_text(const EnrichCounts& counts);

}  // namespace sdmeta
