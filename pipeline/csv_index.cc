#include "pipeline/csv_index.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "pipeline/csv_precedence.h"
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

class CsvIndexOfRows final : public CsvIndex {
 public:
  CsvIndexOfRows(CsvRows rows, NameMatcher matcher, const CsvOptions& options,
                 const Report& report)
      : rows_(std::move(rows)),
        matcher_(std::move(matcher)),
        match_(options.match),
        limits_(options.limits),
        precedence_(rows_, limits_),
        seen_(rows_.size()) {
    precedence_.settle(report);
  }

  std::optional<Row> find(std::string_view path, std::string_view member,
                          std::vector<Error>* notes) const override {
    thread_local CsvRowText buffer;
    buffer.row.reset();  // it may be of another index
    buffer.error.reset();
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
    if (!chosen || !rows_.read(*chosen, limits_, buffer)) {
      // A warning that lets the record be made again when the run is resumed.
      if (buffer.error && notes != nullptr) notes->push_back(*buffer.error);
      return std::nullopt;
    }
    seen_.set(*chosen);
    Row row = make_row(rows_.file_of(*chosen).header(), buffer.record,
                       precedence_.username_of(*chosen));
    if (is_ambiguous && notes != nullptr) {
      std::string detail = "the name fits several CSV rows";
      if (row.image_id)
        detail += ", image_id " + std::to_string(*row.image_id) + " was taken";
      notes->push_back({ErrorCode::kAmbiguousMatch, std::move(detail)});
    }
    return row;
  }

  std::optional<std::uint32_t> row_of_image(
      std::optional<std::uint64_t> image_id,
      const std::optional<Uuid>& uuid) const override {
    CsvRowText buffer;
    std::optional<std::uint32_t> row;
    bool is_ambiguous = false;
    if (image_id)
      row = precedence_.newest(rows_.by_image_id.find(key_of(*image_id)));
    if (!row && uuid) row = row_of(*uuid, buffer, is_ambiguous);
    return row;
  }

  void mark(std::uint32_t row) const override { seen_.set(row); }

  CsvCounts counts() const override { return rows_.counts; }

  bool is_without_keys() const override {
    return !has_key_.load(std::memory_order_relaxed);
  }

  std::vector<Error> faults() const override {
    std::vector<Error> faults;
    for (const CsvFile& file : rows_.files)
      if (std::optional<Error> fault = file.fault())
        faults.push_back(*std::move(fault));
    return faults;
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
  bool is_unseen(std::uint32_t row) const {
    return !seen_.get(row) && !precedence_.is_outdated(row);
  }

  std::optional<std::uint32_t> row_of(std::uint64_t number,
                                      CsvRowText& buffer) const {
    const bool is_id = match_ == MatchKey::kId;
    const KeyTable& table = is_id ? rows_.by_id : rows_.by_image_id;
    const auto row = precedence_.newest(table.find(key_of(number)));
    if (!row) return std::nullopt;
    // The file may have been changed since it was read.
    if (!rows_.read(*row, limits_, buffer)) return std::nullopt;
    const auto found =
        is_id ? read_row_id(rows_.file_of(*row).header(), buffer.record)
              : rows_.read_keys(*row, limits_, buffer).image_id;
    return found == number ? row : std::nullopt;
  }

  std::optional<std::uint32_t> row_of(const Uuid& uuid, CsvRowText& buffer,
                                      bool& is_ambiguous) const {
    std::optional<std::uint32_t> best;
    for (const KeyTable::Entry& entry : rows_.by_uuid.find(key_of(uuid))) {
      const std::uint32_t row = entry.number();
      if (precedence_.is_outdated(row) ||
          rows_.read_keys(row, limits_, buffer).uuid != uuid)
        continue;
      is_ambiguous |= best.has_value();
      if (!best || precedence_.is_newer(row, *best)) best = row;
    }
    return best;
  }

  CsvRows rows_;
  NameMatcher matcher_;
  MatchKey match_;
  Limits limits_;
  CsvPrecedence precedence_;
  mutable AtomicBits seen_;
  mutable std::atomic<bool> has_key_{false};
};

}  // namespace

Result<std::unique_ptr<CsvIndex>> CsvIndex::load(const CsvOptions& options,
                                                 const Report& report) {
  auto matcher = NameMatcher::make(options.match, options.regex);
  if (!matcher) return matcher.error();
  auto rows = read_csv_rows(options, report);
  if (!rows) return rows.error();
  return std::unique_ptr<CsvIndex>(std::make_unique<CsvIndexOfRows>(
      std::move(*rows), std::move(*matcher), options, report));
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
