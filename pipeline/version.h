// The program's version, which CMakeLists.txt states once, and those of the
// libraries it runs with. CHANGELOG.md says what each version brought.
#pragma once

#include <string>
#include <string_view>

namespace sdmeta {

std::string_view program_version() noexcept;

/// Program and libraries, one line each.
std::string print_version();

}  // namespace sdmeta
