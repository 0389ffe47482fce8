// The records of a CSV file from first to last, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "extractor/error.h"
#include "pipeline/csv_header.h"
#include "pipeline/text_input.h"

namespace sdmeta {

class CsvReader {
 public:
  static Result<std::unique_ptr<CsvReader>> open(const std::string& path,
                                                 const Limits& limits);

  const CsvHeader& header() const { return header_; }

  /// The next record, sound or broken; false at the end. Valid until the next
  /// call.
  Result<bool> next(CsvRecord& record);
  /// Line on which the last record begins, from 1.
  std::uint64_t line() const;

 private:
  CsvReader(std::unique_ptr<TextInput> input, const Limits& limits);
  std::optional<Error> read_more();
  std::optional<Error> skip_line();

  std::unique_ptr<TextInput> input_;
  CsvHeader header_;
  CsvScanner scanner_;
  std::string buffer_;
  std::size_t used_ = 0;  // bytes of text in buffer_
  bool is_at_end_ = false;
  bool is_line_cut_ = false;        // of the last record
  std::uint64_t lines_before_ = 0;  // line ends in front of buffer_
  std::size_t record_begin_ = 0;    // in buffer_
};

}  // namespace sdmeta
