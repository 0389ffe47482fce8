#include "pipeline/csv_chunk.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "pipeline/csv_row.h"
#include "pipeline/key_table.h"
#include "pipeline/lossless_text.h"

namespace sdmeta {
namespace {

constexpr std::size_t kTailBytes = 4096;  // of the last row, behind the chunk
constexpr int kMaxGuesses = 16;

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

class Scan {
 public:
  Scan(const CsvFile& file, const CsvOptions& options)
      : file_(file),
        has_ids_(options.match == MatchKey::kId),
        scanner_(file.header().size(), options.limits.max_csv_row_bytes) {}

  void run(CsvChunk& chunk, std::optional<std::uint64_t> first) {
    chunk.rows.clear();
    chunk.rows.reserve(CsvChunk::kBytes / kShortRow);
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

  bool load(std::uint64_t from, std::size_t size, CsvChunk& chunk) {
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
  bool step(CsvChunk& chunk) {
    switch (scanner_.next(record_)) {
      case CsvScanner::Step::kEnd: chunk.next = file_.size(); return false;
      case CsvScanner::Step::kMore: return read_on(chunk);
      case CsvScanner::Step::kRecord: break;
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
      chunk.notes.push_back({begin, Error{ErrorCode::kBadRow, record_.fault}});
      return !record_.is_line_cut || skip_line(chunk);
    }
    add_row(keys, begin, chunk);
    return true;
  }

  void add_row(const RowKeys& keys, std::uint64_t begin, CsvChunk& chunk) {
    const Digest digest = digest_of(record_.text);
    if (!digest.is_ascii && !has_other_text_ && !is_utf8(record_.text)) {
      has_other_text_ = true;
      chunk.notes.push_back({begin, other_text()});
    }
    CsvChunkRow& row = chunk.rows.emplace_back();
    row.offset = static_cast<std::uint32_t>(begin - *chunk.first);
    row.digest = digest.hash;
    row.has_image_id = keys.image_id.has_value();
    if (keys.image_id) row.image_id_key = key_of(*keys.image_id);
    row.has_uuid = keys.uuid.has_value();
    if (keys.uuid) row.uuid_key = key_of(*keys.uuid);
    if (!has_ids_) return;
    const auto id = read_row_id(file_.header(), record_);
    row.has_id = id.has_value();
    if (id) row.id_key = key_of(*id);
  }

  /// The record at record_.begin goes on behind the text.
  bool read_on(CsvChunk& chunk) {
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
  bool skip_line(CsvChunk& chunk) {
    for (;;) {
      const std::uint64_t from = from_ + size_;
      if (!load(from, CsvChunk::kBytes, chunk)) return false;
      const std::size_t end = text().find('\n');
      chunk.next =
          end == std::string_view::npos ? file_.size() : from_ + end + 1;
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

}  // namespace

Error other_text() { return not_utf8("which records have as U+FFFD"); }

void scan_chunk(const CsvFile& file, const CsvOptions& options,
                std::optional<std::uint64_t> first, CsvChunk& chunk) {
  Scan(file, options).run(chunk, first);
}

}  // namespace sdmeta
