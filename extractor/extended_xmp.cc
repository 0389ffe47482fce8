#include "extractor/extended_xmp.h"

#include <algorithm>

#include "extractor/xmp.h"

namespace sdmeta {

void read_extended_xmp(std::vector<ExtendedXmpPart> parts,
                       FieldCollector& out) {
  std::stable_sort(parts.begin(), parts.end(),
                   [](const ExtendedXmpPart& a, const ExtendedXmpPart& b) {
                     return a.guid != b.guid ? a.guid < b.guid
                                             : a.offset < b.offset;
                   });
  for (std::size_t i = 0; i < parts.size();) {
    const std::string& guid = parts[i].guid;
    const std::uint64_t file_offset = parts[i].file_offset;
    std::string packet;
    for (; i < parts.size() && parts[i].guid == guid; ++i) {
      const ExtendedXmpPart& part = parts[i];
      if (part.offset > packet.size()) {
        out.note(ErrorCode::kBadXmp,
                 "extended packet lacks bytes " +
                     std::to_string(packet.size()) + " to " +
                     std::to_string(part.offset),
                 part.file_offset);
      }
      // What two parts hold, or a repetition.
      const std::size_t known =
          packet.size() - std::min<std::size_t>(packet.size(), part.offset);
      if (known < part.bytes.size()) packet += part.bytes.substr(known);
    }
    read_xmp(as_bytes(packet), file_offset, out);
  }
}

}  // namespace sdmeta
