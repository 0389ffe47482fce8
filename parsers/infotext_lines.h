// The lines of an infotext: where they begin, and which of them have the label
// of the negative prompt. Results are views into the argument or positions in
// it.
#pragma once

#include <cstddef>
#include <string_view>

namespace sdmeta {

inline constexpr std::string_view kStepsLabel = "Steps:";
inline constexpr std::string_view kNegativeLabel = "Negative prompt:";

/// Without blanks and tabs in front.
std::string_view without_leading_blanks(std::string_view text);

/// Where the line begins that `end` stands in, or at the end of.
std::size_t line_start_before(std::string_view text, std::size_t end);

/// Where the first line is for which `accepts(text from its beginning on)`;
/// npos if there is none.
template <class Accepts>
std::size_t find_line(std::string_view text, Accepts accepts) {
  for (std::size_t start = 0; start < text.size();) {
    if (accepts(text.substr(start))) return start;
    const std::size_t newline = text.find('\n', start);
    if (newline == text.npos) break;
    start = newline + 1;
  }
  return text.npos;
}

/// Where the label of the negative prompt begins a line, npos if it does not.
/// Writers put it at the very start; the reader of A1111 does not mind blanks
/// before it, and some people mind neither the case nor the blank inside it.
std::size_t find_negative_line(std::string_view text);

}  // namespace sdmeta
