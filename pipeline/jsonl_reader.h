// Reads the records that `sdmeta extract` wrote: one line at a time, in bounded
// memory, from plain, .gz or .zst files.
//
//   auto reader = JsonlReader::open("out.jsonl.zst");
//   while (auto line = (*reader)->next(); line && *line) use(**line);
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "extractor/error.h"
#include "pipeline/text_input.h"

namespace sdmeta {

class JsonlReader {
 public:
  /// Bytes behind a line that may be read, as simdjson asks for.
  static constexpr std::size_t kPadding = 64;
  /// A record with --raw can hold all text of an image, escaped.
  static constexpr std::size_t kMaxLineBytes = std::size_t{1} << 30;

  /// "-" is standard input.
  static Result<std::unique_ptr<JsonlReader>> open(const std::string& path);

  /// The next line without its '\n'; nothing at the end. A last line without
  /// '\n' is a line; `is_torn` then says so. The view is valid until the next
  /// call, and `kPadding` bytes behind it are readable. An error of a cut or
  /// broken compressed file comes after every line in front of it.
  Result<std::optional<std::string_view>> next();

  /// The line returned last had no '\n' behind it.
  bool is_torn() const { return is_torn_; }
  /// Where that line began: bytes of decompressed text.
  std::uint64_t line_offset() const { return line_offset_; }
  std::uint64_t line_number() const { return line_number_; }  // from 1

 private:
  explicit JsonlReader(std::unique_ptr<TextInput> input, std::string path)
      : input_(std::move(input)), path_(std::move(path)) {}

  std::unique_ptr<TextInput> input_;
  std::string path_;
  std::string buffer_;     // text read and not yet returned, then padding
  std::size_t begin_ = 0;  // of the next line, in buffer_
  std::size_t end_ = 0;    // of the text in buffer_
  std::uint64_t next_offset_ = 0;
  std::uint64_t line_offset_ = 0;
  std::uint64_t line_number_ = 0;
  bool is_torn_ = false;
  bool is_at_end_ = false;
};

/// kMalformed where `bad_lines` of `path` are all it holds: another file was
/// meant.
std::optional<Error> refuse_without_records(const std::string& path,
                                            std::uint64_t records,
                                            std::uint64_t bad_lines);

/// What tells one record from another, and from the rows of a CSV.
struct RecordHead {
  std::string status;
  std::string file;  // as in the record: see pipeline/lossless_text.h
  std::optional<std::string> member;
  std::optional<std::uint64_t> image_id;
  std::optional<std::uint64_t> image_bytes;  // `image.bytes`
  std::optional<std::string> image_url;      // of the row: its UUID
  bool is_damaged = false;  // a warning says `truncated` or `corrupt`
};

/// A value of a record as text.
struct RecordValue {
  enum class Kind : std::uint8_t {
    kMissing,  // the record has no such key
    kNull,
    kText,     // of a string, unescaped
    kJson,     // a number as it stands; lists and objects as JSON
  };
  Kind kind = Kind::kMissing;
  std::string text;
};

/// Parses records; keeps its buffers from one line to the next.
class RecordParser {
 public:
  RecordParser();
  ~RecordParser();

  /// `line` must have JsonlReader::kPadding readable bytes behind it. A line
  /// that is no record is kMalformed.
  Result<RecordHead> head(std::string_view line);

  /// Values at `paths`, keys joined by dots: "status", "image.width",
  /// "generation.hires.steps". Quickest in the record's order.
  std::optional<Error> values(std::string_view line,
                              std::span<const std::string_view> paths,
                              std::vector<RecordValue>& values);

 private:
  struct Storage;
  std::unique_ptr<Storage> storage_;
};

}  // namespace sdmeta
