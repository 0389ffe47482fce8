#include "extractor/movie_tags.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "extractor/text_decode.h"
#include "extractor/xmp.h"

namespace sdmeta {
namespace {

constexpr BoxType kCopyrightSign = 0xA9000000;

bool begins_with_copyright_sign(BoxType type) {
  return (type & 0xFF000000) == kCopyrightSign;
}

std::vector<std::string> parse_keys(ByteWindow& in, const Box& keys,
                                    FieldCollector& out) {
  constexpr std::uint32_t kKeyHeader = 8;     // size and namespace
  constexpr std::size_t kMaxNameBytes = 256;  // copied into each field
  ByteCursor cursor(box_table(in, out, keys));
  cursor.skip(8);  // version and flags; the number of keys, which is not needed
  std::vector<std::string> names;
  while (cursor.remaining() >= kKeyHeader &&
         names.size() < out.limits().max_fields) {
    const std::uint32_t size = cursor.be32();
    cursor.skip(4);
    if (size < kKeyHeader) break;
    const Bytes name = cursor.take(size - kKeyHeader);
    names.push_back(decode_text(clipped(name, 0, kMaxNameBytes)).value);
  }
  return names;
}

/// Text of a `data` box; nothing for pictures and numbers.
std::optional<Text> read_data(ByteWindow& in, const Box& data,
                              FieldCollector& out) {
  enum : std::uint32_t { kUntyped = 0, kUtf8 = 1, kUtf16 = 2 };
  constexpr std::size_t kHeader = 8;  // type and locale
  const Bytes bytes = box_field(in, out, data);
  ByteCursor cursor(bytes);
  const std::uint32_t type = cursor.be32();
  if (cursor.is_overrun()) return std::nullopt;
  const Bytes value = clipped(bytes, kHeader);
  const TextEnd end =
      end_of_text(bytes.size() < data.size() || data.end == in.size());
  switch (type) {
    case kUtf8: return decode_text(value, end);
    case kUtf16: return decode_utf16(value, ByteOrder::kBig);
    case kUntyped: {
      Text text = decode_text(value, end);
      if (text.encoding != Encoding::kUtf8 || text.is_damaged ||
          text.value.empty() || !is_printable(text.value))
        return std::nullopt;
      return text;
    }
    default: return std::nullopt;
  }
}

/// The `name` box of a "----" entry, whose type says nothing.
std::string read_name(ByteWindow& in, const Box& name) {
  constexpr std::size_t kMaxNameBytes = 256;
  return decode_text(clipped(box_bytes(in, name, kMaxNameBytes), 4)).value;
}

void read_entry(ByteWindow& in, const Box& entry,
                const std::vector<std::string>* keys, FieldCollector& out) {
  std::string key = box_name(entry.type);
  if (keys != nullptr && entry.type >= 1 && entry.type <= keys->size())
    key = (*keys)[entry.type - 1];
  BoxWalk walk(in, out, entry);
  while (const std::optional<Box> box = walk.next()) {
    if (box->type == box_type("name")) key = read_name(in, *box);
    if (box->type != box_type("data")) continue;
    if (std::optional<Text> text = read_data(in, *box, out))
      out.add(keys != nullptr ? Carrier::kMp4Mdta : Carrier::kMp4Ilst, key,
              std::move(*text));
  }
}

/// QuickTime's own form: texts, each with a length and a language.
void read_user_text(ByteWindow& in, const Box& box, FieldCollector& out) {
  ByteCursor cursor(box_field(in, out, box));
  while (cursor.remaining() > 4) {
    const std::uint16_t length = cursor.be16();
    cursor.skip(2);  // language
    Text text = decode_text(cursor.take(length));
    if (!text.value.empty())
      out.add(Carrier::kMp4Ilst, box_name(box.type), std::move(text));
  }
}

void read_meta(ByteWindow& in, const Box& meta, FieldCollector& out) {
  read_tag_list(in, meta_children(in, meta), out);
}

void read_user_data(ByteWindow& in, const Box& udta, FieldCollector& out) {
  BoxWalk walk(in, out, udta);
  while (const std::optional<Box> box = walk.next()) {
    if (box->type == box_type("meta")) {
      read_meta(in, *box, out);
    } else if (box->type == box_type("XMP_")) {
      const Bytes packet = box_field(in, out, *box);
      read_xmp(packet, box->start, out,
               end_of_text(packet.size() < box->size()));
    } else if (begins_with_copyright_sign(box->type)) {
      read_user_text(in, *box, out);
    }
  }
}

/// Size of the first track that has one: sound has none.
void read_track_size(ByteWindow& in, const Box& tkhd, FieldCollector& out) {
  ImageFields& image = out.image();
  if (image.width) return;
  ByteCursor cursor(box_bytes(in, tkhd, 96));
  const std::uint8_t version = cursor.u8();
  cursor.skip(version == 1 ? 87 : 75);
  const std::uint32_t width = cursor.be32() >> 16;  // fixed point, 16.16
  const std::uint32_t height = cursor.be32() >> 16;
  if (cursor.is_overrun() || width == 0 || height == 0) return;
  image.width = width;
  image.height = height;
}

void read_track(ByteWindow& in, const Box& trak, FieldCollector& out) {
  BoxWalk walk(in, out, trak);
  while (const std::optional<Box> box = walk.next()) {
    switch (box->type) {
      case box_type("tkhd"): read_track_size(in, *box, out); break;
      case box_type("udta"): read_user_data(in, *box, out); break;
      case box_type("meta"): read_meta(in, *box, out); break;
      default: break;
    }
  }
}

}  // namespace

Box meta_children(ByteWindow& in, const Box& meta) {
  Box children = meta;
  const Bytes head = box_bytes(in, meta, 8);
  const Bytes first_type = clipped(head, 4);
  const bool is_plain =
      first_type.size() == 4 &&
      std::all_of(first_type.begin(), first_type.end(), [](std::uint8_t byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
      });
  if (!is_plain) children.start += std::min<std::uint64_t>(4, meta.size());
  return children;
}

void read_tag_list(ByteWindow& in, const Box& children, FieldCollector& out) {
  std::optional<Box> ilst;
  std::vector<std::string> keys;
  bool has_keys = false;
  BoxWalk walk(in, out, children);
  while (const std::optional<Box> box = walk.next()) {
    if (box->type == box_type("ilst") && !ilst) ilst = box;
    if (box->type == box_type("keys") && !has_keys) {
      keys = parse_keys(in, *box, out);
      has_keys = true;
    }
  }
  if (!ilst) return;
  BoxWalk entries(in, out, *ilst);
  while (const std::optional<Box> entry = entries.next())
    read_entry(in, *entry, has_keys ? &keys : nullptr, out);
}

void read_movie(ByteWindow& in, const Box& moov, FieldCollector& out) {
  BoxWalk walk(in, out, moov);
  while (const std::optional<Box> box = walk.next()) {
    switch (box->type) {
      case box_type("trak"): read_track(in, *box, out); break;
      case box_type("udta"): read_user_data(in, *box, out); break;
      case box_type("meta"): read_meta(in, *box, out); break;
      default: break;
    }
  }
}

}  // namespace sdmeta
