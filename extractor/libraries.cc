#include "extractor/libraries.h"

#include <brotli/decode.h>
#include <stdio.h>  // jpeglib.h needs it
#include <jpeglib.h>
#include <png.h>
#include <webp/decode.h>

#define SDMETA_TEXT_OF(x) #x
#define SDMETA_TEXT(x) SDMETA_TEXT_OF(x)

namespace sdmeta {
namespace {

// As WebP and Brotli pack them: a number of `bits` bits for each part.
std::string dotted(unsigned packed, unsigned bits) {
  const unsigned mask = (1u << bits) - 1;
  return std::to_string(packed >> (2 * bits)) + "." +
         std::to_string(packed >> bits & mask) + "." +
         std::to_string(packed & mask);
}

}  // namespace

std::string image_libraries() {
  std::string text = "libpng ";
  text += png_get_libpng_ver(nullptr);
#ifdef LIBJPEG_TURBO_VERSION
  text += "\nlibjpeg-turbo " SDMETA_TEXT(LIBJPEG_TURBO_VERSION);
#else
  text += "\nlibjpeg API " SDMETA_TEXT(JPEG_LIB_VERSION);
#endif
  text += "\nlibwebp " +
          dotted(static_cast<unsigned>(WebPGetDecoderVersion()), 8);
  text += "\nbrotli " + dotted(BrotliDecoderVersion(), 12) + "\n";
  return text;
}

}  // namespace sdmeta
