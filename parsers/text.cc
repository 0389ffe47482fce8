#include "parsers/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sdmeta {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = to_lower(c);
  return result;
}

std::string with_lf(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      result += text[i];
      continue;
    }
    result += '\n';
    if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
  }
  return result;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) {
                       return to_lower(a) == to_lower(b);
                     }) != text.end();
}

bool contains_any_ignoring_case(std::string_view text,
                                std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [text](std::string_view part) {
    return contains_ignoring_case(text, part);
  });
}

std::string_view model_base_name(std::string_view path) {
  constexpr std::array<std::string_view, 8> kExtensions = {
      ".safetensors", ".sft", ".ckpt", ".gguf", ".pth", ".pt", ".bin", ".onnx"};
  const auto slash = std::find_if(path.rbegin(), path.rend(),
                                  [](char c) { return c == '/' || c == '\\'; });
  path.remove_prefix(static_cast<std::size_t>(path.rend() - slash));
  const std::size_t dot = path.rfind('.');
  if (dot == path.npos || dot == 0) return path;
  for (const std::string_view extension : kExtensions)
    if (equal_ignoring_case(path.substr(dot), extension))
      return path.substr(0, dot);
  return path;
}

std::optional<std::int64_t> integer_in(std::string_view text) {
  if (const auto exact = number_in<std::int64_t>(text)) return exact;
  // Beyond 2^53 a double no longer tells neighbours apart.
  constexpr double kLargestExact = 9007199254740992.0;
  const auto wide = number_in<double>(text);
  if (wide && std::trunc(*wide) == *wide && std::fabs(*wide) <= kLargestExact)
    return static_cast<std::int64_t>(*wide);
  return std::nullopt;
}

std::optional<std::string> digits_in(std::string_view text) {
  constexpr std::size_t kMostDigits = 64;
  text = trimmed(text);
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  if (text.size() > sign && text.size() <= sign + kMostDigits &&
      std::all_of(text.begin() + static_cast<std::ptrdiff_t>(sign), text.end(),
                  is_digit))
    return std::string(text);
  if (const auto whole = integer_in(text)) return std::to_string(*whole);
  return std::nullopt;
}

namespace {

// Behind what stands between the two sides; `at` itself if that is no sign of a
// size.
std::size_t after_size_sign(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 5> kSigns = {"x", "X", "*", ",",
                                                      "\u00d7"};
  constexpr std::string_view kBetween = " '\"";
  const std::size_t start = text.find_first_not_of(kBetween, at);
  if (start == text.npos) return at;
  for (const std::string_view sign : kSigns)
    if (text.substr(start).starts_with(sign))
      return std::min(text.find_first_not_of(kBetween, start + sign.size()),
                      text.size());
  return at;
}

}  // namespace

std::optional<PixelSize> pixel_size_in(std::string_view text,
                                       std::int64_t min_side) {
  const auto end_of_number = [text](std::size_t at) {
    while (at < text.size() && is_digit(text[at])) ++at;
    return at;
  };
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    const std::size_t width_end = end_of_number(at);
    const auto width =
        number_in<std::uint32_t>(text.substr(at, width_end - at));
    at = width_end;
    const std::size_t start = after_size_sign(text, width_end);
    const auto height = number_in<std::uint32_t>(
        text.substr(start, end_of_number(start) - start));
    if (width && height && *width >= min_side && *height >= min_side)
      return PixelSize{*width, *height};
  }
  return std::nullopt;
}

}  // namespace sdmeta
