#include "extractor/heif_items.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "extractor/exif.h"
#include "extractor/xmp.h"

namespace sdmeta {
namespace {

enum class ItemKind : std::uint8_t { kExif, kXmp };

struct Item {
  std::uint32_t id = 0;
  ItemKind kind = ItemKind::kExif;
};

struct Extent {
  bool is_in_idat = false;  // offset counts from the payload of `idat`
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;  // without one: to the end
};

struct FullBox {
  explicit FullBox(ByteCursor& cursor)
      : version(cursor.u8()), flags(cursor.be24()) {}
  std::uint8_t version;
  std::uint32_t flags;
};

std::string_view take_text(ByteCursor& cursor) {
  const std::string_view rest = as_text(cursor.rest());
  const std::string_view text = rest.substr(0, rest.find('\0'));
  cursor.skip(std::min(text.size() + 1, rest.size()));
  return text;
}

/// One entry of `iinf`, if it is of interest.
std::optional<Item> parse_item(Bytes bytes) {
  ByteCursor cursor(bytes);
  const FullBox full(cursor);
  Item item;
  item.id = full.version >= 3 ? cursor.be32() : cursor.be16();
  cursor.skip(2);  // protection
  BoxType type = box_type("mime");
  if (full.version >= 2) type = cursor.be32();
  if (cursor.is_overrun()) return std::nullopt;
  if (type == box_type("Exif")) return item;
  if (type != box_type("mime")) return std::nullopt;
  take_text(cursor);  // name
  item.kind = ItemKind::kXmp;
  if (take_text(cursor) != "application/rdf+xml") return std::nullopt;
  return item;
}

std::vector<Item> parse_items(ByteWindow& in, const Box& iinf,
                              FieldCollector& out) {
  constexpr std::size_t kMaxEntryBytes = 512;
  constexpr std::size_t kMaxItems = 16;  // of interest; an image has two
  ByteCursor cursor(box_bytes(in, iinf, 8));
  const FullBox full(cursor);
  const std::uint64_t header_bytes = full.version == 0 ? 6 : 8;
  std::vector<Item> items;
  if (iinf.size() < header_bytes) return items;
  BoxWalk walk(in, out, iinf.start + header_bytes, iinf.end);
  while (const std::optional<Box> box = walk.next()) {
    if (box->type != box_type("infe")) continue;
    const std::optional<Item> item =
        parse_item(box_bytes(in, *box, kMaxEntryBytes));
    if (!item) continue;
    if (items.size() == kMaxItems) {
      out.note(ErrorCode::kTooManyFields, "image has more than 16 text items",
               box->start);
      break;
    }
    items.push_back(*item);
  }
  return items;
}

/// Where the bytes of item `id` lie. Numbers have the widths that the box
/// itself states: 0, 4 or 8 bytes (any other is taken as it is).
std::vector<Extent> find_extents(Bytes iloc, std::uint32_t id,
                                 const Limits& limits) {
  ByteCursor cursor(iloc);
  const FullBox full(cursor);
  const std::uint8_t offset_and_length = cursor.u8();
  const std::uint8_t base_and_index = cursor.u8();
  const std::size_t offset_bytes = std::min(offset_and_length >> 4, 8);
  const std::size_t length_bytes = std::min(offset_and_length & 15, 8);
  const std::size_t base_bytes = std::min(base_and_index >> 4, 8);
  const std::size_t index_bytes =
      full.version == 0 ? 0 : std::min(base_and_index & 15, 8);
  const std::uint32_t item_count =
      full.version < 2 ? cursor.be16() : cursor.be32();

  std::vector<Extent> extents;
  for (std::uint32_t i = 0; i < item_count && !cursor.is_overrun(); ++i) {
    const std::uint32_t item_id =
        full.version < 2 ? cursor.be16() : cursor.be32();
    const std::uint32_t method = full.version == 0 ? 0 : cursor.be16() & 15;
    cursor.skip(2);  // data reference: other files are not followed
    const std::uint64_t base = cursor.number(base_bytes, ByteOrder::kBig);
    const std::uint32_t extent_count = cursor.be16();
    if (item_id != id) {
      cursor.skip(extent_count * (index_bytes + offset_bytes + length_bytes));
      continue;
    }
    for (std::uint32_t k = 0; k < extent_count; ++k) {
      cursor.skip(index_bytes);
      Extent extent;
      extent.is_in_idat = method == 1;
      extent.offset = base + cursor.number(offset_bytes, ByteOrder::kBig);
      if (length_bytes > 0)
        extent.length = cursor.number(length_bytes, ByteOrder::kBig);
      if (cursor.is_overrun() || method > 1) return extents;
      if (extents.size() == limits.max_fields) return extents;
      extents.push_back(extent);
    }
    return extents;
  }
  return extents;
}

struct ItemBytes {
  std::vector<std::uint8_t> bytes;
  std::uint64_t offset = 0;  // of the first byte in the file
  TextEnd end = TextEnd::kWhole;
};

ItemBytes collect_extents(ByteWindow& in, const std::vector<Extent>& extents,
                          const Box& idat, FieldCollector& out) {
  ItemBytes item;
  std::uint64_t total = 0;  // extents may overlap: the file's size is no bound
  for (const Extent& extent : extents) {
    const Box whole = {0, 0, in.size()};
    const Box& room = extent.is_in_idat ? idat : whole;
    const std::uint64_t offset = std::min(extent.offset, room.size());
    std::uint64_t length = room.size() - offset;
    const std::uint64_t declared = extent.length.value_or(length);
    if (declared > length) {
      item.end = TextEnd::kCut;
      if (!extent.is_in_idat && !out.image().damage)
        out.damage(ErrorCode::kTruncated,
                   "item at byte " + std::to_string(extent.offset) +
                       " declares " + std::to_string(declared) +
                       " bytes, file ends after " + std::to_string(length));
    }
    length = std::min(length, declared);
    total += length;
    const std::size_t admitted =
        out.admit(total, "item of an image", room.start + offset) -
        item.bytes.size();
    if (admitted < length) item.end = TextEnd::kCut;
    const Bytes part = in.view(room.start + offset, admitted);
    if (item.bytes.empty()) item.offset = room.start + offset;
    item.bytes.insert(item.bytes.end(), part.begin(), part.end());
    if (item.end == TextEnd::kCut) break;
  }
  return item;
}

struct Property {
  BoxType type = 0;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool is_quarter_turn = false;
};

std::vector<Property> parse_properties(ByteWindow& in, const Box& ipco,
                                       FieldCollector& out) {
  constexpr std::size_t kMaxProperties = 1u << 15;  // indexes have 15 bits
  std::vector<Property> properties;
  BoxWalk walk(in, out, ipco);
  while (const std::optional<Box> box = walk.next()) {
    if (properties.size() == kMaxProperties) break;
    Property property;
    property.type = box->type;
    ByteCursor cursor(box_bytes(in, *box, 12));
    if (box->type == box_type("ispe")) {
      cursor.skip(4);
      property.width = cursor.be32();
      property.height = cursor.be32();
    } else if (box->type == box_type("irot")) {
      property.is_quarter_turn = (cursor.u8() & 1) != 0;
    }
    properties.push_back(property);
  }
  return properties;
}

/// Numbers, from 1, of the properties of item `id`.
std::vector<std::size_t> find_associations(Bytes ipma, std::uint32_t id) {
  ByteCursor cursor(ipma);
  const FullBox full(cursor);
  const std::uint32_t count = cursor.be32();
  std::vector<std::size_t> numbers;
  for (std::uint32_t i = 0; i < count && !cursor.is_overrun(); ++i) {
    const std::uint32_t item_id =
        full.version == 0 ? cursor.be16() : cursor.be32();
    const std::uint8_t associations = cursor.u8();
    for (std::uint8_t k = 0; k < associations; ++k) {
      const std::size_t number =
          (full.flags & 1) != 0 ? cursor.be16() & 0x7FFF : cursor.u8() & 0x7F;
      if (item_id == id && !cursor.is_overrun()) numbers.push_back(number);
    }
  }
  return numbers;
}

/// Size as shown: `irot` is a part of the picture, unlike Exif's orientation.
/// Without associations the first size there is.
void read_size(ByteWindow& in, const Box& iprp, std::uint32_t primary_item,
               FieldCollector& out) {
  const std::optional<Box> ipco = find_box(in, out, iprp, box_type("ipco"));
  if (!ipco) return;
  const std::vector<Property> properties = parse_properties(in, *ipco, out);
  std::vector<std::size_t> numbers;
  if (const std::optional<Box> ipma = find_box(in, out, iprp, box_type("ipma")))
    numbers = find_associations(box_table(in, out, *ipma), primary_item);
  if (numbers.empty())
    for (std::size_t i = 1; i <= properties.size(); ++i) numbers.push_back(i);

  const Property* size = nullptr;
  bool is_turned = false;
  for (const std::size_t number : numbers) {
    if (number == 0 || number > properties.size()) continue;
    const Property& property = properties[number - 1];
    if (property.type == box_type("ispe") && size == nullptr) size = &property;
    is_turned |= property.is_quarter_turn;
  }
  if (size == nullptr) return;
  out.image().width = is_turned ? size->height : size->width;
  out.image().height = is_turned ? size->width : size->height;
}

/// exiftool takes metadata away by stating that the item has no bytes.
bool is_deleted(const std::vector<Extent>& extents) noexcept {
  return !extents.empty() &&
         std::all_of(extents.begin(), extents.end(),
                     [](const Extent& extent) { return extent.length == 0; });
}

/// Programs that take metadata away without moving the picture leave zeros in
/// its place; others write the item's head and nothing else.
bool is_blank(Bytes item) noexcept {
  Bytes rest = clipped(item, 4);  // behind the offset, or the name
  if (begins_with(rest, "Exif")) rest = clipped(rest, 4);
  return std::all_of(rest.begin(), rest.end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

void read_exif_item(const ItemBytes& item, FieldCollector& out) {
  // The first four bytes say where the TIFF header is. Some writers leave them
  // out or state nonsense; read_exif finds a header close to the start itself.
  const Bytes bytes = item.bytes;
  ByteCursor cursor(bytes);
  const std::uint64_t start = std::uint64_t{cursor.be32()} + 4;
  const Bytes stated = start < bytes.size() ? clipped(bytes, start) : Bytes{};
  if (find_tiff_header(stated) == 0 || looks_like_xmp(stated))
    return read_exif(stated, item.offset + start, out, item.end);
  if (find_tiff_header(bytes) != SIZE_MAX || is_blank(bytes))
    return read_exif(bytes, item.offset, out, item.end);
  // The place is wrong where bytes were put in or lost in front of it.
  out.damage(ErrorCode::kCorrupt,
             "no TIFF header at byte " + std::to_string(item.offset) +
                 ", where Exif should be",
             item.offset);
}

}  // namespace

void read_heif_items(ByteWindow& in, const Box& children, FieldCollector& out) {
  std::optional<Box> iinf, iloc, iprp;
  Box idat;
  std::uint32_t primary_item = 0;
  BoxWalk walk(in, out, children);
  while (const std::optional<Box> box = walk.next()) {
    switch (box->type) {
      case box_type("iinf"): iinf = box; break;
      case box_type("iloc"): iloc = box; break;
      case box_type("iprp"): iprp = box; break;
      case box_type("idat"): idat = *box; break;
      case box_type("pitm"): {
        ByteCursor cursor(box_bytes(in, *box, 8));
        const FullBox full(cursor);
        primary_item = full.version == 0 ? cursor.be16() : cursor.be32();
        break;
      }
      default: break;
    }
  }
  if (iprp) read_size(in, *iprp, primary_item, out);
  if (!iinf || !iloc) return;

  for (const Item& item : parse_items(in, *iinf, out)) {
    const std::vector<Extent> extents =
        find_extents(box_table(in, out, *iloc), item.id, out.limits());
    if (is_deleted(extents)) continue;
    const ItemBytes found = collect_extents(in, extents, idat, out);
    if (found.bytes.empty()) {
      out.damage(ErrorCode::kCorrupt, "a text item has no place in the file",
                 iloc->start);
      continue;
    }
    if (item.kind == ItemKind::kExif)
      read_exif_item(found, out);
    else
      read_xmp(found.bytes, found.offset, out, found.end);
  }
}

}  // namespace sdmeta
