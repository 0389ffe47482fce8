// The text of a CSV file by places: rows are read where they stand, in any
// order.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/csv_header.h"
#include "pipeline/descriptor.h"
#include "pipeline/file_id.h"
#include "pipeline/text_input.h"

namespace sdmeta {

/// What to say, once, of a file with Latin-1 or other text in it.
Error not_utf8(std::string_view what_becomes_of_it);

/// Of a file whose text is not that of its header any longer.
Error changed_while_read(const std::string& path);

/// A file whose rows are read where they stand. A compressed one is held
/// decompressed in memory. Thread-safe after open().
class CsvFile {
 public:
  /// Reads the header. `keep_open`: hold the descriptor; else every read opens
  /// the file again.
  static Result<CsvFile> open(const std::string& path, bool keep_open,
                              const Limits& limits);

  const std::string& path() const { return path_; }
  const std::string& username() const { return username_; }
  const CsvHeader& header() const { return header_; }
  std::uint64_t size() const { return size_; }  // of the text, in bytes
  std::int64_t modified_ns() const { return state_.modified_ns; }
  /// Why rows may have been missed since open(): a read that failed, or a text
  /// that is another now.
  std::optional<Error> fault() const;
  /// Where the first record behind the header begins.
  std::uint64_t first_record() const { return first_record_; }

  /// Copies text from `offset` on; less than `size` bytes only at the end.
  Result<std::size_t> read_at(std::uint64_t offset, char* out,
                              std::size_t size) const;

 private:
  CsvFile() = default;
  std::optional<Error> hold(TextInput& input);
  bool has_another_state() const;

  std::string path_;
  std::string username_;
  CsvHeader header_;
  std::uint64_t size_ = 0;
  FileState state_;
  std::uint64_t first_record_ = 0;
  /// errno of the last read that failed, 0 if none did; apart, so that a file
  /// can be moved.
  std::unique_ptr<std::atomic<int>> read_error_ =
      std::make_unique<std::atomic<int>>(0);
  Descriptor file_;  // empty: opened for each read
  bool is_in_memory_ = false;
  std::vector<std::unique_ptr<char[]>> blocks_;  // of text in memory
};

/// Numbers of lines, from 1, at places of a file that are asked for in
/// ascending order: the text is read once, and as far as it must be.
class CsvLineCounter {
 public:
  explicit CsvLineCounter(const CsvFile& file) : file_(&file) {}
  std::uint64_t line_at(std::uint64_t offset);

 private:
  const CsvFile* file_;
  std::uint64_t line_ = 1;
  std::uint64_t counted_ = 0;  // bytes
};

}  // namespace sdmeta
