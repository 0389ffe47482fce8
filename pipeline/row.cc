#include "pipeline/row.h"

#include <algorithm>
#include <charconv>

#include "pipeline/csv_file.h"
#include "pipeline/match.h"

namespace sdmeta {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// pandas writes whole numbers as 12.0 in columns that have empty cells.
std::optional<std::int64_t> whole_number(std::string_view text) {
  text = trimmed(text);
  if (text.ends_with(".0")) text.remove_suffix(2);
  std::int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

/// `1,2`, `{1,2}` and `[1, 2]`; nothing if a piece is no number.
std::optional<std::vector<std::int64_t>> number_list(std::string_view text) {
  text = trimmed(text);
  if ((text.starts_with('{') && text.ends_with('}')) ||
      (text.starts_with('[') && text.ends_with(']')))
    text = trimmed(text.substr(1, text.size() - 2));
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

std::optional<std::string> image_address(std::string_view image_url) {
  if (image_url.starts_with("https://") || image_url.starts_with("http://"))
    return std::string(image_url);
  if (!parse_uuid(image_url)) return std::nullopt;
  std::string address = "https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA/";
  address.append(image_url).append("/original=true/");
  return address;
}

}  // namespace sdmeta
