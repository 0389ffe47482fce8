// Bounds-checked reading of numbers from bytes that nobody has vouched for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sdmeta {

using Bytes = std::span<const std::uint8_t>;

enum class ByteOrder : std::uint8_t { kLittle, kBig };

inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The part of [offset, offset + count) that lies inside `bytes`.
inline Bytes clipped(Bytes bytes, std::size_t offset,
                     std::size_t count = SIZE_MAX) noexcept {
  if (offset >= bytes.size()) return {};
  const std::size_t rest = bytes.size() - offset;
  return bytes.subspan(offset, count < rest ? count : rest);
}

inline bool begins_with(Bytes bytes, std::string_view prefix) noexcept {
  return as_text(bytes).starts_with(prefix);
}

/// A position in bytes. A read past the end gives 0, moves to the end and makes
/// `is_overrun` true for good, so that one test after several reads is enough.
class ByteCursor {
 public:
  explicit ByteCursor(Bytes bytes, std::size_t position = 0) noexcept
      : bytes_(bytes),
        position_(position <= bytes.size() ? position : bytes.size()),
        is_overrun_(position > bytes.size()) {}

  std::size_t position() const noexcept { return position_; }
  std::size_t remaining() const noexcept { return bytes_.size() - position_; }
  bool is_overrun() const noexcept { return is_overrun_; }

  std::uint8_t u8() noexcept {
    return static_cast<std::uint8_t>(number(1, ByteOrder::kBig));
  }
  std::uint16_t be16() noexcept {
    return static_cast<std::uint16_t>(number(2, ByteOrder::kBig));
  }
  std::uint32_t be24() noexcept {
    return static_cast<std::uint32_t>(number(3, ByteOrder::kBig));
  }
  std::uint32_t be32() noexcept {
    return static_cast<std::uint32_t>(number(4, ByteOrder::kBig));
  }
  std::uint64_t be64() noexcept { return number(8, ByteOrder::kBig); }
  std::uint16_t le16() noexcept {
    return static_cast<std::uint16_t>(number(2, ByteOrder::kLittle));
  }
  std::uint32_t le24() noexcept {
    return static_cast<std::uint32_t>(number(3, ByteOrder::kLittle));
  }
  std::uint32_t le32() noexcept {
    return static_cast<std::uint32_t>(number(4, ByteOrder::kLittle));
  }

  /// An unsigned number of `count` bytes, at most 8.
  std::uint64_t number(std::size_t count, ByteOrder order) noexcept {
    const Bytes digits = take(count);
    if (digits.size() < count) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = order == ByteOrder::kBig ? i : count - 1 - i;
      value = value << 8 | digits[at];
    }
    return value;
  }

  /// The next `count` bytes, fewer (and an overrun) at the end.
  Bytes take(std::size_t count) noexcept {
    if (count > remaining()) {
      is_overrun_ = true;
      count = remaining();
    }
    const Bytes taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

  void skip(std::size_t count) noexcept { take(count); }

  /// Everything that is left; the position does not move.
  Bytes rest() const noexcept { return bytes_.subspan(position_); }

 private:
  Bytes bytes_;
  std::size_t position_;
  bool is_overrun_;
};

}  // namespace sdmeta
