#include "pipeline/archive_file.h"

namespace sdmeta {

Result<std::shared_ptr<const ArchiveFile>> ArchiveFile::open(
    const std::string& path) {
  Result<ImageFile> file = FileOpener().open(path);
  if (!file) return file.error();
  return std::shared_ptr<const ArchiveFile>(new ArchiveFile(std::move(*file)));
}

}  // namespace sdmeta
