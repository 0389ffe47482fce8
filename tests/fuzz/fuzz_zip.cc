// Any bytes as an archive file of any kind: walk it, with the archives in it,
// and read the beginning and the end of every member.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "pipeline/archive.h"
#include "pipeline/job_source.h"

// liblzma asks for the dictionary that a header declares, up to 4 GiB, and
// touches what it fills. libFuzzer counts what was asked for.
extern "C" int LLVMFuzzerInitialize(int* argument_count, char*** arguments) {
  static char limit[] = "-malloc_limit_mb=8192";
  static std::vector<char*> extended(*arguments, *arguments + *argument_count);
  extended.push_back(limit);
  *argument_count = static_cast<int>(extended.size());
  extended.push_back(nullptr);
  *arguments = extended.data();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace sdmeta;
  static const int file = ::memfd_create("archive", 0);
  if (file < 0 || ::ftruncate(file, 0) != 0 ||
      ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  ArchiveOptions options{.all_files = true, .shard = {}, .limits = {}};
  options.limits.max_member_bytes = 1 << 20;
  options.limits.min_bomb_bytes = 4 << 20;
  ArchiveWalk walk("/proc/self/fd/" + std::to_string(file), "a", options);
  while (const std::optional<Job> job = walk.next()) {
    const Result<std::unique_ptr<ByteSource>> source =
        open_source(*job, options.limits);
    if (!source) continue;
    std::uint8_t bytes[4096];
    const std::uint64_t total = (*source)->size();
    for (const std::uint64_t offset : {std::uint64_t{0}, total - total / 2}) {
      const Result<std::size_t> got = (*source)->read_at(offset, bytes);
      if (got && *got > sizeof bytes) std::abort();
    }
  }
  return 0;
}
