#include "pipeline/signals.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstring>

#include "pipeline/exit_code.h"

namespace sdmeta {
namespace {

// The mutable globals: a signal handler can reach nothing else.
std::atomic<bool> is_stop_wanted{false};
std::atomic<int> stop_fd{-1};
std::atomic<bool> has_unfinished{false};
char unfinished_path[PATH_MAX];  // written while there is none
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

/// Once it returns the process ends, as if it had had no handler.
extern "C" void on_end(int number) {
  if (has_unfinished) ::unlink(unfinished_path);
  ::raise(number);
}

void handle_ending_signals(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  // The terminal has gone; nohup(1) has it ignored.
  struct sigaction on_hangup {};
  ::sigaction(SIGHUP, nullptr, &on_hangup);
  if (on_hangup.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
}

}  // namespace

StopSignal stop_on_signals() {
  stop_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  handle_ending_signals(on_signal, SA_RESTART);
  ::signal(SIGPIPE, SIG_IGN);
  return {is_stop_wanted, stop_fd};
}

void end_on_signals() { handle_ending_signals(on_end, SA_RESETHAND); }

void remove_if_ended(const std::string& path) {
  has_unfinished = false;
  if (path.empty() || path.size() >= sizeof unfinished_path) return;
  std::memcpy(unfinished_path, path.c_str(), path.size() + 1);
  has_unfinished = true;
}

}  // namespace sdmeta
