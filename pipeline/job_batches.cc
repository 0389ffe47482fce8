#include "pipeline/job_batches.h"

#include <utility>

namespace sdmeta {

std::optional<Batch> JobBatches::next(bool may_wait) {
  Batch batch;
  batch.items.reserve(kBatchJobs);
  while (batch.items.empty()) {
    if (is_finished_ || stop_.load(std::memory_order_relaxed))
      return std::nullopt;
    std::size_t read_bytes = 0;
    for (std::size_t i = 0; i < kBatchJobs && read_bytes < kMaxPackedBytes;
         ++i) {
      if (is_prompt_ && (!may_wait || !batch.items.empty()) &&
          inputs_.would_wait()) {
        if (batch.items.empty()) return batch;
        break;
      }
      std::optional<Job> job = inputs_.next();
      if (!job && inputs_.is_stopped()) return std::nullopt;
      if (!job) {
        is_finished_ = true;
        break;
      }
      const std::size_t packed_bytes = job->bytes ? job->bytes->size() : 0;
      read_bytes += packed_bytes;
      if (earlier_ != nullptr && earlier_->take(*job)) {
        ++already_recorded_;
        // All of millions may be, and some of them are read again.
        if (stop_.load(std::memory_order_relaxed)) return std::nullopt;
        continue;
      }
      batch.held_bytes += 2 * packed_bytes;  // and what is read out of it
      batch.items.push_back(std::move(*job));
    }
  }
  batch.seq = next_seq_++;
  return batch;
}

}  // namespace sdmeta
