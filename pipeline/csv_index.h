// The rows of one or many civitai-image-db CSV files, found by image_id, UUID
// or id. The index holds keys and places; rows are read where they stand.
// Built before the run starts; after that only which rows were found changes,
// in atomic bits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/csv_file.h"
#include "pipeline/match.h"
#include "pipeline/report.h"
#include "pipeline/row.h"

namespace sdmeta {

struct CsvOptions {
  std::vector<std::string> paths;  // files, or folders read recursively
  MatchKey match = MatchKey::kAny;
  std::string regex;  // for kRegex: first group is the key
  unsigned threads = 1;
  Limits limits;
};

struct CsvCounts {
  std::uint64_t files = 0;
  std::uint64_t rows = 0;  // sound ones, duplicates included
  std::uint64_t bad_rows = 0;
  std::uint64_t duplicate_rows = 0;    // equal rows, read as one
  std::uint64_t conflicting_rows = 0;  // same image, different cells
};

/// A row as it stands in its file.
struct CsvRowView {
  const CsvFile& file;
  const CsvRecord& record;
};

// Of several rows of one image one counts: see CsvPrecedence.
class CsvIndex {
 public:
  /// An error (unreadable file, missing column) names the file. Bad rows do not
  /// fail the load: each is handed to `report` as `file:line: code: detail`
  /// text, at most `kMaxReports` of a file.
  static Result<std::unique_ptr<CsvIndex>> load(
      const CsvOptions& options, const Report& report);
  virtual ~CsvIndex() = default;

  /// The row of a file or archive member, by its name. Thread-safe. Marks the
  /// row as seen. `notes`, if given, is told of a name that fits several images
  /// (kAmbiguousMatch), and of a row that could not be read (kUnreadable).
  virtual std::optional<Row> find(std::string_view path,
                                  std::string_view member,
                                  std::vector<Error>* notes = nullptr) const = 0;
  /// The number of an image's row, if there is one, for mark(). Thread-safe.
  virtual std::optional<std::uint32_t> row_of_image(
      std::optional<std::uint64_t> /*image_id*/,
      const std::optional<Uuid>& /*uuid*/) const {
    return std::nullopt;
  }
  /// Marks a row as seen. Thread-safe.
  virtual void mark(std::uint32_t /*row*/) const {}
  virtual CsvCounts counts() const = 0;
  /// No name that find() was asked for held a key.
  virtual bool is_without_keys() const { return false; }
  /// Of files that could not be read where a row stood, or are not as they were
  /// when they were read: rows may not have been found.
  virtual std::vector<Error> faults() const { return {}; }
  /// Calls `visit` for the row of each image that was not seen, in the order of
  /// files and rows, until it gives an error.
  virtual std::optional<Error> for_each_unseen(
      const std::function<std::optional<Error>(const CsvRowView&)>& /*visit*/)
      const {
    return std::nullopt;
  }
  /// Writes header and rows of for_each_unseen(), cells as they stand in their
  /// files. Files with other headers: see CsvUnion. Returns how many rows.
  virtual Result<std::uint64_t> write_unmatched(const std::string& path) const = 0;
};

/// The image_id that a file name states (`12345678.png`,
/// `civitai_12345678.jpeg`), if any. Dates and clock times state none.
std::optional<std::uint64_t> image_id_of_name(std::string_view path,
                                              std::string_view member);

}  // namespace sdmeta
