#include "pipeline/run.h"

#include <utility>

#include "pipeline/batch_lines.h"

namespace sdmeta {

void run_serial(const NextBatch& next, const RunOptions& options,
                const TakeLines& take) {
  const StageOptions& stages = options.stages;
  while (std::optional<Batch> jobs = next(true))
    finish_batch(write_batch(std::move(*jobs), stages), stages, take);
}

}  // namespace sdmeta
