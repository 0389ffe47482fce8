// Reading JSON as tools really write it. A thin view over simdjson that never
// throws, forgives missing members and mistyped scalars, and keeps integers
// exact. Internal to parsers/; the only header here that names simdjson.
//
//   JsonDocument document = parse_json(text, limits);
//   if (const auto steps = document.root()["steps"].integer()) ...
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/error.h"
#include "extractor/limits.h"

namespace sdmeta {

struct JsonMember;

/// A value inside a JsonDocument, or nothing (`is_missing`). Cheap to copy;
/// valid while the document lives. Every accessor works on every kind and gives
/// nullopt or a missing value where it does not apply.
class JsonValue {
 public:
  JsonValue() = default;
  explicit JsonValue(simdjson::dom::element element)
      : element_(element), exists_(true) {}

  bool is_missing() const { return !exists_; }
  bool is_null() const { return exists_ && element_.is_null(); }
  bool is_object() const { return exists_ && element_.is_object(); }
  bool is_array() const { return exists_ && element_.is_array(); }
  bool is_string() const { return exists_ && element_.is_string(); }
  bool is_number() const { return exists_ && element_.is_number(); }
  bool is_bool() const { return exists_ && element_.is_bool(); }
  /// Present and not null.
  explicit operator bool() const { return exists_ && !element_.is_null(); }

  /// Member by exact name, the first if it repeats; missing if there is none.
  JsonValue operator[](std::string_view key) const {
    simdjson::dom::object object;
    simdjson::dom::element found;
    if (!get(object) || object.at_key(key).get(found)) return {};
    return JsonValue(found);
  }
  /// Literals would fit both kinds of index.
  JsonValue operator[](const char* key) const {
    return (*this)[std::string_view(key)];
  }
  /// Element by position; missing past the end. Linear in `index`.
  JsonValue operator[](std::size_t index) const {
    simdjson::dom::array array;
    simdjson::dom::element found;
    if (!get(array) || array.at(index).get(found)) return {};
    return JsonValue(found);
  }
  JsonValue operator[](int index) const {
    return index < 0 ? JsonValue() : (*this)[static_cast<std::size_t>(index)];
  }
  /// Members of an object or elements of an array; 0 for scalars. Exact up to
  /// 2^24 - 1, which is what simdjson counts to.
  std::size_t size() const {
    if (simdjson::dom::object object; get(object)) return object.size();
    if (simdjson::dom::array array; get(array)) return array.size();
    return 0;
  }

  /// The string, if it is one. A view into the document.
  std::optional<std::string_view> string() const {
    std::string_view text;
    if (!get(text)) return std::nullopt;
    return text;
  }
  std::optional<bool> boolean() const {
    bool value = false;
    if (!get(value)) return std::nullopt;
    return value;
  }
  /// Numbers and numeric strings ("7.5").
  std::optional<double> number() const;
  /// Integers, doubles without a fraction (20.0) and integer strings, where
  /// they fit.
  std::optional<std::int64_t> integer() const;
  /// A seed: any integer from -2^63 to 2^64-1, 1.5e9, or a string of digits of
  /// at most 64 characters, as decimal digits.
  std::optional<std::string> digits() const;
  /// Scalars as text (strings as they are, numbers in shortest form, "true",
  /// "null"), objects and arrays as compact JSON. Empty if missing.
  std::string text() const;

  /// Calls `visit(std::string_view key, JsonValue value)` for each member of an
  /// object, in order.
  template <class Visit>
  void for_each_member(Visit&& visit) const {
    simdjson::dom::object object;
    if (!get(object)) return;
    for (const auto [key, value] : object) visit(key, JsonValue(value));
  }
  /// Calls `visit(JsonValue element)` for each element of an array, in order.
  template <class Visit>
  void for_each_element(Visit&& visit) const {
    simdjson::dom::array array;
    if (!get(array)) return;
    for (const auto value : array) visit(JsonValue(value));
  }

 private:
  template <class Kind>
  bool get(Kind& value) const {
    return exists_ && element_.get(value) == simdjson::SUCCESS;
  }

  simdjson::dom::element element_{};
  bool exists_ = false;
};

/// A parsed text. Movable; owns everything its values point to.
class JsonDocument {
 public:
  JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  /// Missing if the text was not readable even after repair.
  JsonValue root() const { return root_; }
  /// kJsonRepaired: the text was not strict JSON; says what was done.
  const std::optional<Error>& repair() const { return repair_; }
  /// kMalformed: why `root` is missing, in simdjson's words.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  friend JsonDocument parse_json(std::string_view, const Limits&, std::size_t);
  struct Storage;
  class Pool;
  std::unique_ptr<Storage> storage_;
  JsonValue root_;
  std::optional<Error> repair_;
  std::optional<Error> failure_;
};

/// Parses `text`. What strict JSON refuses and tools write is repaired, NaN and
/// the like outside strings only: see json_repair.h. Depth is bounded by
/// `limits.max_json_depth`, work and memory are linear in the text.
/// `spare_bytes` after the end of `text` may be read (their values do not
/// matter); with 64 of them the text is parsed where it stands.
JsonDocument parse_json(std::string_view text, const Limits& limits,
                        std::size_t spare_bytes = 0);

}  // namespace sdmeta
