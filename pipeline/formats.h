// What can be read, as text for people: the writers, from the parser table, and
// the file types.
#pragma once

#include <string>

namespace sdmeta {

std::string print_formats();

/// Version of the program and of the libraries it runs with.
std::string print_version();

}  // namespace sdmeta
