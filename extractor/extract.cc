#include "extractor/extract.h"

namespace sdmeta {

void init_extractor() {}

ImageFields extract_fields(ByteSource& source, const ExtractOptions&) noexcept {
  ImageFields image;
  image.bytes = source.size();
  return image;
}

}  // namespace sdmeta
