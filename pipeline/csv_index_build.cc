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
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "pipeline/csv_list.h"
#include "pipeline/csv_row.h"
#include "pipeline/csv_rows.h"
#include "pipeline/lossless_text.h"

namespace sdmeta {
namespace {

constexpr std::uint64_t kChunkBytes = 256 << 10;
constexpr std::size_t kTailBytes = 4096;  // of the last row, behind the chunk
constexpr std::size_t kShortRow = 150;    // most rows are longer
constexpr int kMaxGuesses = 16;
/// Descriptors are kept for so many files; others are opened for every read.
constexpr std::size_t kMaxOpenFiles = 256;

struct ScannedRow {
  std::uint32_t offset = 0;  // from Chunk::first
  std::uint32_t digest = 0;
  std::uint64_t image_id_key = 0;  // of KeyTable, as are the others
  std::uint64_t uuid_key = 0;
  std::uint64_t id_key = 0;
  bool has_image_id = false;
  bool has_uuid = false;
  bool has_id = false;
};

/// Something to say of a row.
struct RowNote {
  std::uint64_t begin = 0;  // of the row in the file
  Error error;
};

struct Chunk {
  std::uint32_t file = 0;
  std::uint64_t begin = 0;  // its rows begin in [begin, end)
  std::uint64_t end = 0;

  std::optional<std::uint64_t> first;  // where the scan began, if anywhere
  std::uint64_t next = 0;              // where the row behind its last begins
  std::vector<ScannedRow> rows;
  std::vector<RowNote> notes;  // broken rows, and the first with other text
  std::optional<Error> error;
};

struct Digest {
  std::uint32_t hash = 0;
  bool is_ascii = true;
};

/// 32 bits of a hash of all bytes; not meant against forgery, which could do no
/// more than hide that two rows differ.
Digest digest_of(std::string_view text) {
  constexpr std::uint64_t kFirst = 0xA0761D6478BD642F;
  constexpr std::uint64_t kSecond = 0xE7037ED1A0B428DB;
  const auto load = [](const char* bytes) {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
  };
  __extension__ using Product = unsigned __int128;
  const auto mix = [](std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<Product>(a) * b;
    return static_cast<std::uint64_t>(product) ^
           static_cast<std::uint64_t>(product >> 64);
  };
  std::uint64_t even = text.size();
  std::uint64_t odd = ~even;
  std::uint64_t all = 0;  // bits that any byte has
  const char* bytes = text.data();
  std::size_t left = text.size();
  const auto take = [&](const char* block) {
    const std::uint64_t words[] = {load(block), load(block + 8),
                                   load(block + 16), load(block + 24)};
    even = mix(words[0] ^ kFirst, words[1] ^ even);
    odd = mix(words[2] ^ kSecond, words[3] ^ odd);
    all |= words[0] | words[1] | words[2] | words[3];
  };
  for (; left >= 32; left -= 32, bytes += 32) take(bytes);
  // The last 32 bytes again, if there are so many.
  char padded[32] = {};
  const char* tail = padded;
  if (text.size() >= 32)
    tail = bytes + left - 32;
  else
    std::memcpy(padded, bytes, left);
  take(tail);
  return {static_cast<std::uint32_t>(mix(even ^ kSecond, odd ^ kFirst)),
          (all & 0x8080808080808080) == 0};
}

Error other_text() { return not_utf8("which records have as U+FFFD"); }

class ChunkScan {
 public:
  ChunkScan(const CsvFile& file, const CsvOptions& options)
      : file_(file),
        has_ids_(options.match == MatchKey::kId),
        scanner_(file.header().size(), options.limits.max_csv_row_bytes) {}

  /// Fills the results of `chunk`. Without `first`, guesses it.
  void run(Chunk& chunk, std::optional<std::uint64_t> first) {
    chunk.rows.clear();
    chunk.rows.reserve(kChunkBytes / kShortRow);
    chunk.notes.clear();
    has_other_text_ = false;
    // The byte in front tells whether the chunk begins at a line's begin.
    const std::uint64_t from = first ? *first : chunk.begin - 1;
    if (!load(from, static_cast<std::size_t>(chunk.end - from) + kTailBytes,
              chunk))
      return;
    chunk.first = first ? first : guess(chunk.end);
    if (!chunk.first) return;
    chunk.next = *chunk.first;
    scanner_.start(text(), static_cast<std::size_t>(*chunk.first - from_),
                   is_final());
    while (chunk.next < chunk.end && step(chunk)) {
    }
  }

 private:
  std::string_view text() const { return {buffer().data(), size_}; }
  bool is_final() const { return from_ + size_ == file_.size(); }

  static std::string& buffer() {
    thread_local std::string bytes;
    return bytes;
  }

  bool load(std::uint64_t from, std::size_t size, Chunk& chunk) {
    if (buffer().size() < size) buffer().resize(size);
    const auto got = file_.read_at(from, buffer().data(), size);
    if (!got) {
      chunk.error = got.error();
      return false;
    }
    from_ = from;
    size_ = *got;
    return true;
  }

  std::optional<std::uint64_t> guess(std::uint64_t end) {
    std::size_t line_end = text().find('\n');
    std::optional<std::uint64_t> first_line;
    for (int i = 0; i < kMaxGuesses && line_end != std::string_view::npos &&
                    from_ + line_end + 1 < end;
         ++i) {
      const std::size_t line = line_end + 1;
      if (!first_line) first_line = from_ + line;
      scanner_.start(text(), line, is_final());
      if (scanner_.next(record_) == CsvScanner::Step::kRecord &&
          record_.fault.empty() && record_.begin == line)
        return from_ + line;
      line_end = text().find('\n', line);
    }
    return first_line;
  }

  /// Reads one record; false if the chunk is at its end.
  bool step(Chunk& chunk) {
    switch (scanner_.next(record_)) {
      case CsvScanner::Step::kEnd:
        chunk.next = file_.size();
        return false;
      case CsvScanner::Step::kMore:
        return read_on(chunk);
      case CsvScanner::Step::kRecord:
        break;
    }
    const std::uint64_t begin = from_ + record_.begin;
    if (begin >= chunk.end) {  // behind empty lines
      chunk.next = begin;
      return false;
    }
    chunk.next = from_ + record_.next;
    RowKeys keys;
    if (!record_.fault.empty() ||
        !read_row_keys(file_.header(), record_, keys, record_.fault)) {
      chunk.notes.push_back(
          {begin, Error{ErrorCode::kBadRow, record_.fault, std::nullopt}});
      return !record_.is_line_cut || skip_line(chunk);
    }
    ScannedRow& row = chunk.rows.emplace_back();
    row.offset = static_cast<std::uint32_t>(begin - *chunk.first);
    const Digest digest = digest_of(record_.text);
    row.digest = digest.hash;
    if (!digest.is_ascii && !has_other_text_ && !is_utf8(record_.text)) {
      has_other_text_ = true;
      chunk.notes.push_back({begin, other_text()});
    }
    row.has_image_id = keys.image_id.has_value();
    if (keys.image_id) row.image_id_key = key_of(*keys.image_id);
    row.has_uuid = keys.uuid.has_value();
    if (keys.uuid) row.uuid_key = key_of(*keys.uuid);
    if (!has_ids_) return true;
    const auto id = read_row_id(file_.header(), record_);
    row.has_id = id.has_value();
    if (id) row.id_key = key_of(*id);
    return true;
  }

  /// The record at record_.begin goes on behind the text.
  bool read_on(Chunk& chunk) {
    const std::uint64_t from = from_ + record_.begin;
    if (from >= chunk.end || is_final()) {
      chunk.next = from;
      return false;
    }
    const std::size_t had = size_ - record_.begin;
    if (!load(from, 4 * std::max(had, kTailBytes), chunk)) return false;
    if (size_ <= had) {  // the file has become shorter
      chunk.next = file_.size();
      return false;
    }
    scanner_.start(text(), 0, is_final());
    return true;
  }

  /// A broken line goes on behind the text: finds its end.
  bool skip_line(Chunk& chunk) {
    for (;;) {
      const std::uint64_t from = from_ + size_;
      if (!load(from, kChunkBytes, chunk)) return false;
      const std::size_t end = text().find('\n');
      chunk.next = end == std::string_view::npos ? file_.size()
                                                 : from_ + end + 1;
      if (end == std::string_view::npos && size_ != 0 && !is_final()) continue;
      scanner_.start(text(), std::min(end, size_ - 1) + 1, is_final());
      return end != std::string_view::npos;
    }
  }

  const CsvFile& file_;
  const bool has_ids_;  // are wanted
  CsvScanner scanner_;
  CsvRecord record_;
  bool has_other_text_ = false;
  std::uint64_t from_ = 0;  // where the buffer's text stands in the file
  std::size_t size_ = 0;    // of that text
};

/// Puts chunks together, in order.
class Assembly {
 public:
  Assembly(CsvRows& rows, const CsvOptions& options, const Report& report)
      : rows_(rows), options_(options), bad_rows_(report) {}

  void add(Chunk& chunk) {
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
      ChunkScan(file, options_).run(chunk, expected_);
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
  void append(const Chunk& chunk) {
    if (chunk.rows.empty()) return;
    constexpr std::size_t kMaxRows = std::numeric_limits<std::uint32_t>::max();
    if (rows_.offsets.size() + chunk.rows.size() > kMaxRows) {
      error_ = Error{ErrorCode::kFieldTooLarge,
                     "more than 4 294 967 295 CSV rows", std::nullopt};
      return;
    }
    const MatchKey match = options_.match;
    const bool has_uuids = match != MatchKey::kImageId && match != MatchKey::kId;
    std::uint32_t number = rows_.size();
    rows_.segments.push_back({*chunk.first, chunk.next, number, chunk.file});
    for (const ScannedRow& row : chunk.rows) {
      rows_.offsets.push_back(row.offset);
      rows_.digests.push_back(row.digest);
      if (row.has_image_id) rows_.by_image_id.add(row.image_id_key, number);
      if (row.has_uuid && has_uuids) rows_.by_uuid.add(row.uuid_key, number);
      if (row.has_id) rows_.by_id.add(row.id_key, number);
      ++number;
    }
    rows_.counts.rows += chunk.rows.size();
  }

  void report_notes(const Chunk& chunk) {
    const std::string& path = rows_.files[chunk.file].path();
    for (const RowNote& note : chunk.notes) {
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
                     file.header().text + "'",
                 std::nullopt};
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
  tbb::parallel_for(std::size_t{0}, opened.size(), [&](std::size_t i) {
    opened[i].emplace(
        CsvFile::open((*paths)[i], i < kMaxOpenFiles, options.limits));
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

std::optional<Error> scan_files(CsvRows& rows, const CsvOptions& options,
                                const Report& report) {
  std::size_t file = 0;
  std::uint64_t position = rows.files.empty() ? 0
                                              : rows.files[0].first_record();
  Assembly assembly(rows, options, report);
  using ChunkPointer = std::shared_ptr<Chunk>;
  tbb::parallel_pipeline(
      4 * std::max(1u, options.threads),
      tbb::make_filter<void, ChunkPointer>(
          tbb::filter_mode::serial_in_order,
          [&](tbb::flow_control& control) -> ChunkPointer {
            while (file < rows.files.size() &&
                   position >= rows.files[file].size()) {
              if (++file < rows.files.size())
                position = rows.files[file].first_record();
            }
            if (file == rows.files.size()) {
              control.stop();
              return nullptr;
            }
            auto chunk = std::make_shared<Chunk>();
            chunk->file = static_cast<std::uint32_t>(file);
            chunk->begin = position;
            chunk->end =
                std::min(position + kChunkBytes, rows.files[file].size());
            position = chunk->end;
            return chunk;
          }) &
          tbb::make_filter<ChunkPointer, ChunkPointer>(
              tbb::filter_mode::parallel,
              [&](ChunkPointer chunk) {
                const CsvFile& source = rows.files[chunk->file];
                const bool is_first = chunk->begin == source.first_record();
                ChunkScan(source, options)
                    .run(*chunk,
                         is_first ? std::optional(chunk->begin) : std::nullopt);
                return chunk;
              }) &
          tbb::make_filter<ChunkPointer, void>(
              tbb::filter_mode::serial_in_order,
              [&](const ChunkPointer& chunk) { assembly.add(*chunk); }));
  return assembly.error();
}

}  // namespace

Result<CsvRows> read_csv_rows(const CsvOptions& options, const Report& report) {
  CsvRows rows;
  std::optional<Error> error;
  const unsigned threads = std::max(1u, options.threads);
  // More threads than cores are allowed, and asked for by tests.
  const tbb::global_control allow(
      tbb::global_control::max_allowed_parallelism, threads);
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
