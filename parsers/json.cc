#include "parsers/json.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace sdmeta {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <class Number>
std::optional<Number> from_text(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  return number;
}

constexpr double kTwoTo63 = 9223372036854775808.0;

}  // namespace

JsonValue JsonValue::operator[](std::string_view key) const {
  if (!is_object()) return {};
  simdjson::dom::element found;
  if (element_.get_object().value_unsafe().at_key(key).get(found)) return {};
  return JsonValue(found);
}

JsonValue JsonValue::operator[](std::size_t index) const {
  if (!is_array()) return {};
  simdjson::dom::element found;
  if (element_.get_array().value_unsafe().at(index).get(found)) return {};
  return JsonValue(found);
}

std::size_t JsonValue::size() const {
  if (is_object()) return element_.get_object().value_unsafe().size();
  if (is_array()) return element_.get_array().value_unsafe().size();
  return 0;
}

std::optional<std::string_view> JsonValue::string() const {
  if (!is_string()) return std::nullopt;
  return element_.get_string().value_unsafe();
}

std::optional<bool> JsonValue::boolean() const {
  if (!is_bool()) return std::nullopt;
  return element_.get_bool().value_unsafe();
}

std::optional<double> JsonValue::number() const {
  if (is_number()) return element_.get_double().value_unsafe();
  if (const auto text = string()) {
    const auto number = from_text<double>(*text);
    if (number && std::isfinite(*number)) return number;
  }
  return std::nullopt;
}

std::optional<std::int64_t> JsonValue::integer() const {
  if (!exists_) return std::nullopt;
  if (element_.is_int64()) return element_.get_int64().value_unsafe();
  if (const auto text = string())
    if (const auto exact = from_text<std::int64_t>(*text)) return exact;
  const auto wide = number();
  if (wide && std::trunc(*wide) == *wide && std::fabs(*wide) < kTwoTo63)
    return static_cast<std::int64_t>(*wide);
  return std::nullopt;
}

std::optional<std::string> JsonValue::digits() const {
  if (!exists_) return std::nullopt;
  if (element_.is_int64())
    return std::to_string(element_.get_int64().value_unsafe());
  if (element_.is_uint64())
    return std::to_string(element_.get_uint64().value_unsafe());
  if (const auto text = string()) {
    const std::string_view digits = trimmed(*text);
    const std::size_t sign = digits.starts_with('-') ? 1 : 0;
    if (digits.size() > sign && digits.size() <= 64 &&
        digits.find_first_not_of("0123456789", sign) == digits.npos)
      return std::string(digits);
  }
  const auto whole = integer();
  if (whole) return std::to_string(*whole);
  return std::nullopt;
}

std::string JsonValue::text() const {
  if (!exists_) return {};
  if (const auto value = string()) return std::string(*value);
  if (is_number() && !element_.is_int64() && !element_.is_uint64()) {
    const double value = element_.get_double().value_unsafe();
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    std::string text(buffer, end);
    if (text.find_first_of(".en") == text.npos) text += ".0";
    return text;
  }
  return simdjson::minify(element_);
}

struct JsonDocument::Storage {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
};

JsonDocument::JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

JsonValue JsonDocument::root() const {
  return storage_ ? JsonValue(storage_->root) : JsonValue();
}

JsonDocument parse_json(std::string_view text, const Limits& limits) {
  JsonDocument document;
  auto storage = std::make_unique<JsonDocument::Storage>();
  if (storage->parser.allocate(text.size(), limits.max_json_depth))
    return document;
  if (storage->parser.parse(text.data(), text.size()).get(storage->root))
    return document;
  document.storage_ = std::move(storage);
  return document;
}

}  // namespace sdmeta
