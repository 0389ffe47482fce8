#include "pipeline/csv_rows.h"

#include <algorithm>

namespace sdmeta {

void CsvRows::index_segments() {
  std::uint32_t segment = 0;
  for (std::uint64_t row = 0; row < size(); row += kBlockRows) {
    while (segment + 1 < segments.size() &&
           segments[segment + 1].first_row <= row)
      ++segment;
    segment_of_block_.push_back(segment);
  }
  if (!segments.empty())
    segment_of_block_.push_back(
        static_cast<std::uint32_t>(segments.size() - 1));
}

const CsvSegment& CsvRows::segment_of(std::uint32_t row) const {
  const std::uint32_t block = row / kBlockRows;
  const auto behind =
      std::upper_bound(segments.begin() + segment_of_block_[block] + 1,
                       segments.begin() + segment_of_block_[block + 1] + 1, row,
                       [](std::uint32_t number, const CsvSegment& segment) {
                         return number < segment.first_row;
                       });
  return *(behind - 1);
}

bool CsvRows::read(std::uint32_t row, const Limits& limits,
                   CsvRowText& out) const {
  if (out.row == row) return true;
  out.row.reset();
  const CsvSegment& segment = segment_of(row);
  const CsvFile& file = files[segment.file];
  const std::uint64_t begin = segment.begin + offsets[row];
  const bool is_last_of_segment =
      row + 1 == size() || &segment_of(row + 1) != &segment;
  // Broken rows may stand between this row and the next.
  const std::uint64_t end = is_last_of_segment
                                ? segment.end
                                : segment.begin + offsets[row + 1];
  std::string& text = out.text;
  text.resize(static_cast<std::size_t>(std::min<std::uint64_t>(
      end - begin, limits.max_csv_row_bytes + 2)));
  const auto got = file.read_at(begin, text.data(), text.size());
  if (!got) {
    out.error = got.error();
    return false;
  }
  text.resize(*got);
  CsvScanner scanner(file.header().size(), limits.max_csv_row_bytes);
  scanner.start(text, 0, begin + *got == file.size());
  if (scanner.next(out.record) != CsvScanner::Step::kRecord ||
      !out.record.fault.empty())
    return false;
  out.row = row;
  return true;
}

RowKeys CsvRows::read_keys(std::uint32_t row, const Limits& limits,
                           CsvRowText& out) const {
  RowKeys keys;
  std::string fault;
  if (!read(row, limits, out) ||
      !read_row_keys(file_of(row).header(), out.record, keys, fault))
    return {};
  return keys;
}

}  // namespace sdmeta
