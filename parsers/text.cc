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

bool ends_with_ignoring_case(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         equal_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

std::string_view model_base_name(std::string_view path) {
  constexpr std::array<std::string_view, 8> kExtensions = {
      ".safetensors", ".sft", ".ckpt", ".gguf", ".pth", ".pt", ".bin", ".onnx"};
  const std::size_t slash = path.find_last_of("/\\");
  if (slash != path.npos) path.remove_prefix(slash + 1);
  for (const std::string_view extension : kExtensions)
    if (path.size() > extension.size() &&
        ends_with_ignoring_case(path, extension))
      return path.substr(0, path.size() - extension.size());
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

}  // namespace sdmeta
