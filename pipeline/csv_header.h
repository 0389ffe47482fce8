// The first record of a CSV file: which columns there are, and where.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/csv_scan.h"

namespace sdmeta {

enum class CsvColumn : std::uint8_t {
  kId,
  kImageUrl,
  kUserId,
  kUsername,
  kNsfwLevel,
  kCreatedAt,
  kPublishedAt,
  kTagIds,
  kImageId,
  kOther,
};

/// The first record of a file. Columns are known by name, whatever their order
/// and case; of two with one name the first counts.
struct CsvHeader {
  /// More are an error: the work a broken record costs grows with them.
  static constexpr std::size_t kMaxColumns = 1024;

  std::string text;                // cells as they stand, without BOM
  std::vector<std::string> names;  // values of the cells
  std::vector<CsvColumn> columns;  // what each is

  std::size_t size() const { return names.size(); }
  std::optional<std::size_t> find(CsvColumn column) const;
  /// Cell `column` of `record`, as it stands; empty if there is none.
  std::string_view cell(const CsvRecord& record, CsvColumn column) const;

  /// `text` is the begin of the file, all of it if `is_final`. Sets `next` to
  /// where the first row begins. A header without image_id and image_url is
  /// kMissingColumn, as is an empty file.
  static Result<CsvHeader> read(std::string_view text, bool is_final,
                                const Limits& limits, std::size_t& next);

 private:
  static constexpr std::uint16_t kAbsent = 0xFFFF;
  void set_columns(const CsvRecord& record);

  std::array<std::uint16_t, 9> positions_{};
};

}  // namespace sdmeta
