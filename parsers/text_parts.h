// Texts put together of parts, as prompts are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sdmeta {

/// Adds a part unless it is empty or already there.
void add_part(std::vector<std::string>& parts, std::string part);

std::string join(const std::vector<std::string>& parts,
                 std::string_view delimiter);

/// Every `what` in `text` as `with`; an empty `what` is nowhere. Nothing if
/// that makes more than `max_bytes`.
std::optional<std::string> replace_all(std::string_view text,
                                       std::string_view what,
                                       std::string_view with,
                                       std::size_t max_bytes);

}  // namespace sdmeta
