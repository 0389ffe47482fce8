#include "tests/support/pixel_images.h"

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>
#include <zlib.h>

#include <cstdio>  // jpeglib.h needs size_t and FILE
#include <cstdlib>

namespace sdmeta::test {

Pixels picture(std::uint32_t width, std::uint32_t height,
               std::uint32_t channels) {
  Pixels pixels{width, height, channels, {}};
  pixels.bytes.reserve(std::size_t{width} * height * channels);
  std::uint32_t noise = 1;
  for (std::uint32_t y = 0; y < height; ++y) {
    for (std::uint32_t x = 0; x < width; ++x) {
      noise = noise * 1664525 + 1013904223;
      for (std::uint32_t c = 0; c < channels; ++c) {
        const std::uint32_t value = x * (c + 1) + y * 2 + (noise >> 28);
        pixels.bytes.push_back(c == 3 ? 255 : static_cast<std::uint8_t>(value));
      }
    }
  }
  return pixels;
}

void hide(Pixels& pixels, std::string_view signature, std::string_view payload,
          std::optional<std::uint32_t> declared_bits, std::string_view behind) {
  const std::uint32_t bits =
      declared_bits.value_or(static_cast<std::uint32_t>(payload.size() * 8));
  std::string stream(signature);
  for (int shift = 24; shift >= 0; shift -= 8)
    stream.push_back(static_cast<char>(bits >> shift));
  stream.append(payload).append(behind);

  const bool is_alpha = signature.starts_with("stealth_png");
  const std::uint32_t first = is_alpha ? 3 : 0;
  const std::uint32_t last = is_alpha ? 4 : 3;
  std::size_t index = 0;
  for (std::uint32_t x = 0; x < pixels.width; ++x) {
    for (std::uint32_t y = 0; y < pixels.height; ++y) {
      std::uint8_t* pixel =
          pixels.bytes.data() +
          (std::size_t{y} * pixels.width + x) * pixels.channels;
      for (std::uint32_t c = first; c < last; ++c, ++index) {
        if (index / 8 >= stream.size()) return;
        const int bit = stream[index / 8] >> (7 - index % 8) & 1;
        pixel[c] = static_cast<std::uint8_t>((pixel[c] & 0xFE) | bit);
      }
    }
  }
}

std::vector<std::uint8_t> png_of(const Pixels& pixels, PngLayout layout) {
  std::vector<std::uint8_t> file;
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp writer, png_bytep bytes, std::size_t count) {
        auto* out =
            static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(writer));
        out->insert(out->end(), bytes, bytes + count);
      },
      nullptr);
  png_set_IHDR(png, info, pixels.width, pixels.height, 8,
               pixels.channels == 4 ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB,
               layout == PngLayout::kInterlaced ? PNG_INTERLACE_ADAM7
                                                : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  std::vector<std::uint8_t> copy = pixels.bytes;
  std::vector<png_bytep> rows;
  for (std::uint32_t y = 0; y < pixels.height; ++y)
    rows.push_back(copy.data() +
                   std::size_t{y} * pixels.width * pixels.channels);
  png_write_info(png, info);
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

std::vector<std::uint8_t> jpeg_of(const Pixels& pixels, JpegLayout layout) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_width = pixels.width;
  jpeg.image_height = pixels.height;
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  std::vector<jpeg_scan_info> scans = {{3, {0, 1, 2, 0}, 0, 0, 0, 0}};
  for (int component = 0; component < 3; ++component)
    for (int k = 1; k < DCTSIZE2; ++k)
      scans.push_back({1, {component, 0, 0, 0}, k, k, 0, 0});
  if (layout == JpegLayout::kProgressive) jpeg_simple_progression(&jpeg);
  if (layout == JpegLayout::kManyScans) {
    jpeg.scan_info = scans.data();
    jpeg.num_scans = static_cast<int>(scans.size());
  }
  jpeg_start_compress(&jpeg, TRUE);
  std::vector<std::uint8_t> line(std::size_t{pixels.width} * 3);
  for (std::uint32_t y = 0; y < pixels.height; ++y) {
    for (std::uint32_t x = 0; x < pixels.width; ++x)
      for (std::uint32_t c = 0; c < 3; ++c)
        line[x * 3 + c] =
            pixels.bytes[(std::size_t{y} * pixels.width + x) * pixels.channels +
                         c];
    JSAMPROW row = line.data();
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::vector<std::uint8_t> file(memory, memory + size);
  jpeg_destroy_compress(&jpeg);
  std::free(memory);
  return file;
}

std::vector<std::uint8_t> webp_of(const Pixels& pixels, WebpLayout layout) {
  WebPConfig config;
  WebPConfigInit(&config);
  config.lossless = layout == WebpLayout::kLossless;
  config.exact = 1;
  config.quality = 80;
  config.method = 1;
  WebPPicture encoded;
  WebPPictureInit(&encoded);
  encoded.use_argb = 1;
  encoded.width = static_cast<int>(pixels.width);
  encoded.height = static_cast<int>(pixels.height);
  const int stride = static_cast<int>(pixels.width * pixels.channels);
  if (pixels.channels == 4)
    WebPPictureImportRGBA(&encoded, pixels.bytes.data(), stride);
  else
    WebPPictureImportRGB(&encoded, pixels.bytes.data(), stride);
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  encoded.writer = WebPMemoryWrite;
  encoded.custom_ptr = &writer;
  WebPEncode(&config, &encoded);
  std::vector<std::uint8_t> file(writer.mem, writer.mem + writer.size);
  WebPMemoryWriterClear(&writer);
  WebPPictureFree(&encoded);
  return file;
}

}  // namespace sdmeta::test
