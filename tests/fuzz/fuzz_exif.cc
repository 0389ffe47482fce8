#include "extractor/exif.h"
#include "tests/fuzz/fuzz_reader.h"

namespace {

void read_block(sdmeta::ByteWindow& in, sdmeta::FieldCollector& out) {
  read_exif(in.view(0, in.size()), 0, out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  return sdmeta::fuzz::run_reader(read_block, data, size);
}
