#include "pipeline/file_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "pipeline/file_error.h"

namespace sdmeta {
namespace {

// O_NONBLOCK: opening a pipe that nobody writes to must not wait.
constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int Descriptor::release() noexcept { return std::exchange(fd_, -1); }

int FileOpener::folder_of(std::string_view path,
                          std::size_t name_start) noexcept {
  const std::string_view folder = path.substr(0, name_start);
  if (folder.empty()) return AT_FDCWD;
  if (folder_ && folder == folder_path_) return folder_.get();
  folder_path_ = folder;
  folder_ = Descriptor(
      ::open(folder_path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return folder_.get();
}

Result<ImageFile> FileOpener::open(const std::string& path) noexcept {
  const std::size_t slash = path.find_last_of('/');
  const std::size_t name_start = slash == path.npos ? 0 : slash + 1;
  const int folder = folder_of(path, name_start);
  ImageFile image;
  // Without the folder (no permission, no descriptor left) or without a name
  // ("shots/"), the whole path tells the reason best.
  if (folder == -1 || name_start == path.size())
    image.descriptor = Descriptor(::open(path.c_str(), kFlags));
  else
    image.descriptor =
        Descriptor(::openat(folder, path.c_str() + name_start, kFlags));
  if (!image.descriptor) return file_error("open", errno);

  struct stat status;
  if (::fstat(image.descriptor.get(), &status) != 0)
    return file_error("fstat", errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kUnreadable,
                 S_ISDIR(status.st_mode) ? "is a folder" : "is not a file",
                 std::nullopt};
  }
  image.size = static_cast<std::uint64_t>(status.st_size);
  return image;
}

}  // namespace sdmeta
