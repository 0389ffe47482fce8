// The records of a JSONL as cells that rows of a CSV are followed by: found by
// what a row says of its image. About 40 bytes a record are in memory; the
// cells wait in a temporary file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "pipeline/csv_row.h"
#include "pipeline/grow_array.h"
#include "pipeline/key_table.h"
#include "pipeline/latest_records.h"
#include "pipeline/match.h"
#include "pipeline/record_parser.h"
#include "pipeline/report.h"
#include "pipeline/spill_file.h"

namespace sdmeta {

/// Names of the columns that a record has cells for, in order. The first is
/// "status".
std::span<const std::string_view> record_columns();

/// Records have numbers, 0, 1, 2, ... see() every row if has_choices(), then
/// settle(), then find(). Of several records of one image the first with status
/// "ok" counts, else the first.
class RecordCells {
 public:
  /// Reads the JSONL `path` ("-" is standard input); lines that are no record
  /// are counted, and the first of them handed to `report`. The temporary file
  /// lies beside `output`, or in $TMPDIR where that has no folder of its own.
  static Result<std::unique_ptr<RecordCells>> read(const std::string& path,
                                                   const std::string& output,
                                                   const Report& report);

  /// There are names that may mean several images.
  bool has_choices() const { return choices_.size() != 0; }
  void see(const RowKeys& row);
  void settle();

  std::optional<std::uint32_t> find(const RowKeys& keys) const;
  /// Makes `text` the cells of a record, each with its comma in front.
  std::optional<Error> cells(std::uint32_t record, std::string& text) const;

  std::uint32_t size() const { return latest_.size(); }
  /// By a later record of the same file.
  bool is_replaced(std::uint32_t record) const {
    return latest_.is_replaced(record);
  }
  std::uint64_t bad_lines() const { return bad_lines_; }

 private:
  /// One of the images that a record's name may mean, likeliest first.
  struct Choice {
    std::uint64_t key;
    std::uint32_t record;
    bool is_uuid;
    bool has_row;
  };

  RecordCells(std::unique_ptr<SpillFile> spill, NameMatcher matcher)
      : spill_(std::move(spill)), matcher_(std::move(matcher)) {}

  std::optional<Error> read_records(const std::string& path,
                                    const Report& report);
  std::optional<Error> add(const std::vector<RecordValue>& values);
  void add_keys(const std::vector<RecordValue>& values, std::uint32_t number);
  std::optional<std::uint32_t> best(
      std::span<const KeyTable::Entry> entries) const;

  std::unique_ptr<SpillFile> spill_;
  NameMatcher matcher_;
  GrowArray<std::uint64_t> begins_;  // of the records' cells in the spill
  std::vector<bool> is_ok_;
  LatestRecords latest_;
  KeyTable by_image_id_;
  KeyTable by_uuid_;
  GrowArray<Choice> choices_;  // those of one record stand together
  KeyTable choices_by_image_id_;
  KeyTable choices_by_uuid_;
  std::uint64_t bad_lines_ = 0;
  std::string text_;  // keeps its memory from one record to the next
};

}  // namespace sdmeta
