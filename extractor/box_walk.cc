#include "extractor/box_walk.h"

#include <algorithm>
#include <utility>

namespace sdmeta {

std::string box_name(BoxType type) {
  std::string name;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const std::uint8_t byte = static_cast<std::uint8_t>(type >> shift);
    if (byte < 0x20 || byte == 0x7F) {
      name.push_back('?');
    } else {
      append_utf8(name, byte);
    }
  }
  return name;
}

std::optional<Box> BoxWalk::next() {
  constexpr std::uint64_t kShortHeader = 8;
  constexpr std::uint64_t kLongHeader = 16;
  const std::uint64_t at = std::exchange(next_, end_);
  const std::uint64_t room = end_ - at;
  const bool is_file_end = end_ == in_.size();
  // Where one level ends too early the levels in it do too, and lists may be
  // walked twice: the first report is enough.
  const bool is_reported = out_.image().damage.has_value();
  if (room < kShortHeader || !out_.may_walk_on()) {
    // Fewer bytes than a header: QuickTime ends lists with four zeros.
    const bool is_file_cut =
        room > 0 && room < kShortHeader && is_file_end &&
        !(room == 4 && ByteCursor(in_.view(at, 4)).be32() == 0);
    if (is_file_cut && !is_reported)
      out_.damage(ErrorCode::kTruncated, "file ends inside a box header", at);
    return std::nullopt;
  }

  ByteCursor header(in_.view(at, kLongHeader));
  std::uint64_t size = header.be32();
  Box box;
  box.type = header.be32();
  std::uint64_t header_bytes = kShortHeader;
  if (size == 1) {
    size = header.be64();
    header_bytes = kLongHeader;
  } else if (size == 0) {
    if (box.type == 0) return std::nullopt;  // padding
    size = room;
  }
  if (header.is_overrun()) return std::nullopt;  // the file became shorter
  const auto declared = [&] {
    return "box '" + box_name(box.type) + "' declares " + std::to_string(size) +
           " bytes";
  };
  if (size < header_bytes) {
    if (!is_reported) out_.damage(ErrorCode::kCorrupt, declared(), at);
    return std::nullopt;
  }
  if (size > room) {
    if (!is_reported)
      out_.damage(is_file_end ? ErrorCode::kTruncated : ErrorCode::kCorrupt,
                  declared() + (is_file_end ? ", file" : ", what holds it") +
                      " ends after " + std::to_string(room),
                  at);
    size = room;
  }
  box.start = at + std::min(header_bytes, size);
  box.end = at + size;
  next_ = box.end;
  return box;
}

std::optional<Box> find_box(ByteWindow& in, FieldCollector& out,
                            const Box& parent, BoxType type) {
  BoxWalk walk(in, out, parent);
  while (const std::optional<Box> box = walk.next())
    if (box->type == type) return box;
  return std::nullopt;
}

Bytes box_bytes(ByteWindow& in, const Box& box, std::size_t max_bytes) {
  return in.view(box.start, static_cast<std::size_t>(std::min<std::uint64_t>(
                                box.size(), max_bytes)));
}

Bytes box_table(ByteWindow& in, FieldCollector& out, const Box& box) {
  constexpr std::size_t kMaxTableBytes = 4u << 20;
  if (box.size() > kMaxTableBytes)
    out.note(ErrorCode::kFieldTooLarge,
             "box '" + box_name(box.type) + "' of " +
                 std::to_string(box.size()) + " bytes",
             box.start);
  return box_bytes(in, box, kMaxTableBytes);
}

Bytes box_field(ByteWindow& in, FieldCollector& out, const Box& box) {
  return box_bytes(
      in, box,
      out.admit(box.size(), "box '" + box_name(box.type) + "'", box.start));
}

}  // namespace sdmeta
