// An archive, and the archives in it, as a stream of jobs in member order.
// Plain tars and zips are read by their headers, so that other threads read the
// members; everything else is unpacked here, one member in memory at a time.
// Nothing is unpacked to disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/archive_file.h"
#include "pipeline/archive_reader.h"
#include "pipeline/job.h"
#include "pipeline/shard.h"

namespace sdmeta {

struct ArchiveOptions {
  bool all_files = false;  // else members are chosen by kind_of_name()
  Shard shard;
  Limits limits;
};

struct ArchiveCounts {
  std::uint64_t skipped_names = 0;
  std::uint64_t other_shards = 0;
  std::uint64_t unread_in_other_shards = 0;  // archives that broke
};

/// `Job::member` of a member of an archive within the archive is
/// "inner.zip!/name". Links, encrypted members and archives that are nested too
/// deeply are jobs with an error; an image that is named like an archive is a
/// job like others. A break is one job with an error and without a member (that
/// of the archive within), behind the jobs of all members in front of it.
///
/// Shards: a member goes by `shard_name` + "!/" + `Job::member`. An archive
/// that must be unpacked from its start goes as a whole, because each shard
/// would have to unpack all of it.
class ArchiveWalk {
 public:
  static constexpr std::size_t kMaxNesting = 3;

  ArchiveWalk(const std::string& path, std::string shard_name,
              ArchiveOptions options);
  /// Only the member `only`, by its whole name.
  ArchiveWalk(const std::string& path, std::string only);
  ~ArchiveWalk();

  std::optional<Job> next();
  const ArchiveCounts& counts() const noexcept { return counts_; }

 private:
  struct Level;

  void enter(Job archive);
  void offer(Job archive);
  std::optional<Job> visit(Level& level, Member member);
  std::optional<Job> leave(const Level& level);
  Job job_of(Level& level, Member member, std::string name) const;
  bool is_skipped(const Member& member, const std::string& name) const;
  bool takes(const std::optional<std::string>& member) const;

  std::string path_;
  std::string shard_name_;
  ArchiveOptions options_;
  std::optional<std::string> only_;
  std::vector<std::unique_ptr<Level>> levels_;
  std::optional<Job> instead_;  // an archive that is not entered
  ArchiveCounts counts_;
};

/// `file!/member` and `file!/inner.zip!/member` as a job. A file whose name
/// contains "!/" stays a file: nullopt if `name` is no member's, and an error
/// if the archive has no such member.
std::optional<Result<Job>> open_member(const std::string& name);

}  // namespace sdmeta
