// What all batches in flight hold together, in bytes: texts that were read, and
// packed members that must be read one after another. Nobody waits for room:
// while there is none, no further batch is begun, and the files of those that
// have begun are left to the end of the flow, where one at a time is read. So
// the oldest batch can always go on.
#pragma once

#include <atomic>
#include <cstddef>

namespace sdmeta {

class HeldBytes {
 public:
  /// Beyond this there is no room. It is passed by what threads hold at once.
  static constexpr std::size_t kMaxBytes = std::size_t{32} << 20;

  bool is_full() const noexcept {
    return bytes_.load(std::memory_order_relaxed) >= kMaxBytes;
  }
  void add(std::size_t bytes) noexcept {
    if (bytes > 0) bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void release(std::size_t bytes) noexcept {
    if (bytes > 0) bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace sdmeta
