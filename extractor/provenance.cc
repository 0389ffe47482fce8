#include "extractor/provenance.h"

namespace sdmeta {

void note_c2pa(Bytes, FieldCollector& out) { out.note(ErrorCode::kC2pa, ""); }

}  // namespace sdmeta
