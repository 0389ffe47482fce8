// The bytes of a job, wherever they are: a file, a stretch of an archive, or
// memory.
#pragma once

#include <memory>

#include "extractor/byte_source.h"
#include "extractor/limits.h"
#include "pipeline/job.h"

namespace sdmeta {

/// Opens what `job` names; `job` must outlive the source. Thread-safe. A packed
/// member is unpacked as far as it is read, and not beyond
/// `limits.max_member_bytes`. An error is kUnreadable (I/O, permission), or
/// says what is wrong with the archive at this member.
Result<std::unique_ptr<ByteSource>> open_source(const Job& job,
                                                const Limits& limits);

}  // namespace sdmeta
