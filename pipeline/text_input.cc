#include "pipeline/text_input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "extractor/byte_cursor.h"
#include "pipeline/archive_magic.h"
#include "pipeline/compress.h"
#include "pipeline/decompressor.h"
#include "pipeline/file_error.h"
#include "pipeline/whole_io.h"

namespace sdmeta {
namespace {

constexpr std::size_t kInputBytes = 128 << 10;

/// The file as it is, with its first bytes looked at beforehand.
class PlainInput final : public TextInput {
 public:
  PlainInput(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  ~PlainInput() override {
    if (fd_ > 0) ::close(fd_);
  }
  PlainInput(const PlainInput&) = delete;
  PlainInput& operator=(const PlainInput&) = delete;

  bool is_compressed() const override { return false; }
  const std::string& path() const { return path_; }

  std::optional<Error> read_head() {
    while (head_size_ < head_.size()) {
      const auto got =
          read_file(head_.data() + head_size_, head_.size() - head_size_);
      if (!got) return got.error();
      if (*got == 0) break;
      head_size_ += *got;
    }
    return std::nullopt;
  }
  std::string_view head() const { return {head_.data(), head_size_}; }

  Result<std::size_t> read(char* out, std::size_t size) override {
    if (head_used_ == head_size_) return read_file(out, size);
    size = std::min(size, head_size_ - head_used_);
    std::memcpy(out, head_.data() + head_used_, size);
    head_used_ += size;
    return size;
  }

 private:
  Result<std::size_t> read_file(char* out, std::size_t size) {
    for (;;) {
      const ssize_t got = ::read(fd_, out, size);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (!may_retry(fd_, POLLIN)) return file_error(path_ + ": read", errno);
    }
  }

  std::string path_;
  int fd_;
  std::array<char, 4> head_{};
  std::size_t head_size_ = 0;
  std::size_t head_used_ = 0;
};

class CompressedInput final : public TextInput {
 public:
  CompressedInput(std::unique_ptr<PlainInput> file, Compression compression)
      : file_(std::move(file)),
        buffer_(new char[kInputBytes]),
        text_(compression, false, [this]() -> Result<std::string_view> {
          const auto got = file_->read(buffer_.get(), kInputBytes);
          if (!got) return got.error();
          return std::string_view(buffer_.get(), *got);
        }) {}

  Result<std::size_t> read(char* out, std::size_t size) override {
    Result<std::size_t> got = text_.read({out, size});
    if (got || got.error().code == ErrorCode::kUnreadable) return got;
    return at_path(file_->path(), got.error());
  }

 private:
  std::unique_ptr<PlainInput> file_;
  std::unique_ptr<char[]> buffer_;
  DecompressedText text_;
};

}  // namespace

Result<std::unique_ptr<TextInput>> TextInput::open(const std::string& path) {
  const int fd =
      path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return file_error(path + ": open", errno);
  auto file = std::make_unique<PlainInput>(path, fd);
  if (auto error = file->read_head()) return *std::move(error);

  const Compression compression = compression_at(as_bytes(file->head()));
  if (compression == Compression::kNone)
    return std::unique_ptr<TextInput>(std::move(file));
  return std::unique_ptr<TextInput>(
      std::make_unique<CompressedInput>(std::move(file), compression));
}

}  // namespace sdmeta
