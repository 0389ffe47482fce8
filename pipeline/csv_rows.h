// All rows of all CSV files by number, 0, 1, 2, ... in the order of files and
// of rows in them: where each stands, and which keys it has. Four bytes a row
// for its place, four for its digest, twelve for each key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "extractor/error.h"
#include "pipeline/csv_file.h"
#include "pipeline/csv_index.h"
#include "pipeline/csv_row.h"
#include "pipeline/grow_array.h"
#include "pipeline/key_table.h"

namespace sdmeta {

/// Neighbouring rows of one file.
struct CsvSegment {
  std::uint64_t begin = 0;  // of its first row, in the file's text
  std::uint64_t end = 0;    // where the row behind its last begins
  std::uint32_t first_row = 0;
  std::uint32_t file = 0;
};

/// The bytes and cells of one row, and which it is. One of another CsvRows must
/// be cleared: `row` says what is not read again.
struct CsvRowText {
  std::string text;
  CsvRecord record;  // views into `text`
  std::optional<std::uint32_t> row;
  std::optional<Error> error = {};  // of the last row that could not be read
};

struct CsvRows {
  std::vector<CsvFile> files;
  std::vector<CsvSegment> segments;  // by first_row; none is empty
  GrowArray<std::uint32_t> offsets;  // of each row, from its segment's begin
  /// Of each row's bytes: rows with different ones differ.
  GrowArray<std::uint32_t> digests;
  KeyTable by_image_id;
  KeyTable by_uuid;  // not for MatchKey::kImageId and kId
  KeyTable by_id;    // for MatchKey::kId only
  CsvCounts counts;

  std::uint32_t size() const {
    return static_cast<std::uint32_t>(offsets.size());
  }
  /// After the last segment, before segment_of().
  void index_segments();
  const CsvSegment& segment_of(std::uint32_t row) const;

  const CsvFile& file_of(std::uint32_t row) const {
    return files[segment_of(row).file];
  }

  /// Reads one row into `out`, unless it is there. False if it does not stand
  /// in its file any more.
  bool read(std::uint32_t row, const Limits& limits, CsvRowText& out) const;
  /// The same; no keys if it does not, or they cannot be told.
  RowKeys read_keys(std::uint32_t row, const Limits& limits,
                    CsvRowText& out) const;

 private:
  static constexpr std::uint32_t kBlockRows = 256;

  /// The segment that holds row 0, 256, 512, ...; then the last one.
  std::vector<std::uint32_t> segment_of_block_;
};

/// Scans the files with `options.threads` threads. The result does not depend
/// on their number.
Result<CsvRows> read_csv_rows(const CsvOptions& options, const Report& report);

}  // namespace sdmeta
