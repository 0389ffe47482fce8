#include "extractor/xmp.h"
#include "tests/fuzz/fuzz_reader.h"

namespace {

void read_packet(sdmeta::ByteWindow& in, sdmeta::FieldCollector& out) {
  read_xmp(in.view(0, in.size()), 0, out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  return sdmeta::fuzz::run_reader(read_packet, data, size);
}
