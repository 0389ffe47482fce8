#include "pipeline/input_counter.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace sdmeta {

InputCounter::InputCounter(InputOptions options) {
  const bool reads_stdin =
      options.files_from == "-" ||
      std::find(options.paths.begin(), options.paths.end(), "-") !=
          options.paths.end();
  if (!reads_stdin)
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
