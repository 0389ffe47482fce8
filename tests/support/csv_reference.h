// RFC 4180 as a state machine over single bytes, with the rules for broken
// records that pipeline/csv_scan.h states. Slow and plain: the oracle of the
// fast scan, sharing nothing with it.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace sdmeta {

struct ReferenceRecord {
  std::size_t begin = 0;
  bool is_broken = false;
  std::vector<std::string> cells;  // values; none if broken

  bool operator==(const ReferenceRecord&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const ReferenceRecord& r) {
  out << '@' << r.begin << (r.is_broken ? " broken" : "");
  for (const std::string& cell : r.cells) out << " <" << cell << '>';
  return out;
}

inline std::vector<ReferenceRecord> read_reference(std::string_view text,
                                                   std::size_t columns,
                                                   std::size_t max_row_bytes) {
  enum class State { kCellStart, kPlain, kQuoted, kQuoteInQuoted, kCrBehind };
  std::vector<ReferenceRecord> records;
  std::size_t begin = 0;
  while (begin < text.size()) {
    ReferenceRecord record;
    record.begin = begin;
    State state = State::kCellStart;
    std::string cell;
    std::size_t at = begin;
    bool is_ended = false;
    for (; !is_ended && !record.is_broken; ++at) {
      if (at == text.size()) {
        if (state == State::kQuoted) {
          record.is_broken = true;
          break;
        }
        if (state == State::kPlain && cell.ends_with('\r')) cell.pop_back();
        if (state == State::kCellStart && cell == "\r") cell.clear();
        record.cells.push_back(cell);
        is_ended = true;
        break;
      }
      const char c = text[at];
      const bool is_quoted = state == State::kQuoted;
      if (!is_quoted && (c == ',' || c == '\n')) {
        if (c == ',' && state == State::kCrBehind) {
          record.is_broken = true;
          break;
        }
        if (c == '\n' && state == State::kPlain && cell.ends_with('\r'))
          cell.pop_back();
        record.cells.push_back(cell);
        cell.clear();
        state = State::kCellStart;
        is_ended = c == '\n';
        if (!is_ended && record.cells.size() == columns)
          record.is_broken = true;
        continue;
      }
      switch (state) {
        case State::kCellStart:
          if (c == '"') {
            state = State::kQuoted;
          } else {
            state = State::kPlain;
            cell += c;
          }
          break;
        case State::kPlain: cell += c; break;
        case State::kQuoted:
          if (c == '"') state = State::kQuoteInQuoted;
          else cell += c;
          break;
        case State::kQuoteInQuoted:
          if (c == '"') {
            cell += c;
            state = State::kQuoted;
          } else if (c == '\r') {
            state = State::kCrBehind;
          } else {
            record.is_broken = true;
          }
          break;
        case State::kCrBehind: record.is_broken = true; break;
      }
    }
    std::size_t end = at;
    if (is_ended && end > begin && text[end - 1] == '\n') --end;
    if (is_ended && end > begin && text[end - 1] == '\r') --end;
    if (end - begin > max_row_bytes) record.is_broken = true;
    const bool is_blank = is_ended && end == begin;
    if (record.cells.size() != columns) record.is_broken = true;
    begin = at;
    if (!is_blank && record.is_broken) {
      record.cells.clear();
      const std::size_t line_end = text.find('\n', record.begin);
      begin = line_end == std::string_view::npos ? text.size() : line_end + 1;
    }
    if (!is_blank) records.push_back(record);
  }
  return records;
}

}  // namespace sdmeta
