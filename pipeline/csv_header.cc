#include "pipeline/csv_header.h"

#include <algorithm>
#include <utility>

#include "parsers/text.h"
#include "pipeline/csv_cell.h"

namespace sdmeta {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

constexpr std::array<std::string_view, 9> kColumnNames = {
    "id",         "image_url",    "user_id", "username", "nsfw_level",
    "created_at", "published_at", "tag_ids", "image_id"};

Error missing_column(std::string detail) {
  return {ErrorCode::kMissingColumn, std::move(detail)};
}

/// The first line end outside quotes is a CR alone: that ends no record.
bool ends_lines_with_cr(std::string_view text) {
  bool is_quoted = false;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '"') is_quoted = !is_quoted;
    if (is_quoted) continue;
    if (text[i] == '\n') return false;
    if (text[i] == '\r') return text[i + 1] != '\n' && text[i + 1] != '\r';
  }
  return false;
}

}  // namespace

std::optional<std::size_t> CsvHeader::find(CsvColumn column) const {
  const std::uint16_t at = positions_[static_cast<std::size_t>(column)];
  if (at == kAbsent) return std::nullopt;
  return at;
}

std::string_view CsvHeader::cell(const CsvRecord& record,
                                 CsvColumn column) const {
  const std::uint16_t at = positions_[static_cast<std::size_t>(column)];
  return at < record.cells() ? record.cell(at) : std::string_view();
}

void CsvHeader::set_columns(const CsvRecord& record) {
  positions_.fill(kAbsent);
  for (std::size_t i = 0; i < record.cells(); ++i) {
    names.push_back(csv_value(record.cell(i)));
    std::string name = lower(names.back());
    std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
    const auto known =
        std::find(kColumnNames.begin(), kColumnNames.end(), name);
    const auto column = static_cast<std::size_t>(known - kColumnNames.begin());
    const bool is_new =
        known != kColumnNames.end() && positions_[column] == kAbsent;
    if (is_new) positions_[column] = static_cast<std::uint16_t>(i);
    columns.push_back(is_new ? static_cast<CsvColumn>(column)
                             : CsvColumn::kOther);
  }
}

Result<CsvHeader> CsvHeader::read(std::string_view text, bool is_final,
                                  const Limits& limits, std::size_t& next) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return Error{ErrorCode::kBadText, "the text is UTF-16; save it as UTF-8"};
  if (ends_lines_with_cr(text))
    return Error{ErrorCode::kBadText,
                 "the first line ends with CR alone, as on old Macs; save the "
                 "file with LF or CRLF line ends"};
  CsvScanner scanner(0, limits.max_csv_row_bytes);
  scanner.start(text, text.starts_with(kBom) ? kBom.size() : 0, is_final);
  CsvRecord record;
  if (scanner.next(record) != CsvScanner::Step::kRecord)
    return missing_column(
        "the file is empty; its first line must name the columns, image_id or "
        "image_url among them");
  if (!record.fault.empty())
    return missing_column("the header cannot be read: " + record.fault);
  if (record.cells() > kMaxColumns)
    return missing_column("the header has " + std::to_string(record.cells()) +
                          " columns, at most " + std::to_string(kMaxColumns) +
                          " are read");
  next = record.next;
  CsvHeader header;
  header.text = record.text;
  header.set_columns(record);
  if (header.find(CsvColumn::kImageId) || header.find(CsvColumn::kImageUrl))
    return header;
  std::string detail = "no column image_id or image_url; the header is " +
                       shown_cell(header.text);
  if (header.size() == 1 &&
      header.text.find_first_of(";\t") != std::string::npos)
    detail += ", and only commas separate columns here";
  return missing_column(std::move(detail));
}

}  // namespace sdmeta
