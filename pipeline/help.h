// What -h prints: one screen for each command, with examples.
#pragma once

#include <string_view>

namespace sdmeta {

/// Of a command, "" being the program; null if it has none of its own.
const char* short_help(std::string_view command);

}  // namespace sdmeta
