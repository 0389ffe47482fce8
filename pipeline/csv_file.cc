#include "pipeline/csv_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "pipeline/file_error.h"
#include "pipeline/whole_io.h"

namespace sdmeta {
namespace {

constexpr std::size_t kHeldBlockBytes = 1 << 20;
constexpr const char* kRowsMissed = ", so rows may have been missed; run again";

/// The user whose folder `path` lies in, `by_username/<user>/`; else empty.
std::string username_of_path(std::string_view path) {
  constexpr std::string_view kFolder = "by_username/";
  for (std::size_t at = path.find(kFolder); at != std::string_view::npos;
       at = path.find(kFolder, at + 1)) {
    if (at != 0 && path[at - 1] != '/') continue;
    const std::string_view rest = path.substr(at + kFolder.size());
    const std::size_t end = rest.find('/');
    if (end != std::string_view::npos && end != 0)
      return std::string(rest.substr(0, end));
  }
  return {};
}

}  // namespace

Error changed_while_read(const std::string& path) {
  return {ErrorCode::kUnreadable,
          path + ": changed while it was read" + kRowsMissed};
}

Error not_utf8(std::string_view what_becomes_of_it) {
  std::string detail = "bytes that are no UTF-8, ";
  detail.append(what_becomes_of_it).append("; save the file as UTF-8");
  return {ErrorCode::kBadText, std::move(detail)};
}

Result<CsvFile> CsvFile::open(const std::string& path, bool keep_open,
                              const Limits& limits) {
  CsvFile file;
  file.path_ = path;
  file.username_ = username_of_path(path);
  file.file_ = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.file_) return file_error(path + ": open", errno);
  struct stat status {};
  if (::fstat(file.file_.get(), &status) != 0)
    return file_error(path + ": stat", errno);
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  file.state_ = file_state(status);

  // A pipe can be read only once, so its text is held like a compressed one.
  const auto input = TextInput::open(path);
  if (!input) return input.error();
  file.is_in_memory_ = (*input)->is_compressed() || !S_ISREG(status.st_mode);
  if (file.is_in_memory_) {
    if (auto error = file.hold(**input)) return *std::move(error);
    if (S_ISREG(status.st_mode) && file.has_another_state())
      return changed_while_read(path);
  }

  std::string head;
  for (std::size_t size = 4096;; size *= 4) {
    head.resize(size);
    const auto got = file.read_at(0, head.data(), size);
    if (!got) return got.error();
    const bool is_final = *got == file.size_;
    std::size_t next = 0;
    auto header = CsvHeader::read(std::string_view(head).substr(0, *got),
                                  is_final, limits, next);
    if (header) {
      file.header_ = *std::move(header);
      file.first_record_ = next;
      break;
    }
    // The header may only have been cut.
    if (is_final || *got < size || size > limits.max_csv_row_bytes)
      return at_path(path, header.error());
  }
  if (!keep_open || file.is_in_memory_) file.file_ = Descriptor();
  return file;
}

/// Reads all of `input` into blocks, which never move: a text that grows in one
/// piece would stand in memory twice.
std::optional<Error> CsvFile::hold(TextInput& input) {
  size_ = 0;
  for (;;) {
    const std::size_t used = size_ % kHeldBlockBytes;
    if (used == 0)
      blocks_.push_back(
          std::make_unique_for_overwrite<char[]>(kHeldBlockBytes));
    const auto got =
        input.read(blocks_.back().get() + used, kHeldBlockBytes - used);
    if (!got) return got.error();
    if (*got == 0) return std::nullopt;
    size_ += *got;
  }
}

bool CsvFile::has_another_state() const {
  struct stat status {};
  const int failed =
      file_ ? ::fstat(file_.get(), &status) : ::stat(path_.c_str(), &status);
  return failed != 0 || file_state(status) != state_;
}

std::optional<Error> CsvFile::fault() const {
  if (const int reason = *read_error_; reason != 0) {
    Error error = file_error(path_ + ": read", reason);
    error.detail += kRowsMissed;
    return error;
  }
  if (is_in_memory_ || !has_another_state()) return std::nullopt;
  return changed_while_read(path_);
}

Result<std::size_t> CsvFile::read_at(std::uint64_t offset, char* out,
                                     std::size_t size) const {
  if (is_in_memory_) {
    size = static_cast<std::size_t>(
        std::min<std::uint64_t>(size, size_ - std::min(offset, size_)));
    for (std::size_t done = 0; done < size;) {
      const std::size_t at = (offset + done) % kHeldBlockBytes;
      const std::size_t part = std::min(size - done, kHeldBlockBytes - at);
      std::memcpy(out + done,
                  blocks_[(offset + done) / kHeldBlockBytes].get() + at, part);
      done += part;
    }
    return size;
  }
  Descriptor opened;
  if (!file_) opened = Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  const int fd = (file_ ? file_ : opened).get();
  if (fd < 0) {
    *read_error_ = errno;
    return file_error(path_ + ": open", *read_error_);
  }
  const WholeRead got = read_all_at(fd, offset, {out, size});
  if (got.error != 0) {
    *read_error_ = got.error;
    return file_error(path_ + ": read", got.error);
  }
  return got.bytes;
}

std::uint64_t CsvLineCounter::line_at(std::uint64_t offset) {
  constexpr std::size_t kReadBytes = 256 << 10;
  std::string text(kReadBytes, '\0');
  while (counted_ < offset) {
    const auto got =
        file_->read_at(counted_, text.data(),
                       static_cast<std::size_t>(std::min<std::uint64_t>(
                           kReadBytes, offset - counted_)));
    if (!got || *got == 0) break;
    line_ += static_cast<std::uint64_t>(std::count(
        text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*got), '\n'));
    counted_ += *got;
  }
  return line_;
}

}  // namespace sdmeta
