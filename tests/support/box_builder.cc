#include "tests/support/box_builder.h"

#include "tests/support/image_builder.h"

namespace sdmeta::test {
namespace {

std::string be64(std::uint64_t value) {
  return be32(static_cast<std::uint32_t>(value >> 32)) +
         be32(static_cast<std::uint32_t>(value));
}

std::string id_bytes(std::uint32_t id) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    if (id >> shift != 0) bytes.push_back(static_cast<char>(id >> shift));
  return bytes;
}

std::string infe(std::uint32_t version, std::uint32_t id, std::string_view type,
                 std::string_view rest) {
  return full_box("infe", version,
                  (version == 3 ? be32(id) : be16(id)) + be16(0) +
                      std::string(type) + std::string(rest));
}

struct Location {
  std::uint32_t id;
  std::uint32_t offset;
  std::uint32_t length;
};

std::string iloc(const HeifOptions& options,
                 const std::vector<Location>& locations) {
  const std::uint32_t version = options.iloc_version;
  std::string table = {'\x44', '\0'};  // offsets and lengths of 4 bytes
  const auto id_of = [version](std::uint32_t id) {
    return version < 2 ? be16(id) : be32(id);
  };
  table += id_of(static_cast<std::uint32_t>(locations.size()));
  for (const Location& location : locations) {
    table += id_of(location.id);
    if (version > 0) table += be16(options.is_in_idat ? 1 : 0);
    table += be16(0);  // data reference
    const std::uint32_t first = options.is_split ? location.length / 2 : 0;
    table += be16(options.is_split ? 2 : 1);
    if (options.is_split) table += be32(location.offset) + be32(first);
    table += be32(location.offset + first) + be32(location.length - first);
  }
  return full_box("iloc", version, table);
}

}  // namespace

std::string box(std::string_view type, std::string_view payload) {
  return lying_box(type, static_cast<std::uint32_t>(payload.size() + 8),
                   payload);
}

std::string full_box(std::string_view type, std::uint32_t version,
                     std::string_view payload) {
  return box(type, be32(version << 24) + std::string(payload));
}

std::string long_box(std::string_view type, std::string_view payload) {
  return be32(1) + std::string(type) + be64(payload.size() + 16) +
         std::string(payload);
}

std::string lying_box(std::string_view type, std::uint32_t size,
                      std::string_view payload) {
  return be32(size) + std::string(type) + std::string(payload);
}

std::string ftyp(std::string_view major, std::string_view others) {
  return box("ftyp", std::string(major) + be32(0) + std::string(others));
}

std::string utf8_data(std::string_view text) {
  return box("data", be32(1) + be32(0) + std::string(text));
}

std::string mdta_meta(
    const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string keys = be32(static_cast<std::uint32_t>(pairs.size()));
  std::string list;
  std::uint32_t number = 0;
  for (const auto& [key, value] : pairs) {
    keys += box("mdta", key);
    const std::string entry = utf8_data(value);
    list += be32(static_cast<std::uint32_t>(entry.size() + 8)) +
            be32(++number) + entry;
  }
  return full_box(
      "meta", 0,
      full_box("hdlr", 0, be32(0) + "mdta" + std::string(13, '\0')) +
          full_box("keys", 0, keys) + box("ilst", list));
}

std::string track_header(std::uint32_t version, std::uint32_t width,
                         std::uint32_t height) {
  return full_box("tkhd", version,
                  std::string(version == 1 ? 84 : 72, '\0') +
                      be32(width << 16) + be32(height << 16));
}

std::string heif(const HeifOptions& options) {
  const auto build = [&options](std::uint32_t data_offset) {
    const std::uint32_t start = options.is_in_idat ? 0 : data_offset;
    std::vector<Location> locations = {{1, start, 0}};
    std::string entries = infe(options.infe_version, 1, "av01", "pic\0");
    const std::uint32_t exif_size =
        static_cast<std::uint32_t>(options.exif.size());
    if (!options.exif.empty()) {
      entries += infe(options.infe_version, 2, "Exif", std::string(1, '\0'));
      locations.push_back({2, start, exif_size});
    }
    if (!options.xmp.empty()) {
      entries += infe(options.infe_version, 3, "mime",
                      std::string("\0application/rdf+xml\0", 21));
      locations.push_back({3, start + exif_size,
                           static_cast<std::uint32_t>(options.xmp.size())});
    }
    const std::string properties = box(
        "ipco",
        full_box("ispe", 0, be32(1) + be32(1)) +  // a thumbnail's
            full_box("ispe", 0, be32(640) + be32(480)) +
            box("irot",
                {reinterpret_cast<const char*>(&options.quarter_turns), 1}));
    const std::string association =
        full_box("ipma", 0, be32(1) + be16(1) + std::string("\x02\x82\x83", 3));
    const std::string items =
        full_box("hdlr", 0, be32(0) + "pict" + std::string(13, '\0')) +
        full_box("pitm", 0, be16(1)) + iloc(options, locations) +
        full_box("iinf", 0,
                 be16(static_cast<std::uint32_t>(locations.size())) + entries) +
        box("iprp", properties + association) +
        (options.is_in_idat ? box("idat", options.exif + options.xmp) : "");
    return ftyp(options.brand, options.brand + "mif1") +
           full_box("meta", 0, items);
  };
  const std::uint32_t head_bytes = static_cast<std::uint32_t>(build(0).size());
  const std::string data =
      options.is_in_idat ? "pixels" : options.exif + options.xmp;
  return build(head_bytes + 8) + box("mdat", data);
}

std::string element(std::uint32_t id, std::string_view payload) {
  return lying_element(id, payload.size(), payload);
}

std::string endless_element(std::uint32_t id, std::string_view payload) {
  return id_bytes(id) + "\xFF" + std::string(payload);
}

std::string lying_element(std::uint32_t id, std::uint64_t size,
                          std::string_view payload) {
  std::string length;
  if (size < 127)
    length.push_back(static_cast<char>(0x80 | size));
  else
    length = be64(size | std::uint64_t{1} << 56);
  return id_bytes(id) + length + std::string(payload);
}

std::string ebml_header(std::string_view doc_type) {
  return element(0x1A45DFA3, element(0x4282, doc_type));
}

std::string simple_tag(std::string_view name, std::string_view text,
                       std::string_view children) {
  return element(0x67C8, element(0x45A3, name) + element(0x4487, text) +
                             std::string(children));
}

std::string tags(std::string_view simple_tags) {
  return element(0x1254C367, element(0x7373, simple_tags));
}

}  // namespace sdmeta::test
