// The reader's view of a ByteSource: asks for a range, gets bytes in memory.
// The first read takes 4 KiB, which holds the whole text of most files; after
// that only what is asked for is read, so that pixels are hopped over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "extractor/byte_cursor.h"
#include "extractor/byte_source.h"
#include "extractor/error.h"

namespace sdmeta {

class ByteWindow {
 public:
  static constexpr std::size_t kHeadBytes = 4096;

  /// `source` must outlive the window. Reads nothing yet.
  explicit ByteWindow(ByteSource& source) noexcept;

  /// A window that already holds everything: views are parts of `bytes`, which
  /// must outlive it, and stay valid.
  explicit ByteWindow(Bytes bytes) noexcept;

  ~ByteWindow();
  ByteWindow(const ByteWindow&) = delete;
  ByteWindow& operator=(const ByteWindow&) = delete;

  std::uint64_t size() const noexcept { return size_; }

  /// Bytes [offset, offset + count), fewer at the end of the source or after an
  /// I/O error. Valid until the next call. `ahead` says how many bytes behind
  /// them are worth reading in the same go; the default suits one header.
  /// Throws std::bad_alloc.
  Bytes view(std::uint64_t offset, std::size_t count,
             std::size_t ahead = kDefaultAhead) {
    if (holds(offset, count)) return {data_ + (offset - start_), count};
    return read(offset, count, ahead);
  }

  /// True if the whole of [offset, offset + count) needs no further read.
  bool holds(std::uint64_t offset, std::size_t count) const noexcept {
    return offset >= start_ && offset - start_ <= length_ &&
           count <= length_ - (offset - start_);
  }

  /// The first I/O error, kUnreadable.
  const std::optional<Error>& error() const noexcept { return error_; }

 private:
  static constexpr std::size_t kDefaultAhead = SIZE_MAX;

  Bytes read(std::uint64_t offset, std::size_t count, std::size_t ahead);
  void fill(std::uint64_t offset, std::size_t count);

  ByteSource* source_ = nullptr;
  std::uint64_t size_ = 0;
  std::uint64_t start_ = 0;  // of the bytes held
  std::size_t length_ = 0;   // of the bytes held
  const std::uint8_t* data_ = nullptr;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t capacity_ = 0;
  bool has_read_ = false;
  std::optional<Error> error_;
};

}  // namespace sdmeta
