// Which file it is, whatever names lead to it, and whether it is as it was.
#pragma once

#include <sys/stat.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace sdmeta {

struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  auto operator<=>(const FileId&) const = default;
};

inline FileId file_id(const struct stat& status) {
  return {status.st_dev, status.st_ino};
}

/// Another if the file was written to, or another took its name.
struct FileState {
  FileId id;
  off_t bytes = 0;
  std::int64_t modified_ns = 0;  // since the epoch

  bool operator==(const FileState&) const = default;
};

inline FileState file_state(const struct stat& status) {
  return {file_id(status), status.st_size,
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 +
              status.st_mtim.tv_nsec};
}

/// Of what `path` leads to; nullopt if there is nothing.
inline std::optional<FileState> file_state(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return file_state(status);
}

/// Of what `path` leads to; nullopt if there is nothing.
inline std::optional<FileId> file_id(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return file_id(status);
}

}  // namespace sdmeta
