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

}  // namespace sdmeta
