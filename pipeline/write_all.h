// The loop that every write(2) needs: it may write a part, or be interrupted.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

namespace sdmeta {

/// Writes `bytes` to `fd` from where it stands. 0, or the errno of the failure.
inline int write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t done = ::write(fd, bytes.data(), bytes.size());
    if (done >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace sdmeta
