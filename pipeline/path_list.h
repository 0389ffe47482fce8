// A list of paths, read as a stream: one a line, or NUL-separated.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/error.h"

namespace sdmeta {

/// Behind the error of a NUL-separated path with line ends in it.
inline constexpr std::string_view kIsManyLines =
    "; a path of several lines: lists of one path a line are read without -0";

class PathList {
 public:
  /// Paths longer than this are cut and reported; the system's own limit
  /// (PATH_MAX) is 4096.
  static constexpr std::size_t kMaxPathBytes = 1u << 16;

  /// "-" is standard input. With '\n' as separator a '\r' before it and an
  /// UTF-8 byte order mark at the start are dropped. Empty entries are skipped.
  /// Compressed lists are refused. The list ends as soon as `stop_fd`, unless
  /// -1, can be read.
  PathList(const std::string& file, bool is_nul_separated, int stop_fd);
  ~PathList();
  PathList(const PathList&) = delete;
  PathList& operator=(const PathList&) = delete;

  struct Entry {
    std::string path;
    std::optional<Error> error;  // kUnreadable: nothing follows, the path is
                                 // that of the list
  };
  /// Nothing at the end. Without `may_wait` also where the other end of a pipe
  /// has to be waited for; is_paused() then.
  std::optional<Entry> next(bool may_wait = true);
  bool is_paused() const { return is_paused_; }
  /// True if `stop_fd` ended the list.
  bool is_stopped() const { return is_stopped_; }

 private:
  bool can_read() const;
  bool wait();
  std::optional<Error> fill();
  std::optional<Entry> finish(Error error);

  std::string file_;
  std::string buffer_;
  std::size_t position_ = 0;  // in buffer_, of the first byte not handed out
  std::optional<Error> open_error_;
  int fd_ = -1;
  int stop_fd_ = -1;
  char separator_ = '\n';
  bool is_at_start_ = true;
  bool is_at_end_ = false;
  bool is_too_long_ = false;  // the path at position_, of which a part is kept
  bool is_paused_ = false;
  bool is_stopped_ = false;
};

}  // namespace sdmeta
