#include "pipeline/run.h"

#include <utility>

namespace sdmeta {

void run_serial(const NextBatch& next, const RunOptions& options,
                const TakeLines& take) {
  const StageOptions& stages = options.stages;
  while (std::optional<Batch<Job>> jobs = next()) {
    Batch<Extracted> images = extract_batch(std::move(*jobs), stages);
    Batch<Record> records = interpret_batch(std::move(images), stages);
    finish_batch(encode_batch(join_batch(std::move(records), stages), stages),
                 stages, take);
  }
}

}  // namespace sdmeta
