#include "pipeline/input_counter.h"

#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace sdmeta {
namespace {

bool can_be_read_twice(const std::string& path) {
  struct stat status;
  return path != "-" && ::stat(path.c_str(), &status) == 0 &&
         (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

}  // namespace

InputCounter::InputCounter(InputOptions options) {
  if (std::all_of(options.paths.begin(), options.paths.end(),
                  can_be_read_twice) &&
      (!options.files_from || can_be_read_twice(*options.files_from)))
    thread_ = std::thread(
        [this, held = std::move(options)] { count(held); });
}

InputCounter::~InputCounter() {
  is_ending_ = true;
  if (thread_.joinable()) thread_.join();
}

void InputCounter::count(InputOptions options) {
  const std::unique_ptr<InputStream> inputs = open_inputs(std::move(options));
  std::uint64_t total = 0;
  while (inputs->next()) {
    ++total;
    if (is_ending_ || inputs->counts().archives > 0) return;
  }
  total_ = total;
  is_counted_.store(true, std::memory_order_release);
}

std::optional<std::uint64_t> InputCounter::total() const noexcept {
  if (!is_counted_.load(std::memory_order_acquire)) return std::nullopt;
  return total_;
}

}  // namespace sdmeta
