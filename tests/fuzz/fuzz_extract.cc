// The door: any bytes, all options.
#include "extractor/extract.h"
#include "tests/fuzz/fuzz_reader.h"

using namespace sdmeta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  ExtractOptions options;
  options.limits = fuzz::small_limits();
  options.stealth = size % 2 == 0 ? StealthMode::kAuto : StealthMode::kAlways;
  options.verify = size % 3 == 0;
  MemorySource source({data, size});
  const ImageFields image = extract_fields(source, options);
  fuzz::check(image, options.limits);
  fuzz::require(image.bytes == size);
  fuzz::require(image.container != Container::kUnknown ||
                image.damage.has_value());
  return 0;
}
