// What a record of a CSV file says of its image: typed values, and the keys by
// which it is found.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "pipeline/csv_header.h"
#include "pipeline/image_key.h"
#include "pipeline/row.h"

namespace sdmeta {

/// What tells a row's image. Cells that hold no key are absent.
struct RowKeys {
  std::optional<std::uint64_t> image_id;
  std::optional<Uuid> uuid;
};

/// False, with `fault` set, for a row that no image can ever be joined with:
/// an image_id that is no number, or no key in any column.
bool read_row_keys(const CsvHeader& header, const CsvRecord& record,
                   RowKeys& keys, std::string& fault);

/// The row's own number, if its cell holds one.
std::optional<std::uint64_t> read_row_id(const CsvHeader& header,
                                         const CsvRecord& record);

/// The row's typed values. A cell that does not fit its column goes to `extra`
/// under the column's name.
Row make_row(const CsvHeader& header, const CsvRecord& record,
             const std::string& username);

/// Only these columns of the row. A cell that does not fit is absent.
Row make_row_of(const CsvHeader& header, const CsvRecord& record,
                std::initializer_list<CsvColumn> columns);

}  // namespace sdmeta
