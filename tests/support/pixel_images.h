// Images with real pixels, encoded by libpng, libjpeg and libwebp, and text
// hidden in their lowest bits the way the stealth writers do it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sdmeta::test {

struct Pixels {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t channels = 4;  // 3: RGB, 4: RGBA
  std::vector<std::uint8_t> bytes;
};

/// A smooth picture with some noise; alpha is opaque. The same each time.
Pixels picture(std::uint32_t width, std::uint32_t height,
               std::uint32_t channels);

/// Writes `signature`, a length and `payload` into the lowest bits: of alpha
/// for the signatures "stealth_png...", else of the colours. `declared_bits`
/// replaces the true length; `behind` follows the payload.
void hide(Pixels& pixels, std::string_view signature, std::string_view payload,
          std::optional<std::uint32_t> declared_bits = {},
          std::string_view behind = {});

enum class PngLayout : std::uint8_t { kPlain, kInterlaced };
std::vector<std::uint8_t> png_of(const Pixels& pixels,
                                 PngLayout layout = PngLayout::kPlain);

enum class JpegLayout : std::uint8_t {
  kBaseline,
  kProgressive,
  kManyScans,  // progressive, one scan for each coefficient: 190
};
/// Alpha is left out.
std::vector<std::uint8_t> jpeg_of(const Pixels& pixels,
                                  JpegLayout layout = JpegLayout::kBaseline);

enum class WebpLayout : std::uint8_t { kLossless, kLossy };
std::vector<std::uint8_t> webp_of(const Pixels& pixels, WebpLayout layout);

}  // namespace sdmeta::test
