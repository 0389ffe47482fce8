// The stages of the flow for batches: the bodies of the graph's nodes. Few
// files are read at a time and go all the way to their lines before the next
// are, while their texts are in the processor's cache. With StageOptions::held,
// large files are postponed: those that pass small_file_limits(), and all while
// it is full.
#pragma once

#include <functional>
#include <vector>

#include "pipeline/job.h"
#include "pipeline/stages.h"

namespace sdmeta {

/// The lines of all files.
Lines write_batch(Batch jobs, const StageOptions& options) noexcept;

/// A batch of which some files are not in the page cache.
struct HalfWritten {
  Lines lines;
  std::vector<Job> jobs;  // that follow, to be waited for
};
/// Stops at the first file that has to be waited for: the next are likely to
/// need it too.
HalfWritten write_cached(Batch jobs, const StageOptions& options) noexcept;

/// The same when they have been read.
struct HalfRead {
  Lines lines;
  std::vector<Extracted> images;
};
HalfRead read_rest(HalfWritten half, const StageOptions& options) noexcept;
Lines write_rest(HalfRead half, const StageOptions& options) noexcept;

/// Hands the lines of a batch to `take`, in as many pieces as it needs to hold
/// no more than one large file: what was postponed is read here, by itself. The
/// pieces do not depend on what was postponed, and none of theirs is.
void finish_batch(Lines lines, const StageOptions& options,
                  const std::function<void(Lines)>& take);

}  // namespace sdmeta
