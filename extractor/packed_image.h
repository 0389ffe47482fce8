// Images that are packed: by gzip, as the body of an answer that a program
// saved as it came; or as base64, as interfaces and web pages hand them on. Not
// archives, which pipeline reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "extractor/byte_window.h"
#include "extractor/inflate.h"
#include "extractor/limits.h"

namespace sdmeta {

enum class ImagePacking : std::uint8_t { kGzip, kBase64 };

/// "gzip", "base64".
std::string_view packing_name(ImagePacking packing) noexcept;

/// How the image that begins with `head`, the first bytes of a file, is packed;
/// nothing if they do not unpack to the first of an image of a format that is
/// read. A few hundred bytes tell.
std::optional<ImagePacking> packing_of_image(Bytes head);

struct UnpackedImage {
  std::string bytes;
  InflateEnd end = InflateEnd::kComplete;
};

/// At most Limits::max_member_bytes of what the file in `in` unpacks to.
UnpackedImage unpack_image(ByteWindow& in, ImagePacking packing,
                           const Limits& limits);

}  // namespace sdmeta
