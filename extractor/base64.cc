#include "extractor/base64.h"

#include <array>
#include <cstdint>

namespace sdmeta {

namespace {

constexpr std::uint8_t kOther = 64;
constexpr std::uint8_t kLineEnd = 65;

// What each character stands for. `+/` are `-_` where a URL may hold the text.
constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kOther);
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<std::uint8_t>(kDigits[i])] =
        static_cast<std::uint8_t>(i);
  values['-'] = 62;
  values['_'] = 63;
  values['\r'] = values['\n'] = kLineEnd;
  return values;
}();

}  // namespace

std::string decode_base64(std::string_view text, std::size_t& read) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  int count = 0;  // of the lowest `bits` that are not yet bytes
  for (read = 0; read < text.size(); ++read) {
    const std::uint8_t value = kValues[static_cast<std::uint8_t>(text[read])];
    if (value == kLineEnd) continue;
    if (value == kOther) break;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

}  // namespace sdmeta
