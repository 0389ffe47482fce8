#include "pipeline/spill_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <utility>

#include "pipeline/file_error.h"
#include "pipeline/whole_io.h"

namespace sdmeta {

std::string SpillFile::folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

std::string SpillFile::temporary_folder() {
  const char* const temporary = ::getenv("TMPDIR");
  const bool is_set = temporary != nullptr && *temporary != '\0';
  return is_set ? std::string(temporary) + '/' : "/tmp/";
}

SpillFile::SpillFile(Descriptor file, std::string folder,
                     std::size_t buffer_bytes)
    : file_(std::move(file)),
      folder_(std::move(folder)),
      buffer_bytes_(buffer_bytes) {}

Result<std::unique_ptr<SpillFile>> SpillFile::create(const std::string& folder,
                                                     std::size_t buffer_bytes) {
  const std::string place = folder.empty() ? "./" : folder;
  std::string name = place + ".sdmeta-XXXXXX";
  Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) return write_error(place + ": make temporary file", errno);
  ::unlink(name.c_str());
  return std::unique_ptr<SpillFile>(
      new SpillFile(std::move(file), place, buffer_bytes));
}

std::optional<Error> SpillFile::append(std::string_view bytes) {
  buffer_ += bytes;
  return buffer_.size() < buffer_bytes_ ? std::nullopt : flush();
}

std::optional<Error> SpillFile::flush() {
  if (const int error = write_all(file_.get(), buffer_); error != 0)
    return write_error(folder_ + ": write", error);
  written_ += buffer_.size();
  buffer_.clear();
  return std::nullopt;
}

std::optional<Error> SpillFile::read(std::uint64_t begin, std::uint64_t end,
                                     std::string& bytes) const {
  bytes.resize(static_cast<std::size_t>(end - begin));
  const WholeRead got = read_all_at(file_.get(), begin, bytes);
  if (got.bytes < bytes.size())
    return file_error(folder_ + ": read", got.error != 0 ? got.error : EIO);
  return std::nullopt;
}

}  // namespace sdmeta
