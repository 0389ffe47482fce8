// Threads that wait for disks, so that the threads that parse need not. They
// are started when the first task comes: a run whose files are all in the page
// cache has none.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sdmeta {

class IoPool {
 public:
  explicit IoPool(std::size_t threads) : size_(threads) {}
  /// Waits for every task.
  ~IoPool();
  IoPool(const IoPool&) = delete;
  IoPool& operator=(const IoPool&) = delete;

  /// Runs `task` on one of the threads, in order of submission. It must not
  /// throw. Thread-safe. Does not wait, as long as there can be a thread:
  /// whoever submits bounds the number.
  void submit(std::function<void()> task);

 private:
  /// As many threads as can be had.
  void start();
  void work();

  std::size_t size_;
  std::mutex mutex_;
  std::condition_variable is_changed_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_, as is_ending_
  bool is_ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sdmeta
