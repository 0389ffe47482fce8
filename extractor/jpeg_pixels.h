// The pixels of a JPEG, through libjpeg: decoded to find damage, and not kept.
#pragma once

#include <optional>

#include "extractor/byte_source.h"
#include "extractor/error.h"
#include "extractor/limits.h"

namespace sdmeta {

/// As verify_pixels(), of a JPEG.
std::optional<Error> verify_jpeg(ByteSource& source, const Limits& limits);

}  // namespace sdmeta
