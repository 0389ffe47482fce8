// The rows of one or many civitai-image-db CSV files, found by image_id, UUID
// or id. The index holds keys and places; rows are read where they stand.
// Built before the run starts, immutable and lock-free after.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/report.h"
#include "pipeline/row.h"

namespace sdmeta {

enum class MatchKey : std::uint8_t { kAny, kImageId, kImageUrl, kId, kRegex };

struct CsvOptions {
  std::vector<std::string> paths;  // files, or folders read recursively
  MatchKey match = MatchKey::kAny;
  std::string regex;  // for kRegex: first group is the key
  unsigned threads = 1;
  Limits limits;
};

struct CsvCounts {
  std::uint64_t files = 0;
  std::uint64_t rows = 0;
  std::uint64_t bad_rows = 0;
  std::uint64_t duplicate_rows = 0;    // equal rows, read as one
  std::uint64_t conflicting_rows = 0;  // same image, different cells
};

class CsvIndex {
 public:
  /// An error (unreadable file, missing column) names the file. Bad rows do not
  /// fail the load: each is handed to `report` as `file:line: code: detail`
  /// text, from one thread at a time.
  static Result<std::unique_ptr<CsvIndex>> load(
      const CsvOptions& options, const Report& report);
  virtual ~CsvIndex() = default;

  /// The row of a file or archive member, by its name. Thread-safe. Marks the
  /// row as seen. `notes`, if given, is told of a name that fits several images
  /// (kAmbiguousMatch).
  virtual std::optional<Row> find(std::string_view path,
                                  std::string_view member,
                                  std::vector<Error>* notes = nullptr) const = 0;
  virtual CsvCounts counts() const = 0;
  /// Writes header and rows that no find() has returned, as they stand in their
  /// files. Returns how many rows.
  virtual Result<std::uint64_t> write_unmatched(const std::string& path) const = 0;
};

/// The image_id that a file name states (`12345678.png`,
/// `civitai_12345678.jpeg`), if any.
std::optional<std::uint64_t> image_id_of_name(std::string_view path,
                                              std::string_view member);

}  // namespace sdmeta
