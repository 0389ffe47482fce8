// Any bytes as a plain tar: places of members lie inside the archive.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "pipeline/tar_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace sdmeta;
  TarReader reader(std::make_unique<MemorySource>(std::span(data, size)));
  while (const std::optional<Member> member = reader.next()) {
    if (!member->range || member->range->length == 0) continue;
    if (member->range->offset > size ||
        member->range->length > size - member->range->offset)
      std::abort();
  }
  return 0;
}
