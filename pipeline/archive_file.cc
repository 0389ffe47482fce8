#include "pipeline/archive_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/file_error.h"

namespace sdmeta {

Result<OpenedFile> open_regular_file(const char* path) {
  // Without O_NONBLOCK a FIFO would wait for its writer, for ever perhaps.
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return file_error("open", errno);
  struct stat status;
  if (::fstat(fd, &status) != 0) {
    const int reason = errno;
    ::close(fd);
    return file_error("fstat", reason);
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(fd);
    return Error{ErrorCode::kUnreadable,
                 S_ISDIR(status.st_mode) ? "is a folder" : "is not a file",
                 std::nullopt};
  }
  return OpenedFile{fd, static_cast<std::uint64_t>(status.st_size)};
}

Result<std::shared_ptr<const ArchiveFile>> ArchiveFile::open(
    const std::string& path) {
  const Result<OpenedFile> opened = open_regular_file(path.c_str());
  if (!opened) return opened.error();
  return std::shared_ptr<const ArchiveFile>(
      new ArchiveFile(opened->fd, opened->size));
}

ArchiveFile::~ArchiveFile() { ::close(fd_); }

}  // namespace sdmeta
