#include "extractor/byte_window.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sdmeta {

namespace {

// A header that stands alone far away, and what usually follows a payload: the
// page it ends in has been fetched anyway.
constexpr std::size_t kAheadOfHeader = 64;
constexpr std::size_t kAheadOfPayload = 1024;

// A buffer that one huge field made grow is not kept for the next file.
constexpr std::size_t kMaxKeptBytes = 1u << 20;

struct SpareBuffer {
  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t capacity = 0;
};

SpareBuffer& spare_buffer() noexcept {
  thread_local SpareBuffer spare;
  return spare;
}

}  // namespace

ByteWindow::ByteWindow(ByteSource& source) noexcept
    : source_(&source), size_(source.size()) {
  SpareBuffer& spare = spare_buffer();
  buffer_ = std::move(spare.bytes);
  capacity_ = std::exchange(spare.capacity, 0);
}

ByteWindow::ByteWindow(Bytes bytes) noexcept
    : size_(bytes.size()), length_(bytes.size()), data_(bytes.data()) {}

ByteWindow::~ByteWindow() {
  if (capacity_ == 0 || capacity_ > kMaxKeptBytes) return;
  spare_buffer() = {std::move(buffer_), capacity_};
}

Bytes ByteWindow::read(std::uint64_t offset, std::size_t count,
                       std::size_t ahead) {
  if (offset >= size_) return {};
  count =
      static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - offset));
  if (!holds(offset, count) && source_ != nullptr && !error_) {
    if (ahead == kDefaultAhead) {
      const bool is_near =
          offset >= start_ && offset - start_ <= length_ + kHeadBytes;
      ahead = is_near ? kAheadOfPayload : kAheadOfHeader;
    }
    const std::uint64_t wanted =
        has_read_ ? count + std::uint64_t{ahead} : std::max(count, kHeadBytes);
    fill(offset, static_cast<std::size_t>(std::min(wanted, size_ - offset)));
  }
  if (offset < start_ || offset - start_ >= length_) return {};
  const std::size_t at = static_cast<std::size_t>(offset - start_);
  return {data_ + at, std::min(count, length_ - at)};
}

void ByteWindow::fill(std::uint64_t offset, std::size_t count) {
  // What is held already is moved, not read again.
  std::size_t kept = 0;
  std::size_t kept_from = 0;
  if (offset >= start_ && offset - start_ < length_) {
    kept_from = static_cast<std::size_t>(offset - start_);
    kept = std::min(length_ - kept_from, count);
  }
  if (count > capacity_) {
    const std::size_t capacity = std::max(count, 4 * kHeadBytes);
    auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    if (kept > 0) std::memcpy(larger.get(), data_ + kept_from, kept);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  } else if (kept > 0) {
    std::memmove(buffer_.get(), data_ + kept_from, kept);
  }
  data_ = buffer_.get();
  start_ = offset;
  length_ = kept;
  has_read_ = true;
  const Result<std::size_t> got =
      source_->read_at(offset + kept, {buffer_.get() + kept, count - kept});
  if (!got) {
    error_ = got.error();
  } else {
    length_ += std::min(*got, count - kept);
  }
}

}  // namespace sdmeta
