// Where the library says what a person should know: one call, one message
// without line end, never from two threads at once. The command line prints
// them to stderr.
#pragma once

#include <functional>
#include <string>

namespace sdmeta {

using Report = std::function<void(const std::string& message)>;

}  // namespace sdmeta
