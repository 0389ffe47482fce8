#include "pipeline/io_pool.h"

#include <system_error>
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
  std::unique_lock lock(mutex_);
  if (threads_.empty()) start();
  if (threads_.empty()) {
    lock.unlock();
    return task();
  }
  tasks_.push_back(std::move(task));
  lock.unlock();
  is_changed_.notify_one();
}

void IoPool::start() {
  try {
    while (threads_.size() < size_) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    // Processes and memory have limits: ulimit -u and -v, pids of a container.
  }
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
