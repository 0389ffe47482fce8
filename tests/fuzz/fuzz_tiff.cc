// TIFF and BMP files, told apart as files are.
#include "extractor/bmp.h"
#include "extractor/exif.h"
#include "tests/fuzz/fuzz_reader.h"

namespace {

void read_any(sdmeta::ByteWindow& in, sdmeta::FieldCollector& out) {
  if (sdmeta::begins_with(in.view(0, 2), "BM")) return read_bmp(in, out);
  read_tiff(in, out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  return sdmeta::fuzz::run_reader(read_any, data, size);
}
