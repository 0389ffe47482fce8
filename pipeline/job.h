// What flows through the pipeline, one way: Job -> Extracted -> Record ->
// Lines. Plain data, moved forward.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "extractor/raw_fields.h"
#include "pipeline/record.h"

namespace sdmeta {

class ArchiveFile;

/// How the bytes of a FileRange become the bytes of the member.
enum class Packing : std::uint8_t {
  kStored,   // they are the member
  kZip,      // `offset` is that of a local zip header; stored or deflated data
             // of `length` bytes follows it
  kForeign,  // an archive of this one member, which libarchive unpacks
};

/// Where an archive member stands in its archive: read in place, and unpacked
/// where need be, by any thread (`open_source` in pipeline/job_source.h).
struct FileRange {
  std::uint64_t offset = 0;  // bytes from the start of the archive
  std::uint64_t length = 0;
  Packing packing = Packing::kStored;
  std::shared_ptr<const ArchiveFile> archive;  // keeps the descriptor open
};

/// Bytes of `Job::bytes` after which a batch of jobs is closed early.
inline constexpr std::size_t kMaxPackedBytes = 8u << 20;

struct Job {
  std::uint64_t seq = 0;  // 0, 1, 2, ... without gaps: the order of the output
  std::string path;       // as given or enumerated; any bytes but NUL
  bool is_regular = false;  // `path` is a file: the listing of its folder says
  /// A failure is also told to the person: of an argument, of a folder, of an
  /// archive, behind each of which many images may stand.
  bool is_announced = false;
  std::optional<std::string> member;  // name inside the archive `path`
  std::optional<FileRange> range;     // member that is read in place
  /// Member of an archive that must be decompressed from its start. Memory is
  /// bounded by whoever collects jobs: a batch ends at `kMaxPackedBytes`.
  std::shared_ptr<const std::vector<std::uint8_t>> bytes;
  std::optional<std::uint64_t> member_size;  // declared; of a cut member too
  /// What kept the producer from offering bytes; the job is a record all the
  /// same.
  std::optional<Error> error;
};

struct Extracted {
  Job job;
  ImageFields image;
  std::optional<std::uint64_t>
      bytes;  // of file or member; unknown if unreadable
  /// Not read yet: it is large, or the batches in flight hold so much already
  /// (HeldBytes). A few hostile files in a row would otherwise fill the memory.
  bool is_postponed = false;
};

/// Up to kBatchJobs of them travel together: a message for each file would cost
/// as much as reading it.
struct Batch {
  std::uint64_t seq = 0;  // 0, 1, 2, ... without gaps
  std::vector<Job> items;
  std::size_t held_bytes = 0;  // its part of HeldBytes
};
inline constexpr std::size_t kBatchJobs = 32;

/// What a run did, for the summary line and --stats.
struct Tally {
  std::uint64_t records = 0;
  std::array<std::uint64_t, kStatusCount> by_status{};
  std::uint64_t damaged = 0;  // no failures, but truncated or corrupt
  std::uint64_t with_row = 0;
  std::uint64_t image_bytes = 0;
  std::uint64_t output_bytes = 0;
};

/// The records of one batch, or some of them, as they go to the output.
struct Lines {
  /// A job whose line belongs at `offset` of `bytes`; it is read when its turn
  /// to be written comes.
  struct Postponed {
    std::size_t offset = 0;
    std::shared_ptr<const Job> job;
  };

  std::uint64_t seq = 0;
  std::string frames;  // whole frames of compressed lines, in front of `bytes`
  /// Whole lines; compressed if the output is, unless jobs are postponed.
  std::string bytes;
  Tally tally;  // of these lines; output_bytes counts them uncompressed
  std::vector<std::string> failures;  // messages: of jobs that are announced
  std::vector<Postponed> postponed;   // in order
  std::size_t held_bytes = 0;
};

}  // namespace sdmeta
