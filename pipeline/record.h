// What is known of an image in the end: the value behind one line of the
// output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/raw_fields.h"
#include "parsers/interpret.h"
#include "pipeline/row.h"

namespace sdmeta {

/// A closed set; names (`status_name`) are part of the output format.
enum class Status : std::uint8_t {
  kOk,            // a writer was recognised and parsed
  kNoMetadata,    // a sound image without text of interest
  kUnrecognized,  // text present, nobody claims it
  kMalformed,     // claimed, did not parse
  kTruncated,     // the container ends too early
  kCorrupt,       // the container contradicts itself
  kNotAnImage,
  kUnsupportedFormat,
  kUnreadable,
};
inline constexpr std::size_t kStatusCount = 9;
/// The code's stable lower-case name: "ok", "no_metadata", ...
std::string_view status_name(Status status) noexcept;

/// The image could not be read, or not what it claims to hold: what --strict
/// counts.
constexpr bool is_failure(Status status) noexcept {
  return status != Status::kOk && status != Status::kNoMetadata &&
         status != Status::kUnrecognized;
}

/// Codes of the warnings that say that a file is broken, or was not read to
/// where its text ends.
inline constexpr ErrorCode kDamageCodes[] = {
    ErrorCode::kTruncated, ErrorCode::kCorrupt, ErrorCode::kUnreadable};

/// What a record says of its input, from best to worst.
enum class RecordedAs : std::uint32_t {
  kSound,
  kFailed,      // or damaged: what --strict tells
  kUnreadable,  // failed, too: not opened, or not read to where its text ends
};
RecordedAs recorded_as(Status status, bool is_damaged) noexcept;

/// `error` and `warnings` tell of all stages, and only a record that failed has
/// an `error`.
struct Record : Interpretation {
  std::uint64_t seq = 0;  // place in the output
  Status status = Status::kOk;
  std::string file;                       // as it was named
  std::optional<std::string> member;      // of the archive `file`
  std::optional<std::uint64_t> image_id;  // of the row, else read off the name
  ImageFields image;  // format and size; texts only if they were to be kept
  std::optional<std::uint64_t>
      bytes;  // of file or member; unknown if unreadable
  std::optional<Row> row;
};

/// True of a broken file whose text could be read all the same, which is no
/// failure.
bool is_damaged(const Record& record) noexcept;

/// What the line of a record begins with.
inline constexpr std::string_view kRecordStart = R"({"schema":1,"status":")";

}  // namespace sdmeta
