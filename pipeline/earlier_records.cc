#include "pipeline/earlier_records.h"

#include <optional>
#include <utility>

#include "pipeline/file_opener.h"

namespace sdmeta {

void EarlierRecords::add(const RecordName& name) {
  files_.add(RecordedFiles::key(name.file, name.member, name.bytes), name.how);
}

bool EarlierRecords::is_better_now(const Job& job, RecordedAs how) const {
  StageOptions options = options_;
  FileOpener opener;
  // Most fail as they did, which is seen without their pixels. What seems sound
  // may have been found broken by --verify, unless it could not be read at all.
  for (const bool verify : {false, true}) {
    if (verify && how == RecordedAs::kUnreadable) break;
    options.extract.verify = verify;
    const Record now = interpret_stage(
        extract_stage(Job(job), opener, options.extract), options);
    if (recorded_as(now.status, is_damaged(now)) >= how) return false;
  }
  return true;
}

bool EarlierRecords::take(const Job& job) {
  const auto take = [&](std::optional<std::uint64_t> bytes) {
    const auto key = RecordedFiles::key(job.path, job.member, bytes);
    const RecordedAs how = files_.how(key);
    if (how != RecordedAs::kSound && is_better_now(job, how)) return false;
    return files_.take(key);
  };
  const std::optional<std::uint64_t> bytes = job_bytes(job);
  if (take(bytes)) return true;
  // The record of a file that could not be opened states no size, which here
  // can be told all the same.
  if (bytes) return !job.member && take(std::nullopt);
  // What is away now, or for ever, gets no record that is worse than what there
  // is.
  return files_.take_any_size(
      RecordedFiles::key(job.path, job.member, std::nullopt));
}

}  // namespace sdmeta
