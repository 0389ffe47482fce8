#include "pipeline/path_list.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "extractor/byte_cursor.h"
#include "pipeline/archive_magic.h"
#include "pipeline/compress.h"
#include "pipeline/file_error.h"

namespace sdmeta {
namespace {

constexpr std::size_t kBlock = 64 << 10;  // bytes of one read
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

PathList::PathList(const std::string& file, bool is_nul_separated, int stop_fd)
    : file_(file),
      stop_fd_(stop_fd),
      separator_(is_nul_separated ? '\0' : '\n') {
  if (file == "-") {
    fd_ = STDIN_FILENO;
    return;
  }
  // O_NONBLOCK: a named pipe without a writer is waited for in wait().
  fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) open_error_ = file_error("open list", errno);
}

PathList::~PathList() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
}

/// Waits for more of the list; false if `stop_fd` came first. A list may be a
/// pipe whose other end thinks for hours.
bool PathList::wait() {
  // poll() leaves out a descriptor of -1, and takes files as readable.
  pollfd waiting[] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  while (::poll(waiting, 2, -1) < 0 && errno == EINTR) {
  }
  return waiting[1].revents == 0;
}

/// Whether more of the list, or its end, is there already.
bool PathList::can_read() const {
  pollfd list = {fd_, POLLIN, 0};
  return ::poll(&list, 1, 0) != 0;
}

/// Appends a block to what is left of the buffer.
std::optional<Error> PathList::fill() {
  buffer_.erase(0, position_);
  position_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kBlock);
  ssize_t got = 0;
  do {
    got = ::read(fd_, buffer_.data() + kept, kBlock);
  } while (got < 0 && (errno == EINTR || errno == EAGAIN));
  const int reason = errno;
  buffer_.resize(kept + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got < 0) return file_error("read list", reason);
  is_at_end_ = got == 0;
  return std::nullopt;
}

std::optional<PathList::Entry> PathList::finish(Error error) {
  is_at_end_ = true;
  buffer_.clear();
  position_ = 0;
  return Entry{file_, std::move(error)};
}

std::optional<PathList::Entry> PathList::next(bool may_wait) {
  is_paused_ = false;
  if (open_error_) {
    Error error = std::move(*open_error_);
    open_error_.reset();
    return finish(std::move(error));
  }
  std::size_t searched = 0;  // bytes from position_ known to hold no separator
  while (true) {
    const std::size_t end = buffer_.find(separator_, position_ + searched);
    const std::size_t length =
        (end == std::string::npos ? buffer_.size() : end) - position_;
    if (end == std::string::npos && !is_at_end_) {
      searched = length;
      if (length > kMaxPathBytes) {
        // Only the head of an endless line is kept.
        is_too_long_ = true;
        buffer_.resize(position_ + kMaxPathBytes);
        searched = kMaxPathBytes;
      }
      if (!may_wait && !can_read()) {
        is_paused_ = true;
        return std::nullopt;
      }
      if (!wait()) {
        is_stopped_ = true;
        return std::nullopt;
      }
      if (std::optional<Error> error = fill()) return finish(std::move(*error));
      continue;
    }
    if (is_at_start_ && compression_at(as_bytes(buffer_)) != Compression::kNone)
      return finish({ErrorCode::kUnreadable,
                     "list is compressed; unpack it into a pipe: zstd -dc LIST "
                     "or gzip -dc LIST, and - for the list"});
    std::string_view text(buffer_.data() + position_, length);
    if (end == std::string::npos && text.empty()) return std::nullopt;
    position_ += length + (end == std::string::npos ? 0 : 1);
    if (separator_ == '\n') {
      if (text.find('\0') != std::string_view::npos)
        return finish({ErrorCode::kUnreadable,
                       "read list: a NUL in a line; where NULs end the paths: "
                       "-0"});
      if (is_at_start_ && text.starts_with(kByteOrderMark))
        text.remove_prefix(kByteOrderMark.size());
      if (text.ends_with('\r')) text.remove_suffix(1);
    }
    is_at_start_ = false;
    searched = 0;
    if (text.empty()) continue;
    if (std::exchange(is_too_long_, false) || text.size() > kMaxPathBytes) {
      text = text.substr(0, kMaxPathBytes);
      Error error{ErrorCode::kMalformed,
                  "path in the list is longer than 65536 bytes"};
      if (text.find('\n') != std::string_view::npos)
        error.detail += kIsManyLines;
      return Entry{std::string(text), std::move(error)};
    }
    return Entry{std::string(text), std::nullopt};
  }
}

}  // namespace sdmeta
