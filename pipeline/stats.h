// The counts of a run as JSON, for --stats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pipeline/csv_index.h"
#include "pipeline/inputs.h"
#include "pipeline/job.h"

namespace sdmeta {

struct RunStats {
  Tally tally;
  InputCounts inputs;
  std::optional<CsvCounts> csv;
  std::uint64_t already_recorded = 0;
  std::uint64_t failed_before = 0;              // of those
  std::uint64_t old_records = 0;                // in the output, of any input
  std::optional<std::uint64_t> unmatched_rows;  // counted by --unmatched-rows
  double seconds = 0;
  unsigned threads = 0;
  unsigned io_depth = 0;
  bool is_complete = false;
};

/// Indented, ends in a newline.
std::string print_stats(const RunStats& stats);

}  // namespace sdmeta
