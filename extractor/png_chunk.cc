#include "extractor/png_chunk.h"

namespace sdmeta::png {

std::string Chunk::type_name() const {
  std::string name(4, '?');
  for (std::size_t i = 0; i < 4; ++i) {
    name[i] = static_cast<char>(type >> (24 - 8 * i) & 0xFF);
  }
  return name;
}

std::string Chunk::place() const {
  return type_name() + " chunk at byte " + std::to_string(offset);
}

}  // namespace sdmeta::png
