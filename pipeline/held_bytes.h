// What all batches in flight hold together, in bytes: texts that were read, and
// packed members that must be read one after another. Nobody waits for room:
// while there is none, no further batch is begun, and the files of those that
// have begun are left to the end of the flow, where one at a time is read. So
// the oldest batch can always go on.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace sdmeta {

class HeldBytes {
 public:
  /// For `threads` that parse. Three batches of large ComfyUI graphs for each
  /// of up to four have room; more share it.
  explicit HeldBytes(std::size_t threads) noexcept
      : max_bytes_(std::min((threads + 1) * kBytesOfAThread, kMostBytes)) {}

  std::size_t max_bytes() const noexcept { return max_bytes_; }
  /// There is no room. The bound is passed by what threads hold at once.
  bool is_full() const noexcept {
    return bytes_.load(std::memory_order_relaxed) >= max_bytes_;
  }
  void add(std::size_t bytes) noexcept {
    if (bytes > 0) bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void release(std::size_t bytes) noexcept {
    if (bytes > 0) bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t kBytesOfAThread = std::size_t{16} << 20;
  static constexpr std::size_t kMostBytes = 5 * kBytesOfAThread;

  std::size_t max_bytes_;
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace sdmeta
