#include "pipeline/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pipeline/exit_code.h"

namespace sdmeta {
namespace {

// The mutable globals: a signal handler can reach nothing else.
std::atomic<bool> is_stop_wanted{false};
std::atomic<int> stop_fd{-1};
static_assert(std::atomic<bool>::is_always_lock_free &&
              std::atomic<int>::is_always_lock_free);

extern "C" void on_signal(int) {
  if (is_stop_wanted.exchange(true))
    ::_exit(static_cast<int>(ExitCode::kInterrupted));
  const int error = errno;  // of the call that is interrupted
  // It can only fail if there is no such descriptor.
  [[maybe_unused]] const int done = ::eventfd_write(stop_fd, 1);
  errno = error;
}

}  // namespace

StopSignal stop_on_signals() {
  stop_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  // The terminal has gone; nohup(1) has it ignored.
  struct sigaction on_hangup {};
  ::sigaction(SIGHUP, nullptr, &on_hangup);
  if (on_hangup.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return {is_stop_wanted, stop_fd};
}

}  // namespace sdmeta
