// An open archive, shared by the jobs of its members: the descriptor stays open
// until the last of them is done. Reads are pread(2), so any thread may read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "extractor/error.h"
#include "pipeline/file_opener.h"

namespace sdmeta {

class ArchiveFile {
 public:
  /// Opens a regular file; anything else is kUnreadable. Never waits for a
  /// FIFO's writer.
  static Result<std::shared_ptr<const ArchiveFile>> open(
      const std::string& path);

  /// It will be read from start to end, not here and there.
  void expect_stream() const noexcept;

  int fd() const noexcept { return file_.descriptor.get(); }
  std::uint64_t size() const noexcept { return file_.size; }

 private:
  explicit ArchiveFile(ImageFile file) noexcept : file_(std::move(file)) {}

  ImageFile file_;
};

}  // namespace sdmeta
