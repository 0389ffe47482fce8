// Photoshop resources, IPTC datasets, and C2PA manifests: one after another
// over the same bytes.
#include "extractor/iptc.h"
#include "extractor/provenance.h"
#include "tests/fuzz/fuzz_reader.h"

namespace {

void read_all(sdmeta::ByteWindow& in, sdmeta::FieldCollector& out) {
  const sdmeta::Bytes bytes = in.view(0, in.size());
  read_photoshop_resources(bytes, out);
  read_iptc(bytes, out);
  note_c2pa(bytes, out);
  note_marks(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  return sdmeta::fuzz::run_reader(read_all, data, size);
}
