// The one door of the extractor: bytes of an image in, raw text fields out.
#pragma once

#include <cstdint>

#include "extractor/byte_source.h"
#include "extractor/limits.h"
#include "extractor/raw_fields.h"

namespace sdmeta {

enum class StealthMode : std::uint8_t { kAuto, kAlways, kNever };

struct ExtractOptions {
  Limits limits;
  /// kAuto decodes pixels in search of stealth data only when no other field of
  /// generation text was found.
  StealthMode stealth = StealthMode::kAuto;
  /// Decode every pixel and report broken images in `damage`.
  bool verify = false;
};

/// Reads every text field of one image. Never fails: what went wrong is in
/// `damage` and `notes`, and whatever was found before it is in `fields`.
/// Thread-safe for distinct sources.
ImageFields extract_fields(ByteSource& source,
                           const ExtractOptions& options = {}) noexcept;

}  // namespace sdmeta
