#include "pipeline/csv_union.h"

#include <algorithm>

namespace sdmeta {

std::size_t CsvUnion::add(const CsvHeader& header) {
  const auto known = std::find(texts_.begin(), texts_.end(), header.text);
  if (known != texts_.end())
    return static_cast<std::size_t>(known - texts_.begin());

  CsvRecord cells;
  CsvScanner scanner(0, header.text.size());
  scanner.start(header.text, 0, true);
  scanner.next(cells);

  std::vector<std::size_t> layout(names_.size(), kAbsent);
  for (std::size_t i = 0; i < header.size(); ++i) {
    // A name that stands twice in one header is two columns.
    std::size_t column = 0;
    while (column < names_.size() &&
           (names_[column] != header.names[i] || layout[column] != kAbsent))
      ++column;
    if (column == names_.size()) {
      if (!names_.empty()) header_ += ',';
      header_ += cells.cell(i);
      names_.push_back(header.names[i]);
      layout.push_back(kAbsent);
    }
    layout[column] = i;
  }
  texts_.push_back(header.text);
  layouts_.push_back(std::move(layout));
  return layouts_.size() - 1;
}

void CsvUnion::append(std::string& out, std::size_t layout,
                      const CsvRecord& record) const {
  const std::vector<std::size_t>& cells = layouts_[layout];
  // The first header's columns come first, so its rows are copied whole.
  if (layout == 0) {
    out += record.text;
    out.append(names_.size() - record.cells(), ',');
    return;
  }
  for (std::size_t column = 0; column < names_.size(); ++column) {
    if (column != 0) out += ',';
    if (column < cells.size() && cells[column] != kAbsent)
      out += record.cell(cells[column]);
  }
}

}  // namespace sdmeta
