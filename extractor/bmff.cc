#include "extractor/bmff.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "extractor/box_walk.h"
#include "extractor/heif_items.h"
#include "extractor/movie_tags.h"
#include "extractor/provenance.h"
#include "extractor/xmp.h"

namespace sdmeta {
namespace {

using namespace std::string_view_literals;

template <std::size_t kCount>
bool contains(const std::array<BoxType, kCount>& types, BoxType type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

constexpr std::array kAvifBrands = {box_type("avif"), box_type("avis"),
                                    box_type("avio")};
constexpr std::array kHeifBrands = {
    box_type("heic"), box_type("heix"), box_type("heim"), box_type("heis"),
    box_type("hevc"), box_type("hevx"), box_type("hevm"), box_type("hevs"),
    box_type("mif1"), box_type("mif2"), box_type("msf1"), box_type("miaf"),
    box_type("heif"), box_type("jpeg"), box_type("jpgs")};
// With these QuickTime files begin that are older than `ftyp`.
constexpr std::array kOldMovieBoxes = {box_type("moov"), box_type("mdat"),
                                       box_type("wide"), box_type("pnot"),
                                       box_type("free"), box_type("skip")};

// C2PA specification 2.1, "Embedding manifests into BMFF-based assets".
constexpr std::string_view kC2paUuid =
    "\xD8\xFE\xC3\xD6\x1B\x0E\x48\x3C\x92\x97\x58\x28\x87\x7E\xC4\x81"sv;
// XMP specification part 3, "MPEG-4".
constexpr std::string_view kXmpUuid =
    "\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC"sv;

void read_uuid_box(ByteWindow& in, const Box& box, FieldCollector& out) {
  constexpr std::size_t kUuidBytes = 16;
  const Bytes head = box_bytes(in, box, kUuidBytes);
  if (begins_with(head, kC2paUuid)) {
    note_c2pa(clipped(box_bytes(in, box, kMaxManifestBytes), kUuidBytes), out);
  } else if (begins_with(head, kXmpUuid)) {
    const Bytes packet = box_field(in, out, box);
    read_xmp(clipped(packet, kUuidBytes), box.start + kUuidBytes, out,
             end_of_text(packet.size() < box.size()));
  }
}

void read_meta(ByteWindow& in, const Box& meta, FieldCollector& out) {
  const Box children = meta_children(in, meta);
  read_heif_items(in, children, out);
  read_tag_list(in, children, out);
}

}  // namespace

Container bmff_container(Bytes head) noexcept {
  constexpr std::size_t kMaxBrandBytes = 256;
  ByteCursor cursor(head);
  const std::uint32_t size = cursor.be32();
  const BoxType type = cursor.be32();
  if (cursor.is_overrun()) return Container::kUnknown;
  if (type != box_type("ftyp"))
    return contains(kOldMovieBoxes, type) && (size == 1 || size >= 8)
               ? Container::kMov
               : Container::kUnknown;

  const std::size_t end = std::clamp<std::size_t>(size, 12, kMaxBrandBytes);
  ByteCursor brands(clipped(head, 0, end), 8);
  const BoxType major = brands.be32();
  brands.skip(4);  // version
  const bool is_heif = contains(kHeifBrands, major);
  if (major == box_type("qt  ")) return Container::kMov;
  if (contains(kAvifBrands, major)) return Container::kAvif;
  // A general brand in front leaves it to the others: mif1 may be AVIF.
  while (brands.remaining() >= 4) {
    const BoxType brand = brands.be32();
    if (is_heif && contains(kAvifBrands, brand)) return Container::kAvif;
  }
  return is_heif ? Container::kHeif : Container::kMp4;
}

void read_bmff(ByteWindow& in, FieldCollector& out) {
  out.image().container = bmff_container(in.view(0, ByteWindow::kHeadBytes));
  bool has_head = false;
  BoxWalk walk(in, out, 0, in.size());
  while (const std::optional<Box> box = walk.next()) {
    has_head |= box->type == box_type("meta") || box->type == box_type("moov");
    switch (box->type) {
      case box_type("meta"): read_meta(in, *box, out); break;
      case box_type("moov"):
        if (out.image().container == Container::kAvif ||
            out.image().container == Container::kHeif)
          out.note(ErrorCode::kAnimated, "");
        read_movie(in, *box, out);
        break;
      case box_type("uuid"): read_uuid_box(in, *box, out); break;
      default: break;
    }
  }
  if (!has_head && !out.image().damage)
    out.damage(ErrorCode::kTruncated, "file has neither a moov nor a meta box",
               in.size());
}

}  // namespace sdmeta
