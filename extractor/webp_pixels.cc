#include "extractor/webp_pixels.h"

#include <webp/decode.h>

#include <string>

namespace sdmeta {

std::optional<WebpShape> webp_shape(
    std::span<const std::uint8_t> head) noexcept {
  constexpr int kLossless = 2;  // WebPBitstreamFeatures::format
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(head.data(), head.size(), &features) != VP8_STATUS_OK)
    return std::nullopt;
  WebpShape shape;
  shape.width = static_cast<std::uint32_t>(features.width);
  shape.height = static_cast<std::uint32_t>(features.height);
  shape.has_alpha = features.has_alpha != 0;
  shape.is_lossless = features.format == kLossless;
  shape.is_animated = features.has_animation != 0;
  return shape;
}

Result<std::vector<std::uint8_t>> decode_webp(
    std::span<const std::uint8_t> file, const WebpRectangle& part) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config))
    return Error{ErrorCode::kUnsupportedFormat, "libwebp of another version"};
  config.options.use_cropping = 1;
  config.options.crop_left = static_cast<int>(part.x);
  config.options.crop_top = static_cast<int>(part.y);
  config.options.crop_width = static_cast<int>(part.width);
  config.options.crop_height = static_cast<int>(part.height);

  std::vector<std::uint8_t> pixels(std::size_t{part.width} * part.height * 4);
  config.output.colorspace = MODE_RGBA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels.data();
  config.output.u.RGBA.stride = static_cast<int>(part.width * 4);
  config.output.u.RGBA.size = pixels.size();

  switch (WebPDecode(file.data(), file.size(), &config)) {
    case VP8_STATUS_OK: return pixels;
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return Error{ErrorCode::kTruncated, "file ends inside the image data",
                   file.size()};
    case VP8_STATUS_OUT_OF_MEMORY:
      return Error{ErrorCode::kFieldTooLarge,
                   "not enough memory for the pixels of the image"};
    default:
      return Error{ErrorCode::kCorrupt,
                   "libwebp: image data contradicts itself"};
  }
}

Result<std::vector<std::uint8_t>> read_for_decoder(ByteSource& source,
                                                   std::uint64_t pixels,
                                                   const Limits& limits) {
  constexpr std::uint64_t kBytesPerPixel = 4;
  const std::uint64_t size = source.size();
  if (size > limits.max_decoder_bytes || pixels > limits.max_pixels ||
      pixels > limits.max_decoder_bytes / kBytesPerPixel)
    return Error{ErrorCode::kFieldTooLarge,
                 "pixels not decoded: " + std::to_string(pixels) +
                     " pixels in " + std::to_string(size) +
                     " bytes, decoder may use " +
                     std::to_string(limits.max_decoder_bytes) + " bytes"};
  std::vector<std::uint8_t> bytes(size);
  const Result<std::size_t> got = source.read_at(0, bytes);
  if (!got) return got.error();
  bytes.resize(*got);
  return bytes;
}

}  // namespace sdmeta
