// What -h prints: one screen for each command, with examples.
#pragma once

#include <string_view>

namespace sdmeta {

/// Of a command; of the program for any other word.
const char* short_help(std::string_view command);

}  // namespace sdmeta
