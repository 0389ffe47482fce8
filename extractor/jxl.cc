#include "extractor/jxl.h"

#include <brotli/decode.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "extractor/box_walk.h"
#include "extractor/exif.h"
#include "extractor/provenance.h"
#include "extractor/xmp.h"

namespace sdmeta {
namespace {

/// Bits of a codestream, lowest first. Past the end they are 0.
class BitReader {
 public:
  explicit BitReader(Bytes bytes) : bytes_(bytes) {}

  std::uint32_t read(std::uint32_t count) {
    std::uint32_t value = 0;
    for (std::uint32_t i = 0; i < count; ++i, ++position_) {
      const std::size_t at = position_ / 8;
      if (at >= bytes_.size()) continue;
      value |= static_cast<std::uint32_t>(bytes_[at] >> position_ % 8 & 1) << i;
    }
    return value;
  }
  bool is_overrun() const { return position_ > bytes_.size() * 8; }

 private:
  Bytes bytes_;
  std::size_t position_ = 0;
};

/// One side in the SizeHeader (ISO/IEC 18181-1 section D.2).
std::uint64_t read_side(BitReader& bits, bool is_small) {
  if (is_small) return (std::uint64_t{bits.read(5)} + 1) * 8;
  constexpr std::array<std::uint32_t, 4> kWidths = {9, 13, 18, 30};
  return std::uint64_t{bits.read(kWidths[bits.read(2)])} + 1;
}

void read_size(Bytes codestream, FieldCollector& out) {
  struct Ratio {
    std::uint32_t numerator, denominator;
  };
  constexpr std::array<Ratio, 8> kRatios = {
      {{0, 1}, {1, 1}, {12, 10}, {4, 3}, {3, 2}, {16, 9}, {5, 4}, {2, 1}}};
  if (out.image().width) return;
  if (!begins_with(codestream, "\xFF\x0A")) return;
  BitReader bits(codestream.subspan(2));
  const bool is_small = bits.read(1) != 0;
  const std::uint64_t height = read_side(bits, is_small);
  const std::uint32_t ratio = bits.read(3);
  const std::uint64_t width = ratio == 0 ? read_side(bits, is_small)
                                         : height * kRatios[ratio].numerator /
                                               kRatios[ratio].denominator;
  if (bits.is_overrun() || width > UINT32_MAX) return;
  out.image().width = static_cast<std::uint32_t>(width);
  out.image().height = static_cast<std::uint32_t>(height);
}

bool is_metadata(BoxType type) {
  return type == box_type("Exif") || type == box_type("xml ") ||
         type == box_type("jumb");
}

void read_metadata(BoxType type, Bytes bytes, std::uint64_t offset, TextEnd end,
                   FieldCollector& out) {
  constexpr std::size_t kExifHeader = 4;  // where the TIFF header is; mostly 0
  if (type == box_type("Exif")) {
    // Writers that leave the number out exist; read_exif looks further.
    const std::size_t skip =
        find_tiff_header(bytes) >= kExifHeader ? kExifHeader : 0;
    read_exif(clipped(bytes, skip), offset + skip, out, end);
  } else if (type == box_type("xml ")) {
    read_xmp(bytes, offset, out, end);
  } else {
    note_c2pa(clipped(bytes, 0, kMaxManifestBytes), out);
  }
}

/// Decompresses as far as the stream and `max_bytes` go.
std::string unpack(Bytes stream, std::size_t max_bytes, TextEnd& end) {
  constexpr std::size_t kStep = 64u << 10;
  const std::unique_ptr<BrotliDecoderState,
                        decltype(&BrotliDecoderDestroyInstance)>
      state(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr),
            &BrotliDecoderDestroyInstance);
  std::string out;
  if (!state) return out;
  std::size_t in_bytes = stream.size();
  const std::uint8_t* in = stream.data();
  while (out.size() < max_bytes) {
    const std::size_t done = out.size();
    out.resize(std::min(max_bytes, std::max(done * 2, done + kStep)));
    std::size_t room = out.size() - done;
    std::uint8_t* target = reinterpret_cast<std::uint8_t*>(out.data()) + done;
    const BrotliDecoderResult result = BrotliDecoderDecompressStream(
        state.get(), &in_bytes, &in, &room, &target, nullptr);
    out.resize(out.size() - room);
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) continue;
    if (result == BROTLI_DECODER_RESULT_SUCCESS) return out;
    break;
  }
  end = TextEnd::kCut;
  return out;
}

/// `budget` is what may still be unpacked of one file: boxes of a few bytes
/// each become as large as a field may be.
void read_packed_box(ByteWindow& in, const Box& box, std::size_t& budget,
                     FieldCollector& out) {
  constexpr std::size_t kTypeBytes = 4;
  const BoxType type = ByteCursor(box_bytes(in, box, kTypeBytes)).be32();
  if (!is_metadata(type)) return;
  const Bytes bytes = box_field(in, out, box);
  TextEnd end = TextEnd::kWhole;
  const std::size_t max_bytes = std::min(out.limits().max_field_bytes, budget);
  const std::string text = unpack(clipped(bytes, kTypeBytes), max_bytes, end);
  budget -= text.size();
  if (end == TextEnd::kCut) {
    const bool is_full = text.size() >= max_bytes;
    out.note(
        is_full ? ErrorCode::kFieldTooLarge : ErrorCode::kBadCompression,
        "box 'brob': stopped after " + std::to_string(text.size()) + " bytes",
        box.start);
  }
  read_metadata(type, as_bytes(text), 0, end, out);
}

}  // namespace

void read_jxl(ByteWindow& in, FieldCollector& out) {
  constexpr std::size_t kSizeBytes = 16;  // more than SizeHeader can take
  const Bytes head = in.view(0, kSizeBytes);
  if (begins_with(head, "\xFF\x0A")) return read_size(head, out);

  std::size_t unpack_budget = out.limits().max_total_field_bytes;
  BoxWalk walk(in, out, 0, in.size());
  while (const std::optional<Box> box = walk.next()) {
    switch (box->type) {
      case box_type("jxlc"):
        read_size(box_bytes(in, *box, kSizeBytes), out);
        break;
      case box_type("jxlp"):  // a part, behind its number
        read_size(clipped(box_bytes(in, *box, kSizeBytes), 4), out);
        break;
      case box_type("brob"):
        read_packed_box(in, *box, unpack_budget, out);
        break;
      case box_type("Exif"):
      case box_type("xml "):
      case box_type("jumb"): {
        const Bytes bytes = box_field(in, out, *box);
        const TextEnd end = end_of_text(bytes.size() < box->size());
        read_metadata(box->type, bytes, box->start, end, out);
        break;
      }
      default: break;
    }
  }
}

}  // namespace sdmeta
