#include "pipeline/job_batches.h"

#include <utility>

#include "pipeline/file_opener.h"
#include "pipeline/stages.h"

namespace sdmeta {

/// True if the output had a record of `job`.
bool JobBatches::take_record_of(const Job& job) {
  const std::optional<std::uint64_t> bytes = job_bytes(job);
  if (recorded_->take(job.path, job.member, bytes)) return true;
  // The record of a file that could not be opened states no size, which here
  // can be told all the same.
  if (!bytes || job.member) return false;
  const auto key = RecordedFiles::key(job.path, job.member, std::nullopt);
  return recorded_->contains(key) && !FileOpener().open(job.path) &&
         recorded_->take(job.path, job.member, std::nullopt);
}

std::optional<Batch> JobBatches::next() {
  Batch batch;
  batch.items.reserve(kBatchJobs);
  while (batch.items.empty()) {
    if (is_finished_ || stop_.load(std::memory_order_relaxed))
      return std::nullopt;
    std::size_t read_bytes = 0;
    for (std::size_t i = 0; i < kBatchJobs && read_bytes < kMaxPackedBytes;
         ++i) {
      std::optional<Job> job = inputs_.next();
      if (!job && inputs_.is_stopped()) return std::nullopt;
      if (!job) {
        is_finished_ = true;
        break;
      }
      const std::size_t packed_bytes = job->bytes ? job->bytes->size() : 0;
      read_bytes += packed_bytes;
      if (recorded_ != nullptr && take_record_of(*job)) {
        ++already_recorded_;
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
