// Text hidden in the lowest bits of pixels ("stealth PNG info"): one bit of the
// alpha channel, or one of each colour, column by column, behind a signature.
// Written by the sd-webui-stealth-pnginfo family, SwarmUI and NovelAI:
// https://github.com/neggles/sd-webui-stealth-pnginfo
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "extractor/byte_source.h"
#include "extractor/error.h"
#include "extractor/limits.h"
#include "extractor/raw_fields.h"

namespace sdmeta {

struct StealthText {
  Carrier carrier = Carrier::kStealthAlpha;
  std::string text;  // unpacked bytes, normally UTF-8; at most max_field_bytes
};

struct StealthResult {
  std::optional<StealthText> found;
  /// What is wrong with a payload whose signature stood: kTruncated (shorter
  /// than it says), kBadCompression, kFieldTooLarge.
  std::vector<Error> notes;
};

/// Looks into the pixels of a PNG (8-bit RGB or RGBA) or of a WebP (lossless,
/// or with alpha); other containers give nothing. Without a signature it costs
/// the few lines in which the first bits contradict it; a broken image gives
/// nothing, as saying so is the container reader's part. May throw
/// std::bad_alloc.
StealthResult read_stealth(ByteSource& source, Container container,
                           const Limits& limits);

}  // namespace sdmeta
