// The decoders behind --verify, and our glue to them.
#include "extractor/container.h"
#include "extractor/verify.h"
#include "tests/fuzz/fuzz_reader.h"

using namespace sdmeta;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const ContainerRow* row = find_container({data, size});
  if (row == nullptr) return 0;
  MemorySource source({data, size});
  const std::optional<Error> error =
      verify_pixels(source, row->container, fuzz::small_limits());
  if (error) fuzz::require(fuzz::is_utf8(error->detail));
  return 0;
}
