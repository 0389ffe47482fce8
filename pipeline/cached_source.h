// Bytes of a file as far as the page cache has them. Reading what is there
// costs a thread microseconds; waiting for a disk costs milliseconds, in which
// it could parse a hundred images, so that is left to other threads (io_pool.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "extractor/byte_source.h"

namespace sdmeta {

class CachedSource final : public ByteSource {
 public:
  /// As FileSource: `length` bytes from `start` of a descriptor of the caller.
  CachedSource(int fd, std::uint64_t start, std::uint64_t length) noexcept
      : fd_(fd), start_(start), length_(length) {}
  std::uint64_t size() const noexcept override { return length_; }
  /// An error also where reading would have to wait.
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override;
  /// Some read was refused or failed, which is for a FileSource to tell: what
  /// was made of the bytes so far is void.
  bool would_wait() const noexcept { return would_wait_; }

 private:
  int fd_;
  std::uint64_t start_;
  std::uint64_t length_;
  bool would_wait_ = false;
};

}  // namespace sdmeta
