#include "extractor/byte_source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace sdmeta {

Result<std::size_t> MemorySource::read_at(
    std::uint64_t offset, std::span<std::uint8_t> out) noexcept {
  if (offset >= bytes_.size()) return std::size_t{0};
  const std::size_t count =
      std::min<std::uint64_t>(out.size(), bytes_.size() - offset);
  std::memcpy(out.data(), bytes_.data() + offset, count);
  return count;
}

Error became_shorter(std::uint64_t offset) {
  return {ErrorCode::kTruncated,
          "its file, or archive, became shorter while it was read", offset};
}

Result<std::size_t> FileSource::read_at(std::uint64_t offset,
                                        std::span<std::uint8_t> out) noexcept {
  if (offset >= length_) return std::size_t{0};
  const std::size_t wanted =
      std::min<std::uint64_t>(out.size(), length_ - offset);
  std::size_t done = 0;
  while (done < wanted) {
    const ssize_t got = ::pread(fd_, out.data() + done, wanted - done,
                                static_cast<off_t>(start_ + offset + done));
    if (got < 0) {
      if (errno == EINTR) continue;
      const char* const text = ::strerrordesc_np(errno);  // in no locale
      return Error{ErrorCode::kUnreadable, text != nullptr ? text : "I/O error",
                   offset + done};
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
