// Random access to the bytes of one image, wherever they are: a file, a range
// of an archive, memory. Readers ask for exactly what they need, so that image
// data is hopped over and never read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "extractor/error.h"

namespace sdmeta {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  /// Total number of bytes.
  virtual std::uint64_t size() const noexcept = 0;

  /// Copies bytes [offset, offset + out.size()) to `out`, fewer only at the end
  /// of the source: fewer are taken for it. Returns how many; an I/O error is
  /// kUnreadable, and a file that ends in front of `offset`, and so of size(),
  /// became_shorter(). One thread at a time.
  virtual Result<std::size_t> read_at(std::uint64_t offset,
                                      std::span<std::uint8_t> out) noexcept = 0;
};

/// kTruncated: of a file that had more bytes when its size was taken.
Error became_shorter(std::uint64_t offset);

/// Bytes owned by the caller, which must outlive the source.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::uint8_t> bytes) noexcept
      : bytes_(bytes) {}
  std::uint64_t size() const noexcept override { return bytes_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override;

 private:
  std::span<const std::uint8_t> bytes_;
};

/// `length` bytes from `start` of an open file descriptor that the caller owns:
/// a whole file, or one member of a tar or stored zip. Reads with pread(2), so
/// that several sources may share a descriptor.
class FileSource final : public ByteSource {
 public:
  FileSource(int fd, std::uint64_t start, std::uint64_t length) noexcept
      : fd_(fd), start_(start), length_(length) {}
  std::uint64_t size() const noexcept override { return length_; }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override;

 private:
  int fd_;
  std::uint64_t start_;
  std::uint64_t length_;
};

}  // namespace sdmeta
