// The flow from jobs to lines, twice: a plain loop that is easy to believe, and
// a graph that uses every core. Both give the same lines in the same order.
#pragma once

#include <functional>
#include <optional>

#include "pipeline/job.h"
#include "pipeline/stages.h"

namespace sdmeta {

/// Enough requests in flight for a solid state disk.
inline constexpr unsigned kDefaultIoDepth = 16;

struct RunOptions {
  StageOptions stages;    // `held` is the run's own
  unsigned threads = 1;   // that parse; at least 1
  unsigned io_depth = 0;  // files read at once; 0: read by those threads
};

/// Next batch, numbered from 0 without gaps; nullopt ends the run. Called by
/// one thread at a time. May be without items (and number) where not
/// `may_wait`: it would have to be waited for, and others are not written yet.
using NextBatch = std::function<std::optional<Batch>(bool may_wait)>;

/// Takes the lines of each batch, in one or more pieces, in the order of `seq`,
/// one thread at a time. Pieces have `bytes`, `tally` and `failures`.
using TakeLines = std::function<void(Lines)>;

void run_serial(const NextBatch& next, const RunOptions& options,
                const TakeLines& take);

/// Holds a number of batches at a time that depends on the options alone, and
/// at most HeldBytes::max_bytes() of text and one large file besides.
void run_graph(const NextBatch& next, const RunOptions& options,
               const TakeLines& take);

}  // namespace sdmeta
