// The loops that every read(2) and write(2) needs: they may do a part, or be
// interrupted.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sdmeta {

/// After a read(2) or write(2) that failed: whether to call it again, perhaps
/// after a while. Somebody else may have made a terminal or pipe non-blocking
/// for all who share it.
inline bool may_retry(int fd, short events) noexcept {
  if (errno == EINTR) return true;
  if (errno != EAGAIN) return false;
  pollfd waiting{fd, events, 0};
  ::poll(&waiting, 1, -1);
  return true;
}

/// Writes `bytes` to `fd` from where it stands. 0, or the errno of the failure.
inline int write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(done));
    } else if (!may_retry(fd, POLLOUT)) {
      return errno;
    }
  }
  return 0;
}

struct WholeRead {
  std::size_t bytes = 0;  // fewer than wanted at the end of the file
  int error = 0;  // an errno; then `bytes` stand in front of the failure
};

/// Fills `out` with what stands from `offset` on.
inline WholeRead read_all_at(int fd, std::uint64_t offset,
                             std::span<char> out) noexcept {
  WholeRead read;
  while (read.bytes < out.size()) {
    const ssize_t got =
        ::pread(fd, out.data() + read.bytes, out.size() - read.bytes,
                static_cast<off_t>(offset + read.bytes));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) read.error = errno;
    if (got <= 0) break;
    read.bytes += static_cast<std::size_t>(got);
  }
  return read;
}

}  // namespace sdmeta
