// Opens image files for one batch. Neighbours in a batch share their folder, so
// the last one stays open: openat() from a folder costs a fifth less than a
// walk down the whole path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/error.h"
#include "pipeline/descriptor.h"

namespace sdmeta {

struct ImageFile {
  Descriptor descriptor;
  std::uint64_t size = 0;  // bytes
};

class FileOpener {
 public:
  /// Opens a regular file for reading. Anything else (folder, pipe, device) is
  /// kUnreadable and is not waited for. `is_regular`: the listing of its folder
  /// says so; to ask for the size alone takes half the time.
  Result<ImageFile> open(const std::string& path,
                         bool is_regular = false) noexcept;

  /// The same without waiting for a disk; nullopt if it would have to. Where
  /// the kernel cannot tell (before 5.12, or forbidden), it may wait.
  std::optional<Result<ImageFile>> open_cached(
      const std::string& path, bool is_regular = false) noexcept;

 private:
  struct Place {
    int folder;
    const char* name;
  };
  Place place_of(const std::string& path) noexcept;

  std::string folder_path_;
  Descriptor folder_;
  bool has_openat2_ = true;
};

}  // namespace sdmeta
