#include "pipeline/signals.h"

#include <signal.h>
#include <unistd.h>

#include "pipeline/exit_code.h"

namespace sdmeta {
namespace {

// The one mutable global: a signal handler can reach nothing else.
std::atomic<bool> is_stop_wanted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_signal(int) {
  if (is_stop_wanted.exchange(true))
    ::_exit(static_cast<int>(ExitCode::kInterrupted));
}

}  // namespace

const std::atomic<bool>& stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return is_stop_wanted;
}

}  // namespace sdmeta
