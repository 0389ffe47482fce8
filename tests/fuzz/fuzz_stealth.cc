// A PNG or WebP is searched as it is. Other input becomes an image with hidden
// data, because a fuzzer cannot guess checksums and deflate streams:
// mode, width, height, declared length (4 bytes), payload.
#include <zlib.h>

#include <array>
#include <string>
#include <vector>

#include "extractor/stealth.h"
#include "tests/fuzz/fuzz_reader.h"

using namespace sdmeta;

namespace {

void append_be32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift));
}

void append_chunk(std::string& png, std::string_view type,
                  std::string_view data) {
  append_be32(png, static_cast<std::uint32_t>(data.size()));
  std::string body(type);
  body.append(data);
  png.append(body);
  append_be32(png, static_cast<std::uint32_t>(
                       crc32(0, reinterpret_cast<const Bytef*>(body.data()),
                             static_cast<uInt>(body.size()))));
}

std::string make_png(ByteCursor& input) {
  constexpr std::array<std::string_view, 4> kSignatures = {
      "stealth_pnginfo", "stealth_pngcomp", "stealth_rgbinfo",
      "stealth_rgbcomp"};
  const std::uint8_t mode = input.u8();
  const std::uint32_t width = input.u8() % 64 + 1;
  const std::uint32_t height = input.u8() + 1;
  const bool is_interlaced = (mode & 4) != 0;
  std::string stream(kSignatures[mode & 3]);
  append_be32(stream, input.be32());
  stream.append(as_text(input.rest()));

  const bool is_alpha = (mode & 2) == 0;
  const std::uint32_t channels = is_alpha || (mode & 8) != 0 ? 4 : 3;
  const std::uint32_t bits = is_alpha ? 1 : 3;
  std::string rows;
  for (std::uint32_t y = 0; y < height; ++y) {
    rows.push_back(0);  // no filter
    for (std::uint32_t x = 0; x < width; ++x) {
      for (std::uint32_t c = 0; c < channels; ++c) {
        const std::uint32_t first = is_alpha ? 3 : 0;
        const std::size_t index =
            (std::size_t{x} * height + y) * bits + c - first;
        const bool is_carrier = c >= first && c < first + bits;
        const bool is_set =
            is_carrier && index / 8 < stream.size() &&
            (static_cast<std::uint8_t>(stream[index / 8]) >> (7 - index % 8) &
             1) != 0;
        rows.push_back(static_cast<char>(is_set ? 255 : 254));
      }
    }
  }
  std::string packed(compressBound(static_cast<uLong>(rows.size())), '\0');
  uLongf packed_bytes = static_cast<uLongf>(packed.size());
  compress2(reinterpret_cast<Bytef*>(packed.data()), &packed_bytes,
            reinterpret_cast<const Bytef*>(rows.data()),
            static_cast<uLong>(rows.size()), 1);
  packed.resize(packed_bytes);

  std::string header;
  append_be32(header, width);
  append_be32(header, height);
  header.append({8, static_cast<char>(channels == 4 ? 6 : 2), 0, 0,
                 static_cast<char>(is_interlaced)});
  std::string png("\x89PNG\r\n\x1A\n");
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", packed);
  append_chunk(png, "IEND", "");
  return png;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const Limits limits = fuzz::small_limits();
  const Bytes input(data, size);
  ByteCursor cursor(input);
  std::string made;
  Bytes file = input;
  const bool is_webp = begins_with(input, "RIFF");
  const bool is_png = begins_with(input, "\x89PNG");
  if (!is_webp && !is_png) {
    made = make_png(cursor);
    file = as_bytes(made);
  }
  MemorySource source(file);
  const StealthResult result = read_stealth(
      source, is_webp ? Container::kWebp : Container::kPng, limits);
  if (result.found)
    fuzz::require(result.found->text.size() <= limits.max_field_bytes);
  return 0;
}
