#include "pipeline/image_key.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::size_t kUuidLength = 36;

std::uint64_t load_first_byte_lowest(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big)
    word = __builtin_bswap64(word);
  return word;
}

/// Eight hexadecimal digits, all at once in one register: a CSV has millions of
/// UUIDs. Sums below stay under 0x100 in every byte, so nothing carries over.
bool read_hex(const char* digits, std::uint64_t& value) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x80 * kOnes;
  const std::uint64_t word = load_first_byte_lowest(digits);
  const std::uint64_t ascii = word & ~kHigh;
  // '0' to '9' become 0 to 9; 'A' to 'F' and 'a' to 'f' become 1 to 6.
  const std::uint64_t digit = ascii ^ (0x30 * kOnes);
  const std::uint64_t letter = (ascii | (0x20 * kOnes)) ^ (0x60 * kOnes);
  const std::uint64_t is_digit = ~(digit + 0x76 * kOnes);
  const std::uint64_t is_letter =
      (letter + 0x7F * kOnes) & ~(letter + 0x79 * kOnes);
  if (((is_digit | is_letter) & ~word & kHigh) != kHigh) return false;

  std::uint64_t x = (word & (0x0F * kOnes)) + 9 * ((word >> 6) & kOnes);
  x = (x << 4 | x >> 8) & 0x00FF00FF00FF00FF;
  x = (x << 8 | x >> 16) & 0x0000FFFF0000FFFF;
  value = (x << 16 | x >> 32) & 0xFFFFFFFF;
  return true;
}

/// Eight decimal digits.
bool read_decimal(const char* digits, std::uint64_t& value) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t word = load_first_byte_lowest(digits);
  // The upper half of each byte is 3, and stays 3 if 6 is added.
  const std::uint64_t above = word + 0x06 * kOnes;
  if (((word & (0xF0 * kOnes)) | (above & (0xF0 * kOnes)) >> 4) != 0x33 * kOnes)
    return false;
  std::uint64_t x = word & (0x0F * kOnes);
  x = (x * 10 + (x >> 8)) & 0x00FF00FF00FF00FF;
  x = (x * 100 + (x >> 16)) & 0x0000FFFF0000FFFF;
  value = (x * 10000 + (x >> 32)) & 0xFFFFFFFF;
  return true;
}

bool is_word(char c) { return is_digit(c) || is_letter(c); }

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) noexcept {
  if (text.size() != kUuidLength || text[8] != '-' || text[13] != '-' ||
      text[18] != '-' || text[23] != '-')
    return std::nullopt;
  std::array<char, 32> digits;
  std::memcpy(digits.data(), text.data(), 8);
  std::memcpy(digits.data() + 8, text.data() + 9, 4);
  std::memcpy(digits.data() + 12, text.data() + 14, 4);
  std::memcpy(digits.data() + 16, text.data() + 19, 4);
  std::memcpy(digits.data() + 20, text.data() + 24, 12);
  std::array<std::uint64_t, 4> words;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (!read_hex(digits.data() + 8 * i, words[i])) return std::nullopt;
  return Uuid{words[0] << 32 | words[1], words[2] << 32 | words[3]};
}

std::string to_text(const Uuid& uuid) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", uuid.high >> 32,
                     uuid.high >> 16 & 0xFFFF, uuid.high & 0xFFFF,
                     uuid.low >> 48, uuid.low & 0xFFFFFFFFFFFF);
}

std::optional<Uuid> find_uuid(std::string_view text) noexcept {
  for (std::size_t dash = text.find('-', 8); dash != std::string_view::npos;
       dash = text.find('-', dash + 1)) {
    const std::size_t begin = dash - 8;
    const std::size_t end = begin + kUuidLength;
    if (end > text.size()) break;
    if (begin != 0 && is_word(text[begin - 1])) continue;
    if (end != text.size() && is_word(text[end])) continue;
    if (const auto uuid = parse_uuid(text.substr(begin, kUuidLength)))
      return uuid;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_image_number(
    std::string_view text) noexcept {
  if (text.empty() || (text.front() == '0' && text.size() > 1))
    return std::nullopt;
  std::uint64_t number = 0;
  if (text.size() < 8 || text.size() > 15) {
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
      return std::nullopt;
    return number;
  }
  // An image_id has eight or nine digits, and a CSV has millions of them.
  if (!read_decimal(text.data(), number)) return std::nullopt;
  for (const char c : text.substr(8)) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

}  // namespace sdmeta
