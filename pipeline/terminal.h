// What terminals show, and how much of it in a line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sdmeta {

/// `text` fit for a terminal: control characters, which could move the cursor
/// or hide text, and bytes that are no UTF-8 are shown as \xNN.
std::string printable(std::string_view text);

/// Of the terminal that the stream `fd` is; 80 where it is none.
std::size_t terminal_columns(int fd);

}  // namespace sdmeta
