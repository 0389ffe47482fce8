#include "parsers/text_parts.h"

#include <algorithm>
#include <utility>

namespace sdmeta {

void add_part(std::vector<std::string>& parts, std::string part) {
  if (part.empty()) return;
  if (std::find(parts.begin(), parts.end(), part) == parts.end())
    parts.push_back(std::move(part));
}

std::string join(const std::vector<std::string>& parts,
                 std::string_view delimiter) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) text += delimiter;
    text += parts[i];
  }
  return text;
}

std::optional<std::string> replace_all(std::string_view text,
                                       std::string_view what,
                                       std::string_view with,
                                       std::size_t max_bytes) {
  if (what.empty()) return std::string(text);
  std::string result;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find(what, from)) != text.npos;
       from = at + what.size()) {
    result.append(text, from, at - from);
    result += with;
    if (result.size() > max_bytes) return std::nullopt;
  }
  result.append(text, from);
  return result;
}

}  // namespace sdmeta
