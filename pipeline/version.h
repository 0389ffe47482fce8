// The program's version; CHANGELOG.md says what each one brought.
#pragma once

#include <string_view>

namespace sdmeta {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace sdmeta
