#include "pipeline/csv_cell.h"

#include <algorithm>

namespace sdmeta {

std::string_view csv_value(std::string_view cell, std::string& unquoted) {
  if (!cell.starts_with('"')) return cell;
  cell.remove_prefix(1);
  if (cell.ends_with('"')) cell.remove_suffix(1);
  std::size_t quote = cell.find('"');
  if (quote == std::string_view::npos) return cell;
  unquoted.clear();
  for (; quote != std::string_view::npos; quote = cell.find('"')) {
    unquoted += cell.substr(0, quote + 1);
    cell.remove_prefix(std::min(quote + 2, cell.size()));
  }
  return unquoted += cell;
}

std::string csv_value(std::string_view cell) {
  std::string unquoted;
  return std::string(csv_value(cell, unquoted));
}

void append_csv_cell(std::string& out, std::string_view value) {
  if (value.find_first_of(",\"\r\n") == std::string_view::npos &&
      !value.starts_with(' ') && !value.ends_with(' ')) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string shown_cell(std::string_view cell) {
  constexpr std::size_t kShown = 60;
  std::string text(cell.substr(0, kShown));
  if (cell.size() > kShown) text += "...";
  return "'" + text + "'";
}

}  // namespace sdmeta
