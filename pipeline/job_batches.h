// Groups jobs into batches for the flow, leaving out what an earlier run has
// recorded.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "pipeline/earlier_records.h"
#include "pipeline/inputs.h"
#include "pipeline/job.h"

namespace sdmeta {

class JobBatches {
 public:
  /// `earlier` may be null; what it holds is taken from it. Batches end once
  /// `stop` is true. All three outlive this. `is_prompt`: a list that pauses
  /// ends a batch, so that nobody waits for records that could be had.
  JobBatches(InputStream& inputs, EarlierRecords* earlier,
             const std::atomic<bool>& stop, bool is_prompt = false)
      : inputs_(inputs),
        earlier_(earlier),
        stop_(stop),
        is_prompt_(is_prompt) {}

  /// Without `may_wait` a batch without items stands for one that has to be
  /// waited for, if the batches are to be prompt.
  /// Cuts after every kBatchJobs jobs of the input, recorded ones counted, so
  /// that a resumed run cuts where the interrupted one did: compressed output
  /// is then the same to the byte. Also cuts when kMaxPackedBytes are held. A
  /// batch that a stop leaves half full is left to the next run.
  std::optional<Batch> next(bool may_wait = true);

  /// May be asked while another thread is in next().
  std::uint64_t already_recorded() const { return already_recorded_; }
  /// True once the inputs have come to their end.
  bool is_finished() const { return is_finished_; }

 private:
  InputStream& inputs_;
  EarlierRecords* earlier_;
  const std::atomic<bool>& stop_;
  const bool is_prompt_;
  std::uint64_t next_seq_ = 0;
  std::atomic<std::uint64_t> already_recorded_{0};
  bool is_finished_ = false;
};

}  // namespace sdmeta
