#include "parsers/infotext_lines.h"

#include <string.h>  // memrchr

#include "parsers/text.h"

namespace sdmeta {
namespace {

using std::string_view;

// `negative_prompt:` and in any case.
bool starts_like_negative(string_view text) {
  constexpr string_view kWithUnderscore = "negative_prompt:";
  return starts_with_ignoring_case(text, kNegativeLabel) ||
         starts_with_ignoring_case(text, kWithUnderscore);
}

}  // namespace

string_view without_leading_blanks(string_view text) {
  const std::size_t start = text.find_first_not_of(" \t");
  return start == text.npos ? string_view() : text.substr(start);
}

std::size_t line_start_before(string_view text, std::size_t end) {
  if (end == 0) return 0;
  const void* const newline = memrchr(text.data(), '\n', end);
  if (newline == nullptr) return 0;
  return static_cast<std::size_t>(static_cast<const char*>(newline) -
                                  text.data()) +
         1;
}

std::size_t find_negative_line(string_view text) {
  std::size_t start = find_line(
      text, [](string_view line) { return line.starts_with(kNegativeLabel); });
  if (start == text.npos)
    start = find_line(text, [](string_view line) {
      return without_leading_blanks(line).starts_with(kNegativeLabel);
    });
  if (start == text.npos)
    start = find_line(text, [](string_view line) {
      return starts_like_negative(without_leading_blanks(line));
    });
  return start == text.npos ? start : text.find_first_not_of(" \t", start);
}

}  // namespace sdmeta
