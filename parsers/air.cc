#include "parsers/air.h"

#include <algorithm>

#include "parsers/text.h"

namespace sdmeta {
namespace {

// Cuts `text` behind the first `mark` and gives what stood before it.
std::optional<std::string_view> take_until(std::string_view& text, char mark) {
  const std::size_t found = text.find(mark);
  if (found == text.npos) return std::nullopt;
  const std::string_view part = text.substr(0, found);
  text.remove_prefix(found + 1);
  return part;
}

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
  });
}

std::optional<std::uint64_t> id_in(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  return number_in<std::uint64_t>(text);
}

}  // namespace

std::optional<Air> parse_air(std::string_view text) {
  text = trimmed(text);
  for (const std::string_view prefix : {"urn:", "air:"})
    if (starts_with_ignoring_case(text, prefix))
      text.remove_prefix(prefix.size());
  Air air;
  for (std::string_view* const part :
       {&air.ecosystem, &air.type, &air.source}) {
    const auto word = take_until(text, ':');
    if (!word || !is_word(*word)) return std::nullopt;
    *part = *word;
  }
  const bool is_civitai = equal_ignoring_case(air.source, "civitai");
  // Only civitai's ids are known to be free of the marks of what follows.
  const std::string_view marks = is_civitai ? "@:.+" : "@:+";
  air.id = text.substr(0, text.find_first_of(marks));
  text.remove_prefix(air.id.size());
  if (air.id.empty()) return std::nullopt;
  if (text.starts_with('@')) {
    text.remove_prefix(1);
    air.version =
        text.substr(0, text.find_first_of(is_civitai ? ":.+" : ":+"));
    text.remove_prefix(air.version.size());
  }
  air.tail = text;
  if (is_civitai) {
    air.model_id = id_in(air.id);
    air.model_version_id = id_in(air.version);
  }
  return air;
}

std::optional<Air> parse_air_ids(std::string_view text) {
  text = trimmed(text);
  const std::size_t at = std::min(text.find('@'), text.size());
  Air air;
  air.id = text.substr(0, at);
  air.model_id = id_in(air.id);
  if (!air.model_id) return std::nullopt;
  if (at == text.size()) return air;
  air.version = text.substr(at + 1);
  air.model_version_id = id_in(air.version);
  if (!air.model_version_id) return std::nullopt;
  return air;
}

}  // namespace sdmeta
