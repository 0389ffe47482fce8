#include "parsers/html_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "parsers/payload.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

using std::string_view;

// `[ {&quot;`
bool starts_like_escaped_json(string_view text) {
  constexpr std::size_t kFirstBytes = 64;
  if (!text.starts_with('{') && !text.starts_with('[')) return false;
  text = text.substr(0, kFirstBytes);
  text.remove_prefix(
      std::min(text.find_first_not_of("{[ \t\r\n"), text.size()));
  return text.starts_with("&quot;") || text.starts_with("&#34;");
}

bool is_escaped(string_view text) {
  if (starts_like_escaped_json(text)) return true;
  if (starts_like_json(text)) return false;  // long to search
  if (text.find('&') == text.npos) return false;
  return text.find("hashes: &quot;") != text.npos ||
         (text.find("&lt;lora:") != text.npos &&
          text.find("<lora:") == text.npos);
}

struct Entity {
  string_view name;
  char meaning;
};
constexpr std::array kEntities = std::to_array<Entity>({{"amp", '&'},
                                                        {"apos", '\''},
                                                        {"gt", '>'},
                                                        {"lt", '<'},
                                                        {"nbsp", ' '},
                                                        {"quot", '"'}});

// What stands between `&` and `;`; 0 if it is no escape of ASCII.
char meaning_of(string_view name) {
  if (name.starts_with('#')) {
    name.remove_prefix(1);
    const bool is_hex = name.starts_with('x') || name.starts_with('X');
    if (is_hex) name.remove_prefix(1);
    std::uint8_t code = 0;
    const char* const end = name.data() + name.size();
    const auto [stop, error] =
        std::from_chars(name.data(), end, code, is_hex ? 16 : 10);
    const bool is_ascii = error == std::errc{} && stop == end && code < 0x80;
    return is_ascii ? static_cast<char>(code) : '\0';
  }
  for (const Entity& entity : kEntities)
    if (entity.name == name) return entity.meaning;
  return '\0';
}

std::string resolved(string_view text) {
  constexpr std::size_t kLongest = 6;  // bytes of a name
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const std::size_t start = std::min(text.find('&'), text.size());
    result += text.substr(0, start);
    text.remove_prefix(start);
    if (text.empty()) break;
    const std::size_t end = text.substr(0, kLongest + 2).find(';');
    const char meaning =
        end == text.npos ? '\0' : meaning_of(text.substr(1, end - 1));
    result += meaning == '\0' ? '&' : meaning;
    text.remove_prefix(meaning == '\0' ? 1 : end + 1);
  }
  return result;
}

}  // namespace

std::optional<std::string> without_html_escapes(string_view text) {
  if (!is_escaped(trimmed(text))) return std::nullopt;
  return resolved(text);
}

}  // namespace sdmeta
