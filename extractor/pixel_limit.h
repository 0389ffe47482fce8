// What is said of an image that has too many pixels to decode.
#pragma once

#include <cstdint>
#include <string>

#include "extractor/error.h"

namespace sdmeta {

inline Error too_many_pixels(std::uint64_t width, std::uint64_t height) {
  return Error{ErrorCode::kFieldTooLarge, "pixels not decoded: image is " +
                                              std::to_string(width) + " x " +
                                              std::to_string(height)};
}

}  // namespace sdmeta
