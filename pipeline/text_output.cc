#include "pipeline/text_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "pipeline/file_error.h"
#include "pipeline/write_all.h"

namespace sdmeta {
namespace {

/// /dev/full, a pipe: nothing that could be renamed.
bool is_special(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

TextOutput::TextOutput(std::string path, int fd)
    : path_(std::move(path)), compression_(compression_of(path_)), fd_(fd) {}

Result<std::unique_ptr<TextOutput>> TextOutput::create(
    const std::string& path) {
  if (path == "-")
    return std::unique_ptr<TextOutput>(new TextOutput(path, STDOUT_FILENO));
  const std::string partial = is_special(path) ? path : path + ".partial";
  const int fd =
      ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return write_error(path + ": open", errno);
  std::unique_ptr<TextOutput> output(new TextOutput(path, fd));
  output->partial_path_ = partial;
  return output;
}

TextOutput::~TextOutput() {
  if (fd_ < 0 || is_stdout()) return;
  ::close(fd_);
  if (!is_in_place()) ::unlink(partial_path_.c_str());
}

std::string TextOutput::place() const {
  return is_stdout() ? "standard output" : path_;
}

std::optional<Error> TextOutput::flush() {
  std::string packed;
  std::string_view rest = buffer_;
  if (compression_ != Compression::kNone) {
    packed = compress(std::move(buffer_), compression_);
    rest = packed;
  }
  if (const int error = write_all(fd_, rest); error != 0)
    return write_error(place() + ": write", error);
  buffer_.clear();
  return std::nullopt;
}

std::optional<Error> TextOutput::finish() {
  if (auto error = flush()) return error;
  if (is_stdout()) return std::nullopt;
  const int fd = std::exchange(fd_, -1);
  const bool is_closed = ::close(fd) == 0;
  const int close_error = errno;
  if (is_closed && is_in_place()) return std::nullopt;
  if (is_closed && ::rename(partial_path_.c_str(), path_.c_str()) == 0)
    return std::nullopt;
  const int error = is_closed ? errno : close_error;
  ::unlink(partial_path_.c_str());
  return write_error(path_ + (is_closed ? ": rename" : ": write"), error);
}

}  // namespace sdmeta
