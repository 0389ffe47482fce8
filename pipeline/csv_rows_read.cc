// Reading the rows of many gigabytes of CSV with several threads.
//
// Files are cut into chunks of a fixed size. Whether a chunk begins inside
// quotes is known only when everything in front of it has been read, so it is
// guessed: the first line of the chunk that reads as a sound row is taken for
// the begin of a row. The chunks then come together in order, and where one
// does not begin at the byte at which the one before it ended, the guess was
// wrong and it is read again from there. So the rows are those of one reader
// that goes from the first byte to the last, whatever the quotes do.
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "pipeline/csv_chunk.h"
#include "pipeline/csv_list.h"
#include "pipeline/csv_rows.h"
#include "pipeline/lossless_text.h"
#include "pipeline/open_files.h"

namespace sdmeta {
namespace {

/// Descriptors are kept for so many files; others are opened for every read.
std::size_t max_open_files() {
  constexpr std::size_t kMost = 256;
  return std::min(kMost, open_file_limit() / 4);
}

/// Puts chunks together, in order.
class Assembly {
 public:
  Assembly(CsvRows& rows, const CsvOptions& options, const Report& report)
      : rows_(rows), options_(options), bad_rows_(report) {}

  void add(CsvChunk& chunk) {
    if (error_) return;
    const CsvFile& file = rows_.files[chunk.file];
    if (chunk.begin == file.first_record()) {
      expected_ = chunk.begin;
      bad_rows_.start_file();
      lines_.emplace(file);
      has_other_text_ = !is_utf8(file.header().text);
      if (has_other_text_) bad_rows_.describe(file.path(), 1, other_text());
    }
    if (!chunk.error && expected_ >= chunk.end) return;
    if (!chunk.error && chunk.first != expected_)
      scan_chunk(file, options_, expected_, chunk);
    if (chunk.error) {
      error_ = chunk.error;
      return;
    }
    report_notes(chunk);
    append(chunk);
    expected_ = chunk.next;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  void append(const CsvChunk& chunk) {
    if (chunk.rows.empty()) return;
    constexpr std::size_t kMaxRows = std::numeric_limits<std::uint32_t>::max();
    if (rows_.offsets.size() + chunk.rows.size() > kMaxRows) {
      error_ =
          Error{ErrorCode::kFieldTooLarge, "more than 4 294 967 295 CSV rows"};
      return;
    }
    const MatchKey match = options_.match;
    const bool has_uuids =
        match != MatchKey::kImageId && match != MatchKey::kId;
    std::uint32_t number = rows_.size();
    rows_.segments.push_back({*chunk.first, chunk.next, number, chunk.file});
    for (const CsvChunkRow& row : chunk.rows) {
      rows_.offsets.push_back(row.offset);
      rows_.digests.push_back(row.digest);
      if (row.has_image_id) rows_.by_image_id.add(row.image_id_key, number);
      if (row.has_uuid && has_uuids) rows_.by_uuid.add(row.uuid_key, number);
      if (row.has_id) rows_.by_id.add(row.id_key, number);
      ++number;
    }
    rows_.counts.rows += chunk.rows.size();
  }

  void report_notes(const CsvChunk& chunk) {
    const std::string& path = rows_.files[chunk.file].path();
    for (const CsvRowNote& note : chunk.notes) {
      if (note.error.code == ErrorCode::kBadRow) {
        ++rows_.counts.bad_rows;
        bad_rows_.add(path, note.error,
                      [&] { return lines_->line_at(note.begin); });
      } else if (!std::exchange(has_other_text_, true)) {
        bad_rows_.describe(path, lines_->line_at(note.begin), note.error);
      }
    }
  }

  CsvRows& rows_;
  const CsvOptions& options_;
  std::optional<Error> error_;
  std::uint64_t expected_ = 0;  // where the next row of this file begins

  // Of the file that the chunks are of.
  BadLineReports bad_rows_;
  std::optional<CsvLineCounter> lines_;
  bool has_other_text_ = false;  // was said
};

std::optional<Error> check_columns(const CsvFile& file, MatchKey match) {
  const auto need = [&](CsvColumn column,
                        std::string_view name) -> std::optional<Error> {
    if (file.header().find(column)) return std::nullopt;
    return Error{ErrorCode::kMissingColumn,
                 file.path() + ": --match " + std::string(name) +
                     " needs that column; the header is '" +
                     file.header().text + "'"};
  };
  switch (match) {
    case MatchKey::kImageId: return need(CsvColumn::kImageId, "image_id");
    case MatchKey::kImageUrl: return need(CsvColumn::kImageUrl, "image_url");
    case MatchKey::kId: return need(CsvColumn::kId, "id");
    case MatchKey::kAny:
    case MatchKey::kRegex: break;
  }
  return std::nullopt;
}

std::optional<Error> open_files(const CsvOptions& options, CsvRows& rows) {
  auto paths = list_csv_files(options.paths);
  if (!paths) return paths.error();
  std::vector<std::optional<Result<CsvFile>>> opened(paths->size());
  const std::size_t kept_open = max_open_files();
  tbb::parallel_for(std::size_t{0}, opened.size(), [&](std::size_t i) {
    opened[i].emplace(
        CsvFile::open((*paths)[i], i < kept_open, options.limits));
  });
  rows.files.reserve(opened.size());
  for (auto& file : opened) {
    if (!*file) return file->error();
    if (auto error = check_columns(**file, options.match)) return error;
    rows.files.push_back(std::move(**file));
  }
  rows.counts.files = rows.files.size();
  return std::nullopt;
}

/// What the scan will need; memory that is not touched costs nothing.
void reserve(CsvRows& rows, MatchKey match) {
  std::uint64_t bytes = 0;
  for (const CsvFile& file : rows.files) bytes += file.size();
  const auto count = static_cast<std::size_t>(bytes / kShortRow);
  rows.offsets.reserve(count);
  rows.digests.reserve(count);
  rows.by_image_id.reserve(count);
  if (match != MatchKey::kImageId && match != MatchKey::kId)
    rows.by_uuid.reserve(count);
}

/// Cuts files into chunks, in order.
class Cutter {
 public:
  explicit Cutter(const std::vector<CsvFile>& files) : files_(files) {}

  /// Null behind the last.
  std::shared_ptr<CsvChunk> next() {
    for (; file_ < files_.size(); ++file_, position_ = 0) {
      const CsvFile& file = files_[file_];
      position_ = std::max(position_, file.first_record());
      if (position_ >= file.size()) continue;
      auto chunk = std::make_shared<CsvChunk>();
      chunk->file = static_cast<std::uint32_t>(file_);
      chunk->begin = position_;
      chunk->end = std::min(position_ + CsvChunk::kBytes, file.size());
      position_ = chunk->end;
      return chunk;
    }
    return nullptr;
  }

 private:
  const std::vector<CsvFile>& files_;
  std::size_t file_ = 0;
  std::uint64_t position_ = 0;  // in it, of the next chunk
};

std::optional<Error> scan_files(CsvRows& rows, const CsvOptions& options,
                                const Report& report) {
  using Chunk = std::shared_ptr<CsvChunk>;
  Cutter cutter(rows.files);
  const auto cut = [&](tbb::flow_control& control) {
    Chunk chunk = cutter.next();
    if (!chunk) control.stop();
    return chunk;
  };
  const auto scan = [&](Chunk chunk) {
    const CsvFile& file = rows.files[chunk->file];
    const bool is_first = chunk->begin == file.first_record();
    scan_chunk(file, options,
               is_first ? std::optional(chunk->begin) : std::nullopt, *chunk);
    return chunk;
  };
  Assembly assembly(rows, options, report);
  const auto add = [&](const Chunk& chunk) { assembly.add(*chunk); };
  constexpr auto kInOrder = tbb::filter_mode::serial_in_order;
  tbb::parallel_pipeline(
      4 * std::max(1u, options.threads),
      tbb::make_filter<void, Chunk>(kInOrder, cut) &
          tbb::make_filter<Chunk, Chunk>(tbb::filter_mode::parallel, scan) &
          tbb::make_filter<Chunk, void>(kInOrder, add));
  return assembly.error();
}

}  // namespace

Result<CsvRows> read_csv_rows(const CsvOptions& options, const Report& report) {
  CsvRows rows;
  std::optional<Error> error;
  const unsigned threads = std::max(1u, options.threads);
  // More threads than cores are allowed, and asked for by tests.
  const tbb::global_control allow(tbb::global_control::max_allowed_parallelism,
                                  threads);
  tbb::task_arena arena(static_cast<int>(threads));
  arena.execute([&] {
    error = open_files(options, rows);
    if (error) return;
    reserve(rows, options.match);
    error = scan_files(rows, options, report);
    if (error) return;
    rows.index_segments();
    for (KeyTable* table : {&rows.by_image_id, &rows.by_uuid, &rows.by_id})
      tbb::parallel_for(std::size_t{0}, KeyTable::kParts,
                        [table](std::size_t i) { table->build_part(i); });
  });
  if (error) return *std::move(error);
  return rows;
}

}  // namespace sdmeta
