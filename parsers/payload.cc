#include "parsers/payload.h"

#include <algorithm>
#include <cctype>

namespace sdmeta {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\0';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// `Workflow: {...}`: ComfyUI's savers put a keyword in front of JSON when the
// container has no keywords (Exif tags).
std::size_t label_length(std::string_view text) {
  constexpr std::size_t kLongestLabel = 32;
  const std::size_t colon = text.substr(0, kLongestLabel).find(':');
  if (colon == text.npos || colon == 0) return 0;
  const bool is_word = std::all_of(
      text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
      [](unsigned char c) { return std::isalpha(c) || c == '_'; });
  if (!is_word) return 0;
  const std::string_view rest = trimmed(text.substr(colon + 1));
  return rest.starts_with('{') || rest.starts_with('[') ? colon : 0;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) {
                      return std::tolower(x) == std::tolower(y);
                    });
}

}  // namespace

const JsonDocument& Payload::document() const {
  if (!document_)
    document_ = std::make_unique<JsonDocument>(parse_json(text_, *limits_));
  return *document_;
}

JsonValue Payload::json() const {
  return looks_like_json() ? document().root() : JsonValue();
}

Payloads::Payloads(const ImageFields& image, const Limits& limits)
    : image_(&image), limits_(&limits) {
  payloads_.reserve(image.fields.size());
  for (const RawField& field : image.fields) {
    std::string_view key = field.key;
    std::string_view text = trimmed(field.value);
    if (const std::size_t label = label_length(text)) {
      key = text.substr(0, label);
      text = trimmed(text.substr(label + 1));
    }
    payloads_.emplace_back(field, key, text, limits);
  }
}

const Payload* Payloads::find(std::string_view key) const {
  for (const Payload& payload : payloads_)
    if (payload.key() == key) return &payload;
  for (const Payload& payload : payloads_)
    if (equal_ignoring_case(payload.key(), key)) return &payload;
  return nullptr;
}

}  // namespace sdmeta
