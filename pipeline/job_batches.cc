#include "pipeline/job_batches.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "extractor/byte_source.h"
#include "extractor/limits.h"
#include "pipeline/job_source.h"
#include "pipeline/stages.h"

namespace sdmeta {

namespace {

/// True if `job` can be opened, and read to its end if it is that which failed:
/// the disk may have been away for a minute.
bool is_readable(const Job& job, bool was_opened) {
  const auto source = open_source(job, Limits{});
  if (!source) return false;
  if (!was_opened) return true;
  std::vector<std::uint8_t> buffer(std::size_t{1} << 16);
  for (std::uint64_t at = 0;;) {
    const Result<std::size_t> got = (*source)->read_at(at, buffer);
    if (!got) return false;
    if (*got == 0) return true;
    at += *got;
  }
}

}  // namespace

/// True if the output had a record of `job`, and need have no other.
bool JobBatches::take_record_of(const Job& job) {
  const auto take = [&](std::optional<std::uint64_t> bytes) {
    const auto key = RecordedFiles::key(job.path, job.member, bytes);
    const bool was_opened = bytes.has_value();
    if (recorded_->is_unreadable(key) && is_readable(job, was_opened))
      return false;
    return recorded_->take(key);
  };
  const std::optional<std::uint64_t> bytes = job_bytes(job);
  // The record of a file that could not be opened states no size, which here
  // can be told all the same.
  return take(bytes) || (bytes && !job.member && take(std::nullopt));
}

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
