// Images that were packed by gzip: the body of an answer that a program saved
// as it came, or a file that a person packed. Not archives, which pipeline
// reads.
#pragma once

#include <optional>
#include <string>

#include "extractor/byte_window.h"
#include "extractor/inflate.h"
#include "extractor/limits.h"

namespace sdmeta {

/// Whether `head`, the first bytes of a file, unpacks to the first of an image
/// of a format that is read. A few hundred bytes tell.
bool begins_as_packed_image(Bytes head);

struct UnpackedImage {
  std::string bytes;
  InflateEnd end = InflateEnd::kComplete;
};

/// At most Limits::max_member_bytes of what the file in `in` unpacks to.
UnpackedImage unpack_image(ByteWindow& in, const Limits& limits);

}  // namespace sdmeta
