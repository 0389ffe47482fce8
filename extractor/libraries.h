// Which image libraries the program runs with, for `sdmeta version`.
#pragma once

#include <string>

namespace sdmeta {

/// One line each, "name version\n".
std::string image_libraries();

}  // namespace sdmeta
