#include "parsers/text_parts.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sdmeta {

void TextParts::add(std::string part) {
  constexpr std::size_t kFew = 32;  // prompts have one to four
  if (part.empty()) return;
  if (parts_.size() < kFew) {
    if (std::find(parts_.begin(), parts_.end(), part) != parts_.end()) return;
  } else {
    if (known_.empty()) known_.insert(parts_.begin(), parts_.end());
    if (!known_.insert(part).second) return;
  }
  parts_.push_back(std::move(part));
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
  // memmem is linear; string_view::find takes a comparison of all of `what` at
  // each letter of a text that looks like it.
  while (const void* found =
             memmem(text.data(), text.size(), what.data(), what.size())) {
    const auto at =
        static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    result.append(text, 0, at);
    result += with;
    if (result.size() > max_bytes) return std::nullopt;
    text.remove_prefix(at + what.size());
  }
  result += text;
  return result;
}

}  // namespace sdmeta
