#include "pipeline/csv_index.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <tuple>
#include <utility>

#include "pipeline/csv_cell.h"
#include "pipeline/csv_row.h"
#include "pipeline/csv_rows.h"
#include "pipeline/csv_union.h"
#include "pipeline/text_output.h"

namespace sdmeta {
namespace {

using Entries = std::span<const KeyTable::Entry>;

/// A bit for each row, set by many threads.
class AtomicBits {
 public:
  explicit AtomicBits(std::size_t size) : words_((size + 63) / 64) {}
  void set(std::size_t i) {
    words_[i / 64].fetch_or(std::uint64_t{1} << i % 64,
                            std::memory_order_relaxed);
  }
  bool get(std::size_t i) const {
    return words_[i / 64].load(std::memory_order_relaxed) >> i % 64 & 1;
  }

 private:
  std::vector<std::atomic<std::uint64_t>> words_;
};

/// One row's bytes and cells, and which row it is.
struct RowText {
  std::string text;
  CsvRecord record;
  std::optional<std::uint32_t> row;
};

/// Of records with the same number of columns.
bool have_equal_cells(const CsvHeader& header_a, const CsvRecord& a,
                      const CsvHeader& header_b, const CsvRecord& b) {
  for (std::size_t i = 0; i < header_a.size(); ++i) {
    std::size_t j = i;
    if (header_a.names[i] != header_b.names[i])
      j = static_cast<std::size_t>(
          std::find(header_b.names.begin(), header_b.names.end(),
                    header_a.names[i]) -
          header_b.names.begin());
    if (j == header_b.size()) return false;
    if (a.cell(i) != b.cell(j) && csv_value(a.cell(i)) != csv_value(b.cell(j)))
      return false;
  }
  return true;
}

class CsvIndexOfRows final : public CsvIndex {
 public:
  CsvIndexOfRows(CsvRows rows, NameMatcher matcher, const CsvOptions& options)
      : rows_(std::move(rows)),
        matcher_(std::move(matcher)),
        match_(options.match),
        limits_(options.limits),
        seen_(rows_.size()),
        is_outdated_(rows_.size()) {
    rank_files();
  }

  void settle_duplicates(const Report& report) {
    rows_.by_image_id.for_each_repeated_key(
        [&](Entries entries) { settle(entries); });
    rows_.by_uuid.for_each_repeated_key(
        [&](Entries entries) { settle_by_uuid(entries); });
    rows_.digests.clear_and_free();
    std::sort(usernames_.begin(), usernames_.end());
    report_conflicts(report);
  }

  std::optional<Row> find(std::string_view path, std::string_view member,
                          std::vector<Error>* notes) const override {
    thread_local RowText buffer;
    buffer.row.reset();  // it may be of another index
    std::optional<std::uint32_t> chosen;
    bool is_ambiguous = false;
    const NameKeys keys = matcher_.keys(path, member);
    if (!keys.all().empty() && is_without_keys()) has_key_ = true;
    for (const NameKey& key : keys.all()) {
      const auto row = key.kind == NameKey::Kind::kUuid
                           ? row_of(key.uuid, buffer, is_ambiguous)
                           : row_of(key.number, buffer);
      if (!row) continue;
      if (!chosen) chosen = row;
      is_ambiguous |= chosen != row;
    }
    if (!chosen || !load(*chosen, buffer)) return std::nullopt;
    seen_.set(*chosen);
    Row row = make_row(file_of(*chosen).header(), buffer.record,
                       username_of(*chosen));
    if (is_ambiguous && notes != nullptr) {
      std::string detail = "the name fits several CSV rows";
      if (row.image_id)
        detail += ", image_id " + std::to_string(*row.image_id) + " was taken";
      notes->push_back(
          {ErrorCode::kAmbiguousMatch, std::move(detail), std::nullopt});
    }
    return row;
  }

  std::optional<std::uint32_t> row_of_image(
      std::optional<std::uint64_t> image_id,
      const std::optional<Uuid>& uuid) const override {
    RowText buffer;
    std::optional<std::uint32_t> row;
    bool is_ambiguous = false;
    if (image_id) row = newest(rows_.by_image_id.find(key_of(*image_id)));
    if (!row && uuid) row = row_of(*uuid, buffer, is_ambiguous);
    return row;
  }

  void mark(std::uint32_t row) const override { seen_.set(row); }

  CsvCounts counts() const override { return rows_.counts; }

  bool is_without_keys() const override {
    return !has_key_.load(std::memory_order_relaxed);
  }

  std::vector<std::string> changed_files() const override {
    std::vector<std::string> paths;
    for (const CsvFile& file : rows_.files)
      if (file.is_changed()) paths.push_back(file.path());
    return paths;
  }

  std::optional<Error> for_each_unseen(
      const std::function<std::optional<Error>(const CsvRowView&)>& visit)
      const override {
    std::string text;
    CsvRecord record;
    for (std::size_t i = 0; i < rows_.segments.size(); ++i) {
      const CsvSegment& segment = rows_.segments[i];
      const std::uint32_t end_row = i + 1 < rows_.segments.size()
                                        ? rows_.segments[i + 1].first_row
                                        : rows_.size();
      std::uint32_t row = segment.first_row;
      while (row < end_row && !is_unseen(row)) ++row;
      if (row == end_row) continue;

      const CsvFile& file = rows_.files[segment.file];
      text.resize(static_cast<std::size_t>(segment.end - segment.begin));
      const auto got = file.read_at(segment.begin, text.data(), text.size());
      if (!got) return got.error();
      text.resize(*got);
      CsvScanner scanner(file.header().size(), limits_.max_csv_row_bytes);
      scanner.start(text, 0, segment.begin + *got == file.size());
      for (; row < end_row; ++row) {
        if (!is_unseen(row)) continue;
        const std::size_t offset = rows_.offsets[row];
        if (offset > text.size()) break;
        if (scanner.position() != offset)
          scanner.start(text, offset, segment.begin + *got == file.size());
        if (scanner.next(record) != CsvScanner::Step::kRecord) break;
        if (!record.fault.empty()) continue;  // the file was changed meanwhile
        if (auto error = visit({file, record})) return error;
      }
    }
    return std::nullopt;
  }

  Result<std::uint64_t> write_unmatched(
      const std::string& path) const override {
    CsvUnion columns;
    std::vector<std::size_t> layouts;
    for (const CsvFile& file : rows_.files)
      layouts.push_back(columns.add(file.header()));
    auto output = TextOutput::create(path);
    if (!output) return output.error();
    std::string& buffer = (*output)->buffer();
    buffer += columns.header() + '\n';
    std::uint64_t written = 0;
    auto error = for_each_unseen([&](const CsvRowView& row) {
      columns.append(
          buffer,
          layouts[static_cast<std::size_t>(&row.file - rows_.files.data())],
          row.record);
      buffer += '\n';
      ++written;
      return (*output)->flush_if_full();
    });
    if (!error) error = (*output)->finish();
    if (error) return *std::move(error);
    return written;
  }

 private:
  const CsvFile& file_of(std::uint32_t row) const {
    return rows_.files[rows_.segment_of(row).file];
  }

  /// Rank of each file: later counts more.
  void rank_files() {
    std::vector<std::uint32_t> order(rows_.files.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) {
                       return rows_.files[a].modified_ns() <
                              rows_.files[b].modified_ns();
                     });
    ranks_.resize(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) ranks_[order[i]] = i;
  }

  bool is_newer(std::uint32_t a, std::uint32_t b) const {
    const std::uint32_t file_a = rows_.segment_of(a).file;
    const std::uint32_t file_b = rows_.segment_of(b).file;
    return std::tuple(ranks_[file_a], a) > std::tuple(ranks_[file_b], b);
  }

  bool is_unseen(std::uint32_t row) const {
    return !seen_.get(row) && !is_outdated_.get(row);
  }

  /// The row that counts, of rows with one key.
  std::optional<std::uint32_t> newest(Entries entries) const {
    std::optional<std::uint32_t> best;
    for (const KeyTable::Entry& entry : entries)
      if (!is_outdated_.get(entry.number()) &&
          (!best || is_newer(entry.number(), *best)))
        best = entry.number();
    return best;
  }

  std::optional<std::uint32_t> row_of(std::uint64_t number,
                                      RowText& buffer) const {
    const bool is_id = match_ == MatchKey::kId;
    const KeyTable& table = is_id ? rows_.by_id : rows_.by_image_id;
    const auto row = newest(table.find(key_of(number)));
    if (!row) return std::nullopt;
    // The file may have been changed since it was read.
    if (!load(*row, buffer)) return std::nullopt;
    const auto found = is_id
                           ? read_row_id(file_of(*row).header(), buffer.record)
                           : keys_of(*row, buffer).image_id;
    return found == number ? row : std::nullopt;
  }

  std::optional<std::uint32_t> row_of(const Uuid& uuid, RowText& buffer,
                                      bool& is_ambiguous) const {
    std::optional<std::uint32_t> best;
    for (const KeyTable::Entry& entry : rows_.by_uuid.find(key_of(uuid))) {
      const std::uint32_t row = entry.number();
      if (is_outdated_.get(row) || keys_of(row, buffer).uuid != uuid) continue;
      is_ambiguous |= best.has_value();
      if (!best || is_newer(row, *best)) best = row;
    }
    return best;
  }

  bool load(std::uint32_t row, RowText& buffer) const {
    if (buffer.row == row) return true;
    buffer.row.reset();
    if (!rows_.read(row, limits_, buffer.text, buffer.record)) return false;
    buffer.row = row;
    return true;
  }

  RowKeys keys_of(std::uint32_t row, RowText& buffer) const {
    RowKeys keys;
    std::string fault;
    if (!load(row, buffer) ||
        !read_row_keys(file_of(row).header(), buffer.record, keys, fault))
      return {};
    return keys;
  }

  std::string username_of(std::uint32_t row) const {
    const std::string& own = file_of(row).username();
    if (!own.empty()) return own;
    const auto other = std::lower_bound(
        usernames_.begin(), usernames_.end(), std::pair(row, std::uint32_t{0}));
    if (other == usernames_.end() || other->first != row) return {};
    return rows_.files[other->second].username();
  }

  /// Rows of one image_id: the newest counts.
  void settle(Entries entries) {
    const std::uint32_t winner = *newest(entries);
    for (const KeyTable::Entry& entry : entries)
      if (entry.number() != winner) give_way(entry.number(), winner);
  }

  /// Rows of one UUID that have no image_id, or one of them has none, are one
  /// image; with different image_ids they stay apart.
  void settle_by_uuid(Entries entries) {
    const auto count = std::count_if(
        entries.begin(), entries.end(),
        [&](const auto& entry) { return !is_outdated_.get(entry.number()); });
    if (count < 2) return;  // no need to read it
    RowText buffer;
    std::vector<std::pair<std::uint32_t, RowKeys>> rows;
    for (const KeyTable::Entry& entry : entries)
      if (!is_outdated_.get(entry.number()))
        rows.emplace_back(entry.number(), keys_of(entry.number(), buffer));
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
  void give_way(std::uint32_t row, std::uint32_t winner) {
    is_outdated_.set(row);
    if (file_of(winner).username().empty() && !file_of(row).username().empty())
      usernames_.emplace_back(winner, rows_.segment_of(row).file);

    if (is_equal(row, winner)) {
      ++rows_.counts.duplicate_rows;
      return;
    }
    if (++rows_.counts.conflicting_rows <= kMaxReports)
      conflicts_.push_back({row, winner});
  }

  void report_conflicts(const Report& report) {
    const std::map<std::uint32_t, std::uint64_t> lines = conflict_lines();
    for (const Conflict& conflict : conflicts_) {
      const CsvFile& file = file_of(conflict.row);
      const CsvFile& winner = file_of(conflict.winner);
      std::string image;
      if (load(conflict.winner, new_)) {
        const CsvHeader& header = winner.header();
        image = header.cell(new_.record, CsvColumn::kImageId);
        if (image.empty())
          image = header.cell(new_.record, CsvColumn::kImageUrl);
      }
      const bool is_one_file = &file == &winner;
      std::string text = file.path();
      if (is_one_file) text += ':' + std::to_string(lines.at(conflict.row));
      text += ": duplicate_row: image " + image + " differs from the row ";
      text += is_one_file
                  ? "on line " + std::to_string(lines.at(conflict.winner))
                  : "in " + winner.path();
      text += ", which ";
      if (!is_newer(conflict.winner, conflict.row))
        text += "states its image_id";
      else
        text += is_one_file ? "is later" : "is newer";
      report(text + " and counts");
    }
    const std::uint64_t more =
        rows_.counts.conflicting_rows - conflicts_.size();
    if (more > 0)
      report("duplicate_row: " + counted(more, "more row") +
             " disagreed with the row that counts");
    conflicts_.clear();
  }

  /// Lines of rows that differ from another of their file; a file is read once.
  std::map<std::uint32_t, std::uint64_t> conflict_lines() const {
    std::map<std::uint32_t, std::uint64_t> lines;
    for (const Conflict& conflict : conflicts_) {
      if (&file_of(conflict.row) != &file_of(conflict.winner)) continue;
      lines[conflict.row] = lines[conflict.winner] = 0;
    }
    std::optional<CsvLineCounter> counter;
    const CsvFile* counted_file = nullptr;
    for (auto& [row, line] : lines) {
      const CsvFile& file = file_of(row);
      if (counted_file != &file) counter.emplace(file);
      counted_file = &file;
      line = counter->line_at(rows_.segment_of(row).begin + rows_.offsets[row]);
    }
    return lines;
  }

  /// Reads the rows only if their bytes do not tell.
  bool is_equal(std::uint32_t a, std::uint32_t b) {
    const CsvHeader& header_a = file_of(a).header();
    const CsvHeader& header_b = file_of(b).header();
    if (header_a.size() != header_b.size()) return false;
    if (rows_.digests[a] == rows_.digests[b] && header_a.text == header_b.text)
      return true;
    return load(a, old_) && load(b, new_) &&
           have_equal_cells(header_a, old_.record, header_b, new_.record);
  }

  struct Conflict {
    std::uint32_t row;
    std::uint32_t winner;
  };

  CsvRows rows_;
  NameMatcher matcher_;
  MatchKey match_;
  Limits limits_;
  std::vector<std::uint32_t> ranks_;  // of files
  mutable AtomicBits seen_;
  mutable std::atomic<bool> has_key_{false};
  AtomicBits is_outdated_;
  std::vector<Conflict> conflicts_;  // not yet reported
  /// Row without user, and the file in the user's folder that has it too.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> usernames_;
  RowText old_;
  RowText new_;
};

}  // namespace

Result<std::unique_ptr<CsvIndex>> CsvIndex::load(const CsvOptions& options,
                                                 const Report& report) {
  auto matcher = NameMatcher::make(options.match, options.regex);
  if (!matcher) return matcher.error();
  auto rows = read_csv_rows(options, report);
  if (!rows) return rows.error();
  auto index = std::make_unique<CsvIndexOfRows>(std::move(*rows),
                                                std::move(*matcher), options);
  index->settle_duplicates(report);
  return std::unique_ptr<CsvIndex>(std::move(index));
}

std::optional<std::uint64_t> image_id_of_name(std::string_view path,
                                              std::string_view member) {
  static const Result<NameMatcher> matcher =
      NameMatcher::make(MatchKey::kImageId, "");
  const NameKeys keys = matcher->keys(path, member);
  for (const NameKey& key : keys.all())
    if (!key.is_doubtful) return key.number;
  return std::nullopt;
}

}  // namespace sdmeta
