// Boxes of ISO base media files (ISO/IEC 14496-12 section 4.2), which JPEG XL
// and QuickTime share: length, four-character type, payload. The walk hops from
// header to header and believes no length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "extractor/byte_cursor.h"
#include "extractor/byte_window.h"
#include "extractor/field_collector.h"

namespace sdmeta {

using BoxType = std::uint32_t;

constexpr BoxType box_type(const char (&name)[5]) noexcept {
  BoxType type = 0;
  for (int i = 0; i < 4; ++i)
    type = type << 8 | static_cast<std::uint8_t>(name[i]);
  return type;
}

/// For keys and messages: the four characters as UTF-8, read as Latin-1
/// (0xA9 is the copyright sign of "©cmt").
std::string box_name(BoxType type);

struct Box {
  BoxType type = 0;
  std::uint64_t start = 0;  // of the payload, in bytes from the start of file
  std::uint64_t end = 0;    // never behind the end of what holds the box

  std::uint64_t size() const noexcept { return end - start; }
};

class BoxWalk {
 public:
  /// Walks the boxes in bytes [begin, end) of the file.
  BoxWalk(ByteWindow& in, FieldCollector& out, std::uint64_t begin,
          std::uint64_t end) noexcept
      : in_(in), out_(out), next_(begin), end_(end) {}
  BoxWalk(ByteWindow& in, FieldCollector& out, const Box& parent) noexcept
      : BoxWalk(in, out, parent.start, parent.end) {}

  /// Nothing at the end, at padding, and at a length that cannot be. A box that
  /// is longer than what holds it is cut there. Both are reported as damage.
  std::optional<Box> next();

 private:
  ByteWindow& in_;
  FieldCollector& out_;
  std::uint64_t next_;
  std::uint64_t end_;
};

/// The first child of that type.
std::optional<Box> find_box(ByteWindow& in, FieldCollector& out,
                            const Box& parent, BoxType type);

/// Payload, at most `max_bytes` of it. Valid until the next view.
Bytes box_bytes(ByteWindow& in, const Box& box, std::size_t max_bytes);

/// Payload of a box that lists others (`place` in messages). Lists that cannot
/// be of an image are cut with a note.
Bytes box_table(ByteWindow& in, FieldCollector& out, const Box& box);

/// Payload of a box with text, as far as the limits admit it.
Bytes box_field(ByteWindow& in, FieldCollector& out, const Box& box);

}  // namespace sdmeta
