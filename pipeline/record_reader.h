// The records of a JSONL, one after the other, past lines that are none: those
// are counted, and the first of them handed to a report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "extractor/error.h"
#include "pipeline/jsonl_reader.h"
#include "pipeline/record_parser.h"
#include "pipeline/report.h"

namespace sdmeta {

class RecordReader {
 public:
  /// "-" is standard input. `report` outlives this.
  static Result<std::unique_ptr<RecordReader>> open(const std::string& path,
                                                    const Report& report);

  /// The next record; false at the end. An error of a cut or broken file comes
  /// after every record in front of it.
  Result<bool> next(RecordHead& head);
  /// The same, as RecordParser::values(). `paths[required]` is a text in every
  /// record.
  Result<bool> next(std::span<const std::string_view> paths,
                    std::size_t required, std::vector<RecordValue>& values);

  /// Of the record read last, from 1.
  std::uint64_t line_number() const { return lines_->line_number(); }
  std::uint64_t bad_lines() const { return bad_lines_; }
  /// kMalformed where bad lines are all there was: another file was meant.
  std::optional<Error> refuse_other_file() const;

 private:
  RecordReader(std::unique_ptr<JsonlReader> lines, std::string path,
               const Report& report)
      : lines_(std::move(lines)), path_(std::move(path)), reports_(report) {}
  template <class Parse>
  Result<bool> next_of(Parse&& parse);

  std::unique_ptr<JsonlReader> lines_;
  std::string path_;
  BadLineReports reports_;
  RecordParser parser_;
  std::uint64_t records_ = 0;
  std::uint64_t bad_lines_ = 0;
};

}  // namespace sdmeta
