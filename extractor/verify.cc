#include "extractor/verify.h"

#include <vector>

#include "extractor/byte_cursor.h"
#include "extractor/jpeg_pixels.h"
#include "extractor/pixel_limit.h"
#include "extractor/png_rows.h"
#include "extractor/webp_pixels.h"

namespace sdmeta {
namespace {

std::optional<Error> verify_png(ByteSource& source, const Limits& limits) {
  PngRows rows(source);
  const std::optional<PngHeader> header = rows.open();
  if (!header) return rows.error();
  if (std::uint64_t{header->width} * header->height > limits.max_pixels)
    return too_many_pixels(header->width, header->height);
  while (rows.next()) {
  }
  rows.finish();
  return rows.error();
}

/// Decodes the still image or the frame in `bytes`, keeping its last lines.
std::optional<Error> verify_webp_image(Bytes bytes, const Limits& limits) {
  const std::optional<WebpShape> shape = webp_shape(bytes);
  if (!shape || shape->width == 0 || shape->height == 0)
    return Error{ErrorCode::kCorrupt, "libwebp: no image data"};
  if (std::uint64_t{shape->width} * shape->height >
      limits.max_decoder_bytes / 4)
    return too_many_pixels(shape->width, shape->height);
  const std::uint32_t y = (shape->height - 1) & ~1u;
  const Result<std::vector<std::uint8_t>> pixels =
      decode_webp(bytes, {0, y, shape->width, shape->height - y});
  if (!pixels) return pixels.error();
  return std::nullopt;
}

/// Each frame of an animation by itself.
std::optional<Error> verify_webp_frames(Bytes file, const Limits& limits) {
  constexpr std::size_t kRiffHeader = 12;
  constexpr std::size_t kChunkHeader = 8;
  constexpr std::size_t kFrameHeader = 16;  // place, size, duration, flags
  std::uint64_t pixels_left = limits.max_pixels;
  std::size_t at = kRiffHeader;
  while (at + kChunkHeader <= file.size()) {
    const std::size_t start = at + kChunkHeader;
    const std::uint64_t length = ByteCursor(file, at + 4).le32();
    if (length > file.size() - start)
      return Error{ErrorCode::kTruncated, "file ends inside a frame", at};
    if (begins_with(file.subspan(at), "ANMF") && length > kFrameHeader) {
      const Bytes frame =
          file.subspan(start + kFrameHeader, length - kFrameHeader);
      const std::optional<WebpShape> shape = webp_shape(frame);
      if (shape) {
        const std::uint64_t pixels =
            std::uint64_t{shape->width} * shape->height;
        if (pixels > pixels_left)
          return too_many_pixels(shape->width, shape->height);
        pixels_left -= pixels;
      }
      if (std::optional<Error> error = verify_webp_image(frame, limits)) {
        error->offset = at;
        return error;
      }
    }
    at = start + length + (length & 1);
  }
  return std::nullopt;
}

std::optional<Error> verify_webp(ByteSource& source, const Limits& limits) {
  const Result<std::vector<std::uint8_t>> file =
      read_for_decoder(source, 0, limits);
  if (!file) return file.error();
  const std::optional<WebpShape> shape = webp_shape(*file);
  if (shape && shape->is_animated) return verify_webp_frames(*file, limits);
  return verify_webp_image(*file, limits);
}

}  // namespace

std::optional<Error> verify_pixels(ByteSource& source, Container container,
                                   const Limits& limits) {
  switch (container) {
    case Container::kPng: return verify_png(source, limits);
    case Container::kJpeg: return verify_jpeg(source, limits);
    case Container::kWebp: return verify_webp(source, limits);
    default: return std::nullopt;
  }
}

}  // namespace sdmeta
