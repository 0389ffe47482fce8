// --verify: decodes the image data and says whether it is whole. A download
// that broke off has a sound head; only its pixels tell.
#pragma once

#include <optional>

#include "extractor/byte_source.h"
#include "extractor/error.h"
#include "extractor/limits.h"
#include "extractor/raw_fields.h"

namespace sdmeta {

/// Nothing if every pixel of a PNG, JPEG or WebP (all frames) could be decoded,
/// and for other containers, whose structure their reader has checked.
/// kTruncated, kCorrupt and kUnreadable say that the image is broken;
/// kFieldTooLarge and kUnsupportedFormat that it could not be judged.
/// A decoder's warning counts as damage where it means lost image data. May
/// throw std::bad_alloc.
std::optional<Error> verify_pixels(ByteSource& source, Container container,
                                   const Limits& limits);

}  // namespace sdmeta
