#include "pipeline/lzma_dictionary.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "extractor/byte_cursor.h"

namespace sdmeta {
namespace {

/// Bytes of the dictionary that the first block of an .xz file asks for; 0 if
/// the file is no .xz. Sections 3.1 and 5.3.1.
std::uint64_t xz_dictionary_bytes(ByteSource& source) {
  constexpr std::size_t kStreamHeader = 12;
  constexpr std::uint64_t kLzma2 = 0x21;
  std::array<std::uint8_t, kStreamHeader + 1024> head{};
  const Result<std::size_t> got = source.read_at(0, head);
  if (!got || !begins_with(head, std::string_view("\xFD"
                                                  "7zXZ\0",
                                                  6)))
    return 0;
  std::size_t at = kStreamHeader + 1;
  const auto number = [&] {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63 && at < *got; shift += 7) {
      const std::uint8_t byte = head[at++];
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  };
  if (at >= *got) return 0;
  const std::uint8_t flags = head[at++];
  if ((flags & 0x40) != 0) number();  // packed size
  if ((flags & 0x80) != 0) number();  // unpacked size
  for (int filters = (flags & 3) + 1; filters > 0; --filters) {
    const std::uint64_t id = number();
    const std::uint64_t length = number();
    if (at >= *got || length > *got - at) return 0;
    const unsigned bits = head[at] & 0x3Fu;
    if (id == kLzma2)
      return bits >= 40 ? UINT32_MAX
                        : std::uint64_t{2 | (bits & 1)} << (bits / 2 + 11);
    at += static_cast<std::size_t>(length);
  }
  return 0;
}

std::optional<Error> check(std::uint64_t bytes, const Limits& limits) {
  if (bytes <= limits.max_dictionary_bytes) return std::nullopt;
  return Error{
      ErrorCode::kMemberTooLarge,
      "unpacking needs a dictionary of " + std::to_string(bytes) + " bytes"};
}

}  // namespace

std::optional<Error> check_xz_dictionary(ByteSource& file,
                                         const Limits& limits) {
  return check(xz_dictionary_bytes(file), limits);
}

std::optional<Error> check_zip_dictionary(ByteSource& packed,
                                          const Limits& limits) {
  std::array<std::uint8_t, 9> head;
  const Result<std::size_t> got = packed.read_at(0, head);
  if (!got) return got.error();
  if (*got < head.size()) return std::nullopt;
  return check(ByteCursor(head, 5).le32(), limits);
}

}  // namespace sdmeta
