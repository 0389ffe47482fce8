// An open archive, shared by the jobs of its members: the descriptor stays open
// until the last of them is done. Reads are pread(2), so any thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "extractor/error.h"

namespace sdmeta {

class ArchiveFile {
 public:
  /// Opens a regular file; anything else is kUnreadable. Never waits for a
  /// FIFO's writer.
  static Result<std::shared_ptr<const ArchiveFile>> open(
      const std::string& path);
  ~ArchiveFile();
  ArchiveFile(const ArchiveFile&) = delete;
  ArchiveFile& operator=(const ArchiveFile&) = delete;

  int fd() const noexcept { return fd_; }
  std::uint64_t size() const noexcept { return size_; }

 private:
  ArchiveFile(int fd, std::uint64_t size) noexcept : fd_(fd), size_(size) {}

  int fd_;
  std::uint64_t size_;  // bytes, when it was opened
};

/// Opens `path` for reading without waiting and checks that it is a regular
/// file. Returns the descriptor, which the caller closes, and the size.
struct OpenedFile {
  int fd = -1;
  std::uint64_t size = 0;
};
Result<OpenedFile> open_regular_file(const char* path);

}  // namespace sdmeta
