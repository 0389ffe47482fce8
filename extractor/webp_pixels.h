// Pixels of a WebP held in memory, through libwebp, never premultiplied.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "extractor/byte_source.h"
#include "extractor/error.h"
#include "extractor/limits.h"

namespace sdmeta {

struct WebpShape {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool has_alpha = false;
  bool is_lossless = false;
  bool is_animated = false;
};

/// From the first bytes of a file, or of a frame of an animation. Nothing if
/// they are no WebP or too few to tell.
std::optional<WebpShape> webp_shape(
    std::span<const std::uint8_t> head) noexcept;

struct WebpRectangle {
  std::uint32_t x = 0;  // even, as y is: chroma is shared by 2 x 2 pixels
  std::uint32_t y = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

/// RGBA of a rectangle of the still image in `file`. The lines above and within
/// it are decoded whatever its width, those below are not. Errors: kTruncated,
/// kCorrupt, and kFieldTooLarge where memory did not suffice.
Result<std::vector<std::uint8_t>> decode_webp(
    std::span<const std::uint8_t> file, const WebpRectangle& part);

/// All bytes of `source`, for decoders that need them in one piece; an error
/// if they or the decoded `pixels` are beyond `limits.max_decoder_bytes`.
Result<std::vector<std::uint8_t>> read_for_decoder(ByteSource& source,
                                                   std::uint64_t pixels,
                                                   const Limits& limits);

}  // namespace sdmeta
