// What images are known by: a number (image_id, id) or a UUID.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sdmeta {

struct Uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool operator==(const Uuid&) const = default;
};

/// 36 characters, 8-4-4-4-12 hexadecimal digits of either case.
std::optional<Uuid> parse_uuid(std::string_view text) noexcept;

/// As parse_uuid() reads it, in lower case.
std::string to_text(const Uuid& uuid);

/// The first UUID that stands by itself in `text`, e.g. in a whole address.
std::optional<Uuid> find_uuid(std::string_view text) noexcept;

/// Decimal digits without sign and leading zeros, at most 2^64-1.
std::optional<std::uint64_t> parse_image_number(std::string_view text) noexcept;

}  // namespace sdmeta
