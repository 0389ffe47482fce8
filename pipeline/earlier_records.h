// The records that an output held before this run (--resume): which inputs they
// are of, and whether they still stand.
#pragma once

#include <cstdint>

#include "pipeline/old_output.h"
#include "pipeline/record.h"
#include "pipeline/recorded_files.h"
#include "pipeline/stages.h"

namespace sdmeta {

class EarlierRecords {
 public:
  /// `options` are those of this run.
  explicit EarlierRecords(const StageOptions& options) : options_(options) {}

  void add(const RecordName& name);

  /// Takes a record of `job` away and is true, if there is one that stands.
  /// That of a failure, or of damage, stands only while the input is no better:
  /// a share was away for a minute, a file had its size before its bytes
  /// (aria2c, robocopy), a broken archive came again. Then all members have a
  /// record, and sizes tell nothing. To find out, the input is read on the
  /// thread that asks.
  bool take(const Job& job);

  /// How many of those taken away were of failures.
  std::uint64_t failures_taken() const { return files_.failures_taken(); }

 private:
  bool is_better_now(const Job& job, RecordedAs how) const;

  StageOptions options_;
  RecordedFiles files_;
};

}  // namespace sdmeta
