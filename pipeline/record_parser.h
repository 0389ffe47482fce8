// What stands in the records that `sdmeta extract` wrote, as far as the other
// commands and a resumed run ask.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"

namespace sdmeta {

/// What tells one record from another, and from the rows of a CSV.
struct RecordHead {
  std::string status;
  std::string file;  // as in the record: see pipeline/lossless_text.h
  std::optional<std::string> member;
  std::optional<std::uint64_t> image_id;
  std::optional<std::uint64_t> image_bytes;  // `image.bytes`
  std::optional<std::string> image_url;      // of the row: its UUID
  bool is_damaged = false;  // one of kDamageCodes is among the warnings
};

/// A value of a record as text.
struct RecordValue {
  enum class Kind : std::uint8_t {
    kMissing,  // the record has no such key
    kNull,
    kText,  // of a string, unescaped
    kJson,  // a number as it stands; lists and objects as JSON
  };
  Kind kind = Kind::kMissing;
  std::string text;
};

/// Parses records, each a line of JsonlReader; keeps its buffers from one line
/// to the next.
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
