// The fast scan, in both its kernels and over a border between two pieces of
// text, against the slow reader. The first byte chooses columns, limit and
// border.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "pipeline/csv_cell.h"
#include "pipeline/csv_scan.h"
#include "tests/support/csv_reference.h"

namespace sdmeta {
namespace {

ReferenceRecord taken(const CsvRecord& record) {
  ReferenceRecord result;
  result.begin = record.begin;
  result.is_broken = !record.fault.empty();
  for (std::size_t i = 0; i < record.cells(); ++i)
    result.cells.push_back(csv_value(record.cell(i)));
  return result;
}

std::vector<ReferenceRecord> scan(std::string_view text, std::size_t columns,
                                  std::size_t max_row,
                                  CsvScanner::Kernel kernel,
                                  std::size_t border) {
  CsvScanner scanner(columns, max_row, kernel);
  scanner.start(text.substr(0, border), 0, border >= text.size());
  std::vector<ReferenceRecord> records;
  CsvRecord record;
  for (;;) {
    const CsvScanner::Step step = scanner.next(record);
    if (step == CsvScanner::Step::kEnd) return records;
    if (step == CsvScanner::Step::kMore) {
      scanner.start(text, record.begin, true);
      continue;
    }
    records.push_back(taken(record));
    if (!record.is_line_cut) continue;
    const std::size_t end = text.find('\n', border);
    scanner.start(text, end == std::string_view::npos ? text.size() : end + 1,
                  true);
  }
}

}  // namespace
}  // namespace sdmeta

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using Kernel = sdmeta::CsvScanner::Kernel;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1,
                              size - 1);
  const std::size_t columns = 1 + data[0] % 4;
  const std::size_t max_row = 8 + data[0] * std::size_t{5};
  const std::size_t border = text.size() * (data[0] / 4 % 16) / 16;
  const auto expected = sdmeta::read_reference(text, columns, max_row);
  for (const Kernel kernel : {Kernel::kFastest, Kernel::kPortable})
    for (const std::size_t cut : {text.size(), border})
      if (sdmeta::scan(text, columns, max_row, kernel, cut) != expected)
        std::abort();
  return 0;
}
