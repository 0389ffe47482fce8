// Which image a file name speaks of. Downloads are named by image_id
// (12345678.png, 12345678_foo.png, civitai_12345678.jpeg), by UUID, or lie in
// folders that mirror the address (<uuid>/original=true/x.jpeg).
//
// Kept from being taken for an image_id, because wrong joins are worse than
// missing ones:
// - part of a stem with fewer than five digits: "foo_2.png", "2024-01-31.png";
// - digits that touch a letter: "1024x1024.png";
// - the number of a descriptor: /dev/fd/63; paths with line ends in them;
// - leading zeros, and the number behind a counter that has them: A1111 names
//   its files 00012-3456789.png, which is a counter and a seed.
// What may be a date or a clock time (IMG_20231005_123456.png) is an image_id
// only where a row has it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "extractor/error.h"
#include "pipeline/image_key.h"

namespace sdmeta {

enum class MatchKey : std::uint8_t { kAny, kImageId, kImageUrl, kId, kRegex };

/// What a name may mean; numbers are values of the column image_id, or of id
/// where that was asked for.
struct NameKey {
  enum class Kind : std::uint8_t { kNumber, kUuid };
  Kind kind = Kind::kNumber;
  std::uint64_t number = 0;
  Uuid uuid;
  /// Not to be believed without a row: it looks like a date or a clock time, or
  /// the name says that it is something else (`seed_12345678`).
  bool is_doubtful = false;

  bool operator==(const NameKey&) const = default;
};

/// Keys of one name, likeliest first, each once.
class NameKeys {
 public:
  static constexpr std::size_t kMax = 8;

  std::span<const NameKey> all() const { return {keys_.data(), size_}; }
  void add(const NameKey& key);
  void add(std::optional<std::uint64_t> number, bool is_doubtful = false);
  void add(const std::optional<Uuid>& uuid);

 private:
  std::array<NameKey, kMax> keys_;
  std::size_t size_ = 0;
};

/// Reads keys off names in one way. Thread-safe after construction.
class NameMatcher {
 public:
  /// For kRegex, `regex` is an ECMAScript expression whose first group, or
  /// whole match if it has none, is a number or a UUID. It is searched in the
  /// member's name, else in the path. A bad one is kMalformed.
  static Result<NameMatcher> make(MatchKey match, const std::string& regex);
  NameMatcher(NameMatcher&&) noexcept;
  NameMatcher& operator=(NameMatcher&&) noexcept;
  ~NameMatcher();

  /// In this order: the whole stem, a UUID at its begin or end or between other
  /// words of it, UUIDs among the folders (nearest first, then the path of the
  /// archive), a number at begin or end of the stem.
  NameKeys keys(std::string_view path, std::string_view member) const;

 private:
  struct Regex;
  NameMatcher(MatchKey match, std::unique_ptr<Regex> regex);

  MatchKey match_;
  std::unique_ptr<Regex> regex_;
};

}  // namespace sdmeta
