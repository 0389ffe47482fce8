#include "pipeline/csv_rows.h"

#include <algorithm>

namespace sdmeta {

const CsvSegment& CsvRows::segment_of(std::uint32_t row) const {
  const auto behind = std::upper_bound(
      segments.begin(), segments.end(), row,
      [](std::uint32_t number, const CsvSegment& segment) {
        return number < segment.first_row;
      });
  return *(behind - 1);
}

bool CsvRows::read(std::uint32_t row, const Limits& limits, std::string& text,
                   CsvRecord& record) const {
  const CsvSegment& segment = segment_of(row);
  const CsvFile& file = files[segment.file];
  const std::uint64_t begin = segment.begin + offsets[row];
  const bool is_last_of_segment =
      row + 1 == size() || &segment_of(row + 1) != &segment;
  // Broken rows may stand between this row and the next.
  const std::uint64_t end = is_last_of_segment
                                ? segment.end
                                : segment.begin + offsets[row + 1];
  text.resize(static_cast<std::size_t>(std::min<std::uint64_t>(
      end - begin, limits.max_csv_row_bytes + 2)));
  const auto got = file.read_at(begin, text.data(), text.size());
  if (!got) return false;
  text.resize(*got);
  CsvScanner scanner(file.header().size(), limits.max_csv_row_bytes);
  scanner.start(text, 0, begin + *got == file.size());
  return scanner.next(record) == CsvScanner::Step::kRecord &&
         record.fault.empty();
}

}  // namespace sdmeta
