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
      if (errno != EINTR) return file_error(path_ + ": read", errno);
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
      : decompressor_(Decompressor::make(compression)),
        file_(std::move(file)),
        buffer_(new char[kInputBytes]) {}

  Result<std::size_t> read(char* out, std::size_t size) override {
    while (true) {
      if (next_.empty()) {
        const auto got = file_->read(buffer_.get(), kInputBytes);
        if (!got) return got.error();
        next_ = {buffer_.get(), *got};
      }
      // Text may be held back where `out` was full, so an ended input is
      // offered once more before it counts as cut.
      const bool is_ended = next_.empty();
      if (is_ended && !is_inside_) return std::size_t{0};
      const auto step = decompressor_->step(next_, {out, size});
      if (!step) return error(step.error().code, step.error().detail);
      next_.remove_prefix(step->taken);
      is_inside_ = !step->is_at_end;
      if (step->written > 0) return step->written;
      if (is_ended && is_inside_)
        return error(ErrorCode::kTruncated,
                     "the compressed data ends too early");
    }
  }

 private:
  Error error(ErrorCode code, const std::string& what) const {
    return {code, file_->path() + ": " + what, std::nullopt};
  }

  std::unique_ptr<Decompressor> decompressor_;
  std::unique_ptr<PlainInput> file_;
  std::unique_ptr<char[]> buffer_;
  std::string_view next_;   // compressed bytes waiting for their turn
  bool is_inside_ = false;  // of a member or frame
};

}  // namespace

Result<std::unique_ptr<TextInput>> TextInput::open(const std::string& path) {
  const int fd =
      path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return file_error(path + ": open", errno);
  auto file = std::make_unique<PlainInput>(path, fd);
  if (auto error = file->read_head()) return *std::move(error);

  std::unique_ptr<TextInput> input;
  if (file->head().starts_with(magic_of(Compression::kGzip)))
    input =
        std::make_unique<CompressedInput>(std::move(file), Compression::kGzip);
  else if (is_zstd(as_bytes(file->head())))
    input =
        std::make_unique<CompressedInput>(std::move(file), Compression::kZstd);
  else
    input = std::move(file);
  return input;
}

}  // namespace sdmeta
