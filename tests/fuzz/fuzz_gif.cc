#include "extractor/gif.h"
#include "tests/fuzz/fuzz_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  return sdmeta::fuzz::run_reader(sdmeta::read_gif, data, size);
}
