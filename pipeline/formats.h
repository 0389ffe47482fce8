// What can be read, as text for people: the writers, from the parser table, and
// the file types.
#pragma once

#include <string>

namespace sdmeta {

std::string print_formats();

}  // namespace sdmeta
