#include "pipeline/io_pool.h"

#include <utility>

namespace sdmeta {

IoPool::~IoPool() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  is_changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void IoPool::submit(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (threads_.empty())
      for (std::size_t i = 0; i < size_; ++i)
        threads_.emplace_back([this] { work(); });
  }
  is_changed_.notify_one();
}

void IoPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    is_changed_.wait(lock, [this] { return is_ending_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace sdmeta
