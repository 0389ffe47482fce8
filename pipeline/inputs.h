// Arguments, lists, folders and archives -> Jobs, as a stream in a defined
// order: arguments as given, folders depth-first by byte order of names,
// archives in member order. Nothing is unpacked to disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/file_id.h"
#include "pipeline/job.h"
#include "pipeline/shard.h"

namespace sdmeta {

struct InputOptions {
  /// Files, folders, archives; "-" stands for a list on standard input.
  std::vector<std::string> paths = {};
  /// A list of paths, one a line ('\n', or '\0' if `is_nul_separated`); "-" is
  /// standard input. Everything in a list is an input, whatever its name.
  std::optional<std::string> files_from = std::nullopt;
  bool is_nul_separated = false;
  bool all_files = false;  // do not filter folders and archives by extension
  /// What the run writes, or replaces: skipped and counted in folders, because
  /// what is in it depends on when it is read.
  std::vector<FileId> outputs = {};
  Shard shard = {};  // keep only the names of this part
  Limits limits = {};
  /// Once this can be read, nothing is waited for any longer: a list that
  /// pauses ends. -1: there is no such descriptor.
  int stop_fd = -1;
};

struct InputCounts {
  std::uint64_t skipped_names = 0;  // no image or video extension
  std::uint64_t other_shards = 0;
  /// Of those: folders and archives that could not be read, or not to their
  /// end, so that inputs of this shard may be missing.
  std::uint64_t unread_in_other_shards = 0;
  std::uint64_t archives = 0;
  /// Lists of which some part could not be read: the output cannot be complete.
  std::uint64_t unreadable_lists = 0;
};

/// A single-threaded stream of jobs; `seq` counts from 0 without gaps. Every
/// input, however broken, is one job: what cannot be opened or listed is a job
/// with `error` set.
class InputStream {
 public:
  virtual ~InputStream() = default;
  virtual std::optional<Job> next() = 0;
  /// True if next() would wait for a list that pauses. Reads on to find out.
  virtual bool would_wait() { return false; }
  /// True if the stream has ended because of `stop_fd`, before its end.
  virtual bool is_stopped() const { return false; }
  virtual InputCounts counts() const = 0;
};

std::unique_ptr<InputStream> open_inputs(InputOptions options);

}  // namespace sdmeta
