#include "pipeline/job_batches.h"

#include <utility>

#include "pipeline/stages.h"

namespace sdmeta {

std::optional<Batch<Job>> JobBatches::next() {
  Batch<Job> batch;
  while (batch.items.empty()) {
    if (is_finished_ || stop_.load(std::memory_order_relaxed))
      return std::nullopt;
    std::size_t held_bytes = 0;
    for (std::size_t i = 0; i < kBatchJobs && held_bytes < kMaxPackedBytes;
         ++i) {
      std::optional<Job> job = inputs_.next();
      if (!job && inputs_.is_stopped()) return std::nullopt;
      if (!job) {
        is_finished_ = true;
        break;
      }
      if (job->bytes) held_bytes += job->bytes->size();
      if (recorded_ != nullptr &&
          recorded_->take(job->path, job->member, job_bytes(*job))) {
        ++already_recorded_;
        continue;
      }
      batch.items.push_back(std::move(*job));
    }
  }
  batch.seq = next_seq_++;
  return batch;
}

}  // namespace sdmeta
