#include "pipeline/archive_file.h"

#include <fcntl.h>

namespace sdmeta {

Result<std::shared_ptr<const ArchiveFile>> ArchiveFile::open(
    const std::string& path) {
  Result<ImageFile> file = FileOpener().open(path);
  if (!file) return file.error();
  return std::shared_ptr<const ArchiveFile>(new ArchiveFile(std::move(*file)));
}

void ArchiveFile::expect_stream() const noexcept {
  ::posix_fadvise(fd(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

}  // namespace sdmeta
