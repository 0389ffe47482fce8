#include "extractor/packed_image.h"

#include <algorithm>

#include "extractor/container.h"

namespace sdmeta {

bool begins_as_packed_image(Bytes head) {
  using namespace std::string_view_literals;
  constexpr std::size_t kPackedBytes = 4096;
  constexpr std::size_t kUnpackedBytes = 512;
  if (!begins_with(head, "\x1F\x8B\x08"sv)) return false;
  std::string image;
  inflate_text(clipped(head, 0, kPackedBytes), kUnpackedBytes, image);
  // A tar begins with a name, which may be that of a format.
  constexpr std::size_t kTarMagic = 257;
  if (std::string_view(image)
          .substr(std::min(image.size(), kTarMagic))
          .starts_with("ustar"))
    return false;
  const ContainerRow* const row = find_container(as_bytes(image));
  return row != nullptr && row->read != nullptr;
}

UnpackedImage unpack_image(ByteWindow& in, const Limits& limits) {
  const auto most = static_cast<std::size_t>(limits.max_member_bytes);
  UnpackedImage image;
  image.end = inflate_text(
      in.view(
          0, static_cast<std::size_t>(std::min<std::uint64_t>(in.size(), most)),
          0),
      most, image.bytes);
  if (image.end == InflateEnd::kInputEnded && in.size() > most)
    image.end = InflateEnd::kTooLarge;
  return image;
}

}  // namespace sdmeta
