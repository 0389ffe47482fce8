// One cell of a CSV as it stands in its file, and as a value.
#pragma once

#include <string>
#include <string_view>

namespace sdmeta {

/// The value of a cell: without quotes. Views into the cell, or into `unquoted`
/// if there are quotes inside.
std::string_view csv_value(std::string_view cell, std::string& unquoted);
std::string csv_value(std::string_view cell);

/// Appends `value` as a cell, quoted where it must be.
void append_csv_cell(std::string& out, std::string_view value);

/// `cell` for a message: in single quotes, and cut if it is long.
std::string shown_cell(std::string_view cell);

}  // namespace sdmeta
