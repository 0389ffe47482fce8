#include "pipeline/text_input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "extractor/byte_cursor.h"
#include "pipeline/archive_magic.h"
#include "pipeline/compress.h"
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

/// What the two decompressors share: compressed bytes waiting for their turn.
class CompressedInput : public TextInput {
 public:
  explicit CompressedInput(std::unique_ptr<PlainInput> file)
      : file_(std::move(file)), buffer_(new char[kInputBytes]) {}

 protected:
  Error error(ErrorCode code, std::string_view what) const {
    return {code, file_->path() + ": " + std::string(what), std::nullopt};
  }
  /// True while there are compressed bytes in `next_`.
  Result<bool> refill() {
    if (!next_.empty()) return true;
    const auto got = file_->read(buffer_.get(), kInputBytes);
    if (!got) return got.error();
    next_ = {buffer_.get(), *got};
    return *got != 0;
  }

  std::string_view next_;
  bool is_inside_ = false;  // of a member or frame

 private:
  std::unique_ptr<PlainInput> file_;
  std::unique_ptr<char[]> buffer_;
};

class GzipInput final : public CompressedInput {
 public:
  explicit GzipInput(std::unique_ptr<PlainInput> file)
      : CompressedInput(std::move(file)) {
    constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for gzip
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~GzipInput() override { inflateEnd(&stream_); }
  GzipInput(const GzipInput&) = delete;
  GzipInput& operator=(const GzipInput&) = delete;

  Result<std::size_t> read(char* out, std::size_t size) override {
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1 << 30));
    const uInt wanted = stream_.avail_out;
    while (stream_.avail_out == wanted) {
      const auto has_more = refill();
      if (!has_more) return has_more.error();
      if (!*has_more) {
        if (!is_inside_) return std::size_t{0};
        return error(ErrorCode::kTruncated, "the gzip data ends too early");
      }
      is_inside_ = true;
      stream_.next_in =
          reinterpret_cast<Bytef*>(const_cast<char*>(next_.data()));
      stream_.avail_in = static_cast<uInt>(next_.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      next_.remove_prefix(next_.size() - stream_.avail_in);
      if (status == Z_STREAM_END) {
        is_inside_ = false;
        inflateReset(&stream_);
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return error(ErrorCode::kBadCompression, "the gzip data is broken");
      }
    }
    return std::size_t{wanted - stream_.avail_out};
  }

 private:
  z_stream stream_{};
};

class ZstdInput final : public CompressedInput {
 public:
  explicit ZstdInput(std::unique_ptr<PlainInput> file)
      : CompressedInput(std::move(file)), stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
  }

  Result<std::size_t> read(char* out, std::size_t size) override {
    ZSTD_outBuffer output{out, size, 0};
    while (output.pos == 0) {
      const auto has_more = refill();
      if (!has_more) return has_more.error();
      // A full window may hold output back, so an ended input is offered once
      // more before it counts as cut.
      if (!*has_more && !is_inside_) return std::size_t{0};
      ZSTD_inBuffer input{next_.data(), next_.size(), 0};
      const std::size_t status =
          ZSTD_decompressStream(stream_.get(), &output, &input);
      next_.remove_prefix(input.pos);
      if (ZSTD_isError(status))
        return error(ErrorCode::kBadCompression,
                     std::string("the zstd data is broken: ") +
                         ZSTD_getErrorName(status));
      is_inside_ = status != 0;
      if (!*has_more && output.pos == 0 && is_inside_)
        return error(ErrorCode::kTruncated, "the zstd data ends too early");
    }
    return output.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_;
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
    input = std::make_unique<GzipInput>(std::move(file));
  else if (is_zstd(as_bytes(file->head())))
    input = std::make_unique<ZstdInput>(std::move(file));
  else
    input = std::move(file);
  return input;
}

}  // namespace sdmeta
