// Texts put together of parts, as prompts are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sdmeta {

/// Adds a part unless it is empty or already there.
void add_part(std::vector<std::string>& parts, std::string part);

std::string join(const std::vector<std::string>& parts,
                 std::string_view delimiter);

}  // namespace sdmeta
