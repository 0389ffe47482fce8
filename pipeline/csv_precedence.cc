#include "pipeline/csv_precedence.h"

#include <algorithm>
#include <tuple>

#include "pipeline/csv_cell.h"
#include "pipeline/csv_file.h"

namespace sdmeta {
namespace {

/// Of records with the same number of columns.
bool have_equal_cells(const CsvHeader& header_a, const CsvRecord& a,
                      const CsvHeader& header_b, const CsvRecord& b) {
  for (std::size_t i = 0; i < header_a.size(); ++i) {
    std::size_t j = i;
    if (header_a.names[i] != header_b.names[i])
      j = static_cast<std::size_t>(std::find(header_b.names.begin(),
                                             header_b.names.end(),
                                             header_a.names[i]) -
                                   header_b.names.begin());
    if (j == header_b.size()) return false;
    if (a.cell(i) != b.cell(j) && csv_value(a.cell(i)) != csv_value(b.cell(j)))
      return false;
  }
  return true;
}

}  // namespace

CsvPrecedence::CsvPrecedence(CsvRows& rows, const Limits& limits)
    : rows_(rows), limits_(limits), is_outdated_(rows.size()) {
  rank_files();
}

void CsvPrecedence::rank_files() {
  std::vector<std::uint32_t> order(rows_.files.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(
      order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return rows_.files[a].modified_ns() < rows_.files[b].modified_ns();
      });
  ranks_.resize(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) ranks_[order[i]] = i;
}

void CsvPrecedence::settle(const Report& report) {
  rows_.by_image_id.for_each_repeated_key(
      [&](Entries entries) { settle_one(entries); });
  rows_.by_uuid.for_each_repeated_key(
      [&](Entries entries) { settle_by_uuid(entries); });
  rows_.digests.clear_and_free();
  std::sort(usernames_.begin(), usernames_.end());
  report_conflicts(report);
}

bool CsvPrecedence::is_newer(std::uint32_t a, std::uint32_t b) const {
  const std::uint32_t file_a = rows_.segment_of(a).file;
  const std::uint32_t file_b = rows_.segment_of(b).file;
  return std::tuple(ranks_[file_a], a) > std::tuple(ranks_[file_b], b);
}

std::optional<std::uint32_t> CsvPrecedence::newest(Entries entries) const {
  std::optional<std::uint32_t> best;
  for (const KeyTable::Entry& entry : entries)
    if (!is_outdated_[entry.number()] &&
        (!best || is_newer(entry.number(), *best)))
      best = entry.number();
  return best;
}

std::string CsvPrecedence::username_of(std::uint32_t row) const {
  const std::string& own = rows_.file_of(row).username();
  if (!own.empty()) return own;
  const auto other = std::lower_bound(usernames_.begin(), usernames_.end(),
                                      std::pair(row, std::uint32_t{0}));
  if (other == usernames_.end() || other->first != row) return {};
  return rows_.files[other->second].username();
}

/// Rows of one image_id: the newest counts.
void CsvPrecedence::settle_one(Entries entries) {
  const std::uint32_t winner = *newest(entries);
  for (const KeyTable::Entry& entry : entries)
    if (entry.number() != winner) give_way(entry.number(), winner);
}

/// Rows of one UUID that have no image_id, or one of them has none, are one
/// image; with different image_ids they stay apart.
void CsvPrecedence::settle_by_uuid(Entries entries) {
  const auto count = std::count_if(
      entries.begin(), entries.end(),
      [&](const auto& entry) { return !is_outdated_[entry.number()]; });
  if (count < 2) return;  // no need to read it
  CsvRowText buffer;
  std::vector<std::pair<std::uint32_t, RowKeys>> rows;
  for (const KeyTable::Entry& entry : entries)
    if (!is_outdated_[entry.number()])
      rows.emplace_back(entry.number(),
                        rows_.read_keys(entry.number(), limits_, buffer));
  // A row that states its image_id tells more than one without.
  const auto winner = std::max_element(
      rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
        const bool a_states = a.second.image_id.has_value();
        const bool b_states = b.second.image_id.has_value();
        if (a_states != b_states) return b_states;
        return is_newer(b.first, a.first);
      });
  for (const auto& [row, keys] : rows)
    if (row != winner->first && !keys.image_id &&
        keys.uuid == winner->second.uuid)
      give_way(row, winner->first);
}

/// `row` speaks of the same image as `winner`, which counts.
void CsvPrecedence::give_way(std::uint32_t row, std::uint32_t winner) {
  is_outdated_[row] = true;
  if (rows_.file_of(winner).username().empty() &&
      !rows_.file_of(row).username().empty())
    usernames_.emplace_back(winner, rows_.segment_of(row).file);

  if (is_equal(row, winner)) {
    ++rows_.counts.duplicate_rows;
    return;
  }
  if (++rows_.counts.conflicting_rows <= kMaxReports)
    conflicts_.push_back({row, winner});
}

/// Reads the rows only if their bytes do not tell.
bool CsvPrecedence::is_equal(std::uint32_t a, std::uint32_t b) {
  const CsvHeader& header_a = rows_.file_of(a).header();
  const CsvHeader& header_b = rows_.file_of(b).header();
  if (header_a.size() != header_b.size()) return false;
  if (rows_.digests[a] == rows_.digests[b] && header_a.text == header_b.text)
    return true;
  return rows_.read(a, limits_, old_) && rows_.read(b, limits_, new_) &&
         have_equal_cells(header_a, old_.record, header_b, new_.record);
}

/// Lines of rows that differ from another of their file; a file is read once.
std::map<std::uint32_t, std::uint64_t> CsvPrecedence::conflict_lines() const {
  std::map<std::uint32_t, std::uint64_t> lines;
  for (const Conflict& conflict : conflicts_) {
    if (&rows_.file_of(conflict.row) != &rows_.file_of(conflict.winner))
      continue;
    lines[conflict.row] = lines[conflict.winner] = 0;
  }
  std::optional<CsvLineCounter> counter;
  const CsvFile* counted_file = nullptr;
  for (auto& [row, line] : lines) {
    const CsvFile& file = rows_.file_of(row);
    if (counted_file != &file) counter.emplace(file);
    counted_file = &file;
    line = counter->line_at(rows_.segment_of(row).begin + rows_.offsets[row]);
  }
  return lines;
}

std::string CsvPrecedence::describe(
    const Conflict& conflict,
    const std::map<std::uint32_t, std::uint64_t>& lines) {
  const CsvFile& file = rows_.file_of(conflict.row);
  const CsvFile& winner = rows_.file_of(conflict.winner);
  std::string image;
  if (rows_.read(conflict.winner, limits_, new_)) {
    const CsvHeader& header = winner.header();
    image = header.cell(new_.record, CsvColumn::kImageId);
    if (image.empty()) image = header.cell(new_.record, CsvColumn::kImageUrl);
  }
  const bool is_one_file = &file == &winner;
  std::string text = file.path();
  if (is_one_file) text += ':' + std::to_string(lines.at(conflict.row));
  text += ": duplicate_row: image " + image + " differs from the row ";
  text += is_one_file ? "on line " + std::to_string(lines.at(conflict.winner))
                      : "in " + winner.path();
  text += ", which ";
  if (!is_newer(conflict.winner, conflict.row))
    text += "states its image_id";
  else
    text += is_one_file ? "is later" : "is newer";
  return text + " and counts";
}

void CsvPrecedence::report_conflicts(const Report& report) {
  const std::map<std::uint32_t, std::uint64_t> lines = conflict_lines();
  for (const Conflict& conflict : conflicts_) report(describe(conflict, lines));
  const std::uint64_t more = rows_.counts.conflicting_rows - conflicts_.size();
  if (more > 0)
    report("duplicate_row: " + counted(more, "more row") +
           " disagreed with the row that counts");
  conflicts_.clear();
}

}  // namespace sdmeta
