// Texts put together of parts, as prompts are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sdmeta {

/// Texts that differ, in the order they were met; empty ones are none.
class TextParts {
 public:
  void add(std::string part);
  const std::vector<std::string>& all() const { return parts_; }

 private:
  std::vector<std::string> parts_;
  std::unordered_set<std::string> known_;  // the same, where they are many
};

std::string join(const std::vector<std::string>& parts,
                 std::string_view delimiter);

/// Every `what` in `text` as `with`; an empty `what` is nowhere. Nothing if
/// that makes more than `max_bytes`.
std::optional<std::string> replace_all(std::string_view text,
                                       std::string_view what,
                                       std::string_view with,
                                       std::size_t max_bytes);

}  // namespace sdmeta
