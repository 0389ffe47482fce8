// Small questions about text that every parser asks: trimming, comparing
// without case, whole numbers. Bytes, no locale: case means ASCII case.
// Views that they return are into the argument.
#pragma once

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace sdmeta {

constexpr bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\0';
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr bool is_letter(char c) {
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

/// Letters of other alphabets count.
constexpr bool has_letter(std::string_view text) {
  for (const char c : text)
    if (is_letter(c) || static_cast<unsigned char>(c) >= 0x80) return true;
  return false;
}

/// Without surrounding white space and NULs.
constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}
std::string lower(std::string_view text);
/// CRLF and CR as LF.
std::string with_lf(std::string_view text);
// Inline, because most comparisons end at the length or the first byte, and
// every setting of a line is compared with dozens of names.
inline bool starts_with_ignoring_case(std::string_view text,
                                      std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i)
    if (text[i] != prefix[i] && to_lower(text[i]) != to_lower(prefix[i]))
      return false;
  return true;
}
inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && starts_with_ignoring_case(a, b);
}
inline bool ends_with_ignoring_case(std::string_view text,
                                    std::string_view suffix) {
  return text.size() >= suffix.size() &&
         equal_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}
bool contains_ignoring_case(std::string_view text, std::string_view part);
bool contains_any_ignoring_case(std::string_view text,
                                std::initializer_list<std::string_view> parts);

/// Words that writers put where they have nothing to say: empty, `None`,
/// `(None)`, `unknown`, `N/A`, `null`, `undefined`, in any case, and `?`.
inline bool is_placeholder(std::string_view text) {
  return text.empty() || text == "?" || equal_ignoring_case(text, "none") ||
         equal_ignoring_case(text, "(none)") ||
         equal_ignoring_case(text, "unknown") ||
         equal_ignoring_case(text, "n/a") ||
         equal_ignoring_case(text, "null") ||
         equal_ignoring_case(text, "undefined");
}

/// File name without folders (either slash) and without a model's extension
/// (.safetensors, .ckpt, .gguf, ...).
std::string_view model_base_name(std::string_view path);

/// The whole of `text`, spaces around it aside, as a number; a leading plus is
/// allowed. Nothing for NaN, infinities and what does not fit.
template <class Number>
std::optional<Number> number_in(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  if (number - number != Number{}) return std::nullopt;
  return number;
}

/// A seed: digits of any number up to 64, perhaps with a minus; `1.5e9` and
/// `20.0` too where they are whole and exact.
std::optional<std::string> digits_in(std::string_view text);

/// Whole numbers, also those written as `20.0`.
std::optional<std::int64_t> integer_in(std::string_view text);

struct PixelSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
};

/// The first size in `text`: two whole numbers below 2^32 with `x`, `*`, `×` or
/// a comma between them, as in `512x768`, `(1152, 896)`, `['832', '1216']` and
/// `portrait - 832 x 1216 (2:3)`. Pairs with a side below `min_side` are passed
/// over, since ratios look alike: `2x3`.
std::optional<PixelSize> pixel_size_in(std::string_view text,
                                       std::int64_t min_side = 0);

}  // namespace sdmeta
