// Where the library says what a person should know: one call, one message
// without line end, never from two threads at once. The command line prints
// them to stderr.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "extractor/error.h"

namespace sdmeta {

using Report = std::function<void(const std::string& message)>;

/// An error whose detail begins with "place: ", in the order of messages:
/// "place: code: detail".
std::string to_message(const Error& error);

/// Appends ", `count``what`" to a summary, unless `count` is 0.
void append_count(std::string& summary, std::uint64_t count,
                  std::string_view what);

}  // namespace sdmeta
