#include "pipeline/header_window.h"

#include <algorithm>

namespace sdmeta {
namespace {

constexpr std::size_t kNearBytes = 64 << 10;  // "close together"
constexpr std::size_t kLargeRead = 128 << 10;
constexpr std::size_t kSmallRead = 4 << 10;

}  // namespace

std::span<const std::uint8_t> HeaderWindow::at(std::uint64_t offset,
                                               std::size_t length) {
  if (offset < start_ || offset - start_ > filled_ ||
      filled_ - static_cast<std::size_t>(offset - start_) < length) {
    const bool is_near = offset >= start_ && offset - start_ <= kNearBytes;
    const std::size_t wanted =
        std::max(length, is_near ? kLargeRead : kSmallRead);
    if (buffer_.size() < wanted) buffer_.resize(wanted);
    start_ = offset;
    filled_ = 0;
    const Result<std::size_t> got =
        source_.read_at(offset, std::span(buffer_).first(wanted));
    if (got)
      filled_ = *got;
    else
      error_ = got.error();
  }
  const std::size_t skip = static_cast<std::size_t>(offset - start_);
  return std::span(buffer_).subspan(skip, std::min(length, filled_ - skip));
}

}  // namespace sdmeta
