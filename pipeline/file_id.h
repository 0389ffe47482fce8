// Which file it is, whatever names lead to it.
#pragma once

#include <sys/stat.h>

#include <compare>
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

/// Of what `path` leads to; nullopt if there is nothing.
inline std::optional<FileId> file_id(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return file_id(status);
}

}  // namespace sdmeta
