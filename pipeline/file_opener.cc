#include "pipeline/file_opener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pipeline/file_error.h"

namespace sdmeta {
namespace {

// O_NONBLOCK: opening a pipe that nobody writes to must not wait.
constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

/// Takes `fd` over; negative: errno says why there is none. What has taken the
/// place of a file that `is_regular` cannot be sought in, or not be read.
Result<ImageFile> image_file(int fd, const std::string& path, bool is_regular) {
  ImageFile image;
  image.descriptor = Descriptor(fd);
  if (fd < 0) return open_error(path, errno);
  if (is_regular) {
    const off_t size = ::lseek(fd, 0, SEEK_END);
    image.size = static_cast<std::uint64_t>(size);
    if (size > 0) return image;
  }
  struct stat status;
  if (::fstat(fd, &status) != 0) return file_error("fstat", errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kUnreadable,
                 S_ISDIR(status.st_mode)
                     ? "is a folder"
                     : "is a pipe or a device; images and archives are read "
                       "from files"};
  }
  image.size = static_cast<std::uint64_t>(status.st_size);
  return image;
}

}  // namespace

// Without the folder (no permission, no descriptor left) or without a name
// ("shots/"), the whole path tells the reason best.
FileOpener::Place FileOpener::place_of(const std::string& path) noexcept {
  const Place whole{AT_FDCWD, path.c_str()};
  const std::size_t slash = path.find_last_of('/');
  if (slash == path.npos || slash + 1 == path.size()) return whole;
  const auto folder = std::string_view(path).substr(0, slash + 1);
  if (!folder_ || folder != folder_path_) {
    folder_path_ = folder;
    folder_ = Descriptor(
        ::open(folder_path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  if (!folder_) return whole;
  return {folder_.get(), path.c_str() + slash + 1};
}

Result<ImageFile> FileOpener::open(const std::string& path,
                                   bool is_regular) noexcept {
  const Place place = place_of(path);
  Result<ImageFile> file =
      image_file(::openat(place.folder, place.name, kFlags), path, is_regular);
  // Whoever waits for a disk waits for what is asked for, not for the pixels
  // that the kernel would read ahead.
  if (file) ::posix_fadvise(file->descriptor.get(), 0, 0, POSIX_FADV_RANDOM);
  return file;
}

std::optional<Result<ImageFile>> FileOpener::open_cached(
    const std::string& path, bool is_regular) noexcept {
  const Place place = place_of(path);
  if (has_openat2_) {
    open_how how{};
    how.flags = kFlags;
    how.resolve = RESOLVE_CACHED;
    const long fd =
        ::syscall(SYS_openat2, place.folder, place.name, &how, sizeof how);
    if (fd < 0 && errno == EAGAIN) return std::nullopt;
    has_openat2_ =
        fd >= 0 || (errno != ENOSYS && errno != EINVAL && errno != EPERM);
    if (has_openat2_) return image_file(static_cast<int>(fd), path, is_regular);
  }
  return image_file(::openat(place.folder, place.name, kFlags), path,
                    is_regular);
}

}  // namespace sdmeta
