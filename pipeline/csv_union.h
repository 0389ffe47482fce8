// Rows of files with different headers in one file: the columns of all, each
// name once, in order of appearance. Cells stay as they stand, quotes included;
// a column that a file does not have is empty in its rows.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/csv_header.h"

namespace sdmeta {

class CsvUnion {
 public:
  /// Adds the columns of `header`; all headers come before the first row.
  /// Returns the number by which append() knows them.
  std::size_t add(const CsvHeader& header);

  const std::vector<std::string>& names() const { return names_; }
  /// The header's cells as they stand in the first file that has them.
  const std::string& header() const { return header_; }

  /// Appends the cells of a row, without line end.
  void append(std::string& out, std::size_t layout,
              const CsvRecord& record) const;

 private:
  static constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

  std::vector<std::string> names_;
  std::string header_;
  std::vector<std::string> texts_;                  // of the headers added
  std::vector<std::vector<std::size_t>> layouts_;  // their cells by column
};

}  // namespace sdmeta
