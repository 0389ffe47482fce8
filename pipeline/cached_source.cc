#include "pipeline/cached_source.h"

#include <errno.h>
#include <sys/uio.h>

#include <algorithm>

#include "pipeline/file_error.h"

namespace sdmeta {

Result<std::size_t> CachedSource::read_at(
    std::uint64_t offset, std::span<std::uint8_t> out) noexcept {
  if (offset >= length_) return std::size_t{0};
  const std::size_t wanted =
      std::min<std::uint64_t>(out.size(), length_ - offset);
  std::size_t done = 0;
  while (done < wanted) {
    const iovec piece{out.data() + done, wanted - done};
    const ssize_t got =
        ::preadv2(fd_, &piece, 1, static_cast<off_t>(start_ + offset + done),
                  RWF_NOWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      // EAGAIN; EOPNOTSUPP of a file system that cannot tell; or whatever else,
      // which is told by the read that waits, in the same words each time.
      would_wait_ = true;
      return file_error("read", errno);
    }
    if (got == 0) {
      if (done == 0) return became_shorter(offset);
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace sdmeta
