#include "pipeline/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "pipeline/file_error.h"
#include "pipeline/output_place.h"
#include "pipeline/signals.h"
#include "pipeline/whole_io.h"

namespace sdmeta {
namespace {

constexpr mode_t kMode = 0666;  // less the umask

/// Nothing if this process is the only writer of the file now.
std::optional<Error> lock(int fd) {
  // Not every file system has locks; the lock is a help, not a promise.
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
    return std::nullopt;
  return Error{ErrorCode::kUnwritable, "another run is writing it"};
}

/// False with errno set; EEXIST: there is a file `to`, and it stays.
bool rename_to_free_name(const char* from, const char* to) {
  if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return true;
  if (errno != EINVAL) return false;
  // NFS and others cannot rename in this way, but links replace nothing either.
  return ::link(from, to) == 0 && ::unlink(from) == 0;
}

}  // namespace

Result<std::unique_ptr<Sink>> Sink::open(
    const SinkOptions& options,
    const std::function<void(const RecordName&)>& found) {
  std::unique_ptr<Sink> sink(new Sink(options));
  OutputPlace place = output_place(options.path);
  if (place.descriptor >= 0) {
    // One that is not open now could be any file later.
    const int flags = ::fcntl(place.descriptor, F_GETFL);
    if (place.descriptor != STDOUT_FILENO &&
        (flags < 0 || (flags & O_ACCMODE) == O_RDONLY))
      return write_error("open", EBADF);
    sink->fd_ = place.descriptor;
    return sink;
  }
  sink->path_ = std::move(place.path);
  struct stat status;
  const bool exists = ::stat(sink->path_.c_str(), &status) == 0;
  if (!exists && errno != ENOENT) return write_error("open", errno);
  if (exists && S_ISDIR(status.st_mode))
    return Error{ErrorCode::kUnwritable, "is a folder"};
  if (exists && !S_ISREG(status.st_mode)) {
    sink->owned_ =
        Descriptor(::open(sink->path_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!sink->owned_) return write_error("open", errno);
    sink->fd_ = sink->owned_.get();
    return sink;
  }
  sink->partial_path_ = sink->path_ + ".partial";
  std::optional<Error> error =
      options.resume ? sink->open_old(found) : sink->open_fresh();
  if (error) return *error;
  sink->fd_ = sink->owned_.get();
  return sink;
}

Sink::~Sink() {
  if (!is_replaceable_ || partial_path_.empty()) return;
  if (owned_) ::unlink(partial_path_.c_str());
  remove_if_ended("");
}

std::optional<Error> Sink::open_fresh() {
  const char* const path = partial_path_.c_str();
  // What was opened may have another name by the time it is locked: by keep(),
  // or because the run that wrote it has just finished.
  for (int attempts = 0; attempts < 3; ++attempts) {
    Descriptor file(::open(path, O_RDWR | O_CREAT | O_CLOEXEC, kMode));
    if (!file) return write_error("open", errno);
    if (std::optional<Error> error = lock(file.get())) return error;
    struct stat status;
    if (::fstat(file.get(), &status) != 0) return write_error("fstat", errno);
    if (file_id(status) != file_id(partial_path_)) continue;
    if (status.st_size == 0 || is_replaceable_) {
      if (::ftruncate(file.get(), 0) != 0)
        return write_error("ftruncate", errno);
      owned_ = std::move(file);
      if (is_replaceable_) remove_if_ended(partial_path_);
      return std::nullopt;
    }
    // Left by an interrupted run that nobody resumed; perhaps nobody meant to
    // throw a night's work away, nor that of the night before.
    if (std::optional<Error> error = keep(partial_path_)) return error;
  }
  return Error{ErrorCode::kUnwritable, "another run is writing it"};
}

std::optional<Error> Sink::keep(const std::string& path) {
  kept_path_ = path + ".old";
  for (int n = 1; !rename_to_free_name(path.c_str(), kept_path_.c_str()); ++n) {
    if (errno != EEXIST) return write_error("rename", errno);
    kept_path_ = path + ".old." + std::to_string(n);
  }
  return std::nullopt;
}

std::optional<Error> Sink::read_old(
    const std::string& path,
    const std::function<void(const RecordName&)>& found) {
  owned_ = Descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!owned_)
    return errno == ENOENT ? std::nullopt
                           : std::optional(write_error("open", errno));
  if (std::optional<Error> error = lock(owned_.get())) return error;
  Result<OldOutput> old = read_old_output(owned_.get(), compression_, found);
  if (!old) return old.error();
  old_ = *old;
  return std::nullopt;
}

std::optional<Error> Sink::open_old(
    const std::function<void(const RecordName&)>& found) {
  if (std::optional<Error> error = read_old(partial_path_, found))
    return at_path(partial_path_, *error);
  struct stat status;
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  // What cannot be seen now might be replaced in the end.
  if (!exists && errno != ENOENT) return write_error("open", errno);
  const bool has_output = exists && status.st_size > 0;
  if (has_output && old_.records > 0) {
    // That of a run before the one that is continued.
    if (std::optional<Error> error = keep(path_)) return error;
  } else if (has_output) {
    const Descriptor without_records = std::move(owned_);  // and its lock
    if (std::optional<Error> error = read_old(path_, found)) return error;
    if (owned_ && ::rename(path_.c_str(), partial_path_.c_str()) != 0)
      return write_error("rename", errno);
  }
  if (!owned_) return open_fresh();
  // Without a record it is begun anew: an empty member would stay in front.
  length_ = old_.records > 0 ? old_.whole_bytes : 0;
  if (::ftruncate(owned_.get(), static_cast<off_t>(length_)) != 0)
    return write_error("ftruncate", errno);
  if (::lseek(owned_.get(), 0, SEEK_END) < 0)
    return write_error("lseek", errno);
  return std::nullopt;
}

bool Sink::write(std::string_view bytes) noexcept {
  if (error_ || is_reader_gone_) return false;
  const int error = write_all(fd_, bytes);
  if (error == 0) {
    length_ += bytes.size();
    return true;
  }
  if (error == EPIPE) {
    is_reader_gone_ = true;
    return false;
  }
  error_ = write_error("write", error);
  if (!partial_path_.empty() &&
      ::ftruncate(fd_, static_cast<off_t>(length_)) != 0)
    error_->detail += "; its last line is torn";
  return false;
}

std::optional<FileId> Sink::file() const {
  struct stat status;
  if (::fstat(fd_, &status) != 0) return std::nullopt;
  return file_id(status);
}

/// Who may read a file that is replaced may read the new one, and nobody else;
/// of another owner or group a mode says nothing about the new file.
void Sink::keep_mode() const {
  struct stat old_file, new_file;
  if (::stat(path_.c_str(), &old_file) == 0 && ::fstat(fd_, &new_file) == 0 &&
      old_file.st_uid == new_file.st_uid && old_file.st_gid == new_file.st_gid)
    ::fchmod(fd_, old_file.st_mode & 0777);
}

std::optional<Error> Sink::finish() {
  if (length_ == 0) write(empty_member(compression_));
  if (error_ || partial_path_.empty()) return error_;
  // What somebody else has put there is not the output, nor to be removed.
  if (file() != file_id(partial_path_)) {
    owned_ = Descriptor();
    error_ = Error{ErrorCode::kUnwritable,
                   partial_path_ + " was removed or replaced meanwhile"};
    return error_;
  }
  keep_mode();
  // The copy holds the lock until the name is that of a finished file.
  const Descriptor locked(::fcntl(owned_.get(), F_DUPFD_CLOEXEC, 0));
  // Network file systems report a full disk only when a file is closed.
  if (::close(owned_.release()) != 0)
    error_ = write_error("close", errno);
  else if (::rename(partial_path_.c_str(), path_.c_str()) != 0)
    error_ = write_error("rename", errno);
  if (error_ && is_replaceable_) ::unlink(partial_path_.c_str());
  if (is_replaceable_) remove_if_ended("");
  return error_;
}

}  // namespace sdmeta
