#include "extractor/iptc.h"

#include <algorithm>
#include <array>
#include <string>

#include "extractor/text_decode.h"

namespace sdmeta {

namespace {

struct Dataset {
  std::uint8_t number;  // in record 2, the application record
  std::string_view name;
};

constexpr auto kDatasets = std::to_array<Dataset>({
    {5, "ObjectName"},
    {25, "Keywords"},
    {40, "SpecialInstructions"},
    {65, "OriginatingProgram"},
    {70, "ProgramVersion"},
    {80, "By-line"},
    {105, "Headline"},
    {110, "Credit"},
    {115, "Source"},
    {116, "CopyrightNotice"},
    {120, "Caption-Abstract"},
    {122, "Writer-Editor"},
});

constexpr std::uint8_t kTagMarker = 0x1C;
constexpr std::uint8_t kApplicationRecord = 2;
constexpr std::uint16_t kIptcResource = 0x0404;

}  // namespace

void read_iptc(Bytes datasets, FieldCollector& out) {
  ByteCursor cursor(datasets);
  while (cursor.remaining() >= 5 && out.may_walk_on()) {
    if (cursor.u8() != kTagMarker) return;
    const std::uint8_t record = cursor.u8();
    const std::uint8_t number = cursor.u8();
    std::uint64_t length = cursor.be16();
    if (length >> 15 != 0) {  // the size of a longer size follows
      const std::size_t digits = length & 0x7FFF;
      if (digits > 8) return;
      length = cursor.number(digits, ByteOrder::kBig);
    }
    const bool is_cut = length > cursor.remaining();
    const Bytes value = cursor.take(static_cast<std::size_t>(
        std::min<std::uint64_t>(length, cursor.remaining())));
    const auto dataset =
        std::find_if(kDatasets.begin(), kDatasets.end(),
                     [number](const Dataset& d) { return d.number == number; });
    if (record != kApplicationRecord || dataset == kDatasets.end()) continue;
    if (value.empty()) continue;
    out.add(Carrier::kIptc, std::string(dataset->name),
            decode_text(value, end_of_text(is_cut)));
  }
}

void read_photoshop_resources(Bytes resources, FieldCollector& out) {
  constexpr std::string_view kHeader("Photoshop 3.0\0", 14);
  if (begins_with(resources, kHeader)) {
    resources = resources.subspan(kHeader.size());
  }
  ByteCursor cursor(resources);
  while (cursor.remaining() >= 12 && out.may_walk_on()) {
    if (as_text(cursor.take(4)) != "8BIM") return;
    const std::uint16_t id = cursor.be16();
    // A name with its length in front, padded to an even size.
    const std::size_t name_bytes = cursor.u8();
    cursor.skip(name_bytes | 1u);
    const std::uint32_t length = cursor.be32();
    const Bytes content = cursor.take(length);
    if (length % 2 != 0 && cursor.remaining() > 0) cursor.skip(1);
    if (id == kIptcResource) read_iptc(content, out);
  }
}

}  // namespace sdmeta
