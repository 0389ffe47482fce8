#include "pipeline/csv_row.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/text.h"
#include "pipeline/csv_cell.h"

namespace sdmeta {
namespace {

/// pandas writes whole numbers as 12.0 in columns that have empty cells.
std::string_view without_zero_fraction(std::string_view number) {
  if (number.ends_with(".0")) number.remove_suffix(2);
  return number;
}

/// What of a cell is its number, quoted or not.
std::string_view number_text(std::string_view cell) {
  if (cell.size() >= 2 && cell.front() == '"')
    cell = cell.substr(1, cell.size() - 2);
  while (cell.starts_with(' ')) cell.remove_prefix(1);
  while (cell.ends_with(' ')) cell.remove_suffix(1);
  return without_zero_fraction(cell);
}

bool read_number_cell(std::string_view cell,
                      std::optional<std::uint64_t>& number) {
  const std::string_view text = number_text(cell);
  number.reset();
  if (text.empty()) return true;
  number = parse_image_number(text);
  return number.has_value() && *number <= INT64_MAX;
}

/// Why read_number_cell() does not take a cell.
std::string_view number_fault(std::string_view cell) {
  std::string_view text = number_text(cell);
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit))
    return "not a number";
  if (is_negative) return "a negative number";
  return text.front() == '0' ? "a number with leading zeros"
                             : "a number above 2^63-1";
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  text = without_zero_fraction(without_blanks(text));
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

/// `1,2`, `{1,2}` and `[1, 2]`; nothing if a piece is no number.
std::optional<std::vector<std::int64_t>> number_list(std::string_view text) {
  text = without_blanks(text);
  if ((text.starts_with('{') && text.ends_with('}')) ||
      (text.starts_with('[') && text.ends_with(']')))
    text = without_blanks(text.substr(1, text.size() - 2));
  std::vector<std::int64_t> numbers;
  if (!text.empty())
    numbers.reserve(1 + static_cast<std::size_t>(
                            std::count(text.begin(), text.end(), ',')));
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const auto number = whole_number(text.substr(0, comma));
    if (!number) return std::nullopt;
    numbers.push_back(*number);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return numbers;
}

/// Puts `value` into its place; false if it does not fit there.
bool fill(Row& row, CsvColumn column, std::string_view value) {
  const auto number = [&](std::optional<std::int64_t>& place) {
    place = whole_number(value);
    return place.has_value();
  };
  const auto text = [&](std::optional<std::string>& place) {
    place.emplace(value);
    return true;
  };
  switch (column) {
    case CsvColumn::kId: return number(row.id);
    case CsvColumn::kImageUrl: return text(row.image_url);
    case CsvColumn::kUserId: return number(row.user_id);
    case CsvColumn::kUsername: return text(row.username);
    case CsvColumn::kNsfwLevel: return number(row.nsfw_level);
    case CsvColumn::kCreatedAt: return text(row.created_at);
    case CsvColumn::kPublishedAt: return text(row.published_at);
    case CsvColumn::kImageId: return number(row.image_id);
    case CsvColumn::kTagIds:
      if (auto numbers = number_list(value)) {
        row.tag_ids = *std::move(numbers);
        return true;
      }
      return false;
    case CsvColumn::kOther: return false;
  }
  return false;
}

}  // namespace

bool read_row_keys(const CsvHeader& header, const CsvRecord& record,
                   RowKeys& keys, std::string& fault) {
  const std::string_view image_id = header.cell(record, CsvColumn::kImageId);
  if (!read_number_cell(image_id, keys.image_id)) {
    fault = "image_id is " + shown_cell(image_id) + ", ";
    fault += number_fault(image_id);
    return false;
  }
  std::string_view url = header.cell(record, CsvColumn::kImageUrl);
  if (url.starts_with('"')) url = url.substr(1, url.size() - 2);
  keys.uuid = parse_uuid(url);
  if (!keys.uuid && !url.empty()) keys.uuid = find_uuid(url);
  if (keys.image_id || keys.uuid) return true;
  fault = url.empty() ? "neither image_id nor image_url"
                      : "no image_id, and image_url is " + shown_cell(url) +
                            ", not a UUID";
  return false;
}

std::optional<std::uint64_t> read_row_id(const CsvHeader& header,
                                         const CsvRecord& record) {
  std::optional<std::uint64_t> id;
  if (!read_number_cell(header.cell(record, CsvColumn::kId), id)) id.reset();
  return id;
}

Row make_row(const CsvHeader& header, const CsvRecord& record,
             const std::string& username) {
  Row row;
  if (!username.empty()) row.username = username;
  std::string unquoted;
  for (std::size_t i = 0; i < header.size() && i < record.cells(); ++i) {
    const CsvColumn column = header.columns[i];
    const std::string_view value = csv_value(record.cell(i), unquoted);
    if (value.empty() && column != CsvColumn::kOther) continue;
    if (!fill(row, column, value))
      row.extra.push_back({header.names[i], std::string(value)});
  }
  return row;
}

Row make_row_of(const CsvHeader& header, const CsvRecord& record,
                std::initializer_list<CsvColumn> columns) {
  Row row;
  std::string unquoted;
  for (const CsvColumn column : columns) {
    const std::string_view value =
        csv_value(header.cell(record, column), unquoted);
    if (!value.empty()) fill(row, column, value);
  }
  return row;
}

}  // namespace sdmeta
