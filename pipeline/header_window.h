// A sliding view of a ByteSource for headers that are read in order and lie
// close together or far apart: near ones come out of one large read, far ones
// cost a small read each, and what lies between is not read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "extractor/byte_source.h"

namespace sdmeta {

class HeaderWindow {
 public:
  /// `source` must outlive the window.
  explicit HeaderWindow(ByteSource& source) noexcept : source_(source) {}

  /// Bytes [offset, offset + length), fewer at the end of the source or before
  /// an I/O error, which error() then holds. Valid until the next call.
  std::span<const std::uint8_t> at(std::uint64_t offset, std::size_t length);

  const std::optional<Error>& error() const noexcept { return error_; }
  std::uint64_t source_size() const noexcept { return source_.size(); }

 private:
  ByteSource& source_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t start_ = 0;  // offset of buffer_
  std::size_t filled_ = 0;
  std::optional<Error> error_;
};

}  // namespace sdmeta
