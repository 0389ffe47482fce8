// Exif blocks, TIFF files and GIF, told apart as files are.
#include "extractor/exif.h"
#include "extractor/gif.h"
#include "tests/fuzz/fuzz_reader.h"

namespace {

void read_any(sdmeta::ByteWindow& in, sdmeta::FieldCollector& out) {
  const std::string_view head = sdmeta::as_text(in.view(0, 4));
  if (head.starts_with("GIF8")) return sdmeta::read_gif(in, out);
  if (head.starts_with("II") || head.starts_with("MM")) read_tiff(in, out);
  read_exif(in.view(0, in.size()), 0, out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  return sdmeta::fuzz::run_reader(read_any, data, size);
}
