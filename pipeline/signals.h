// SIGINT, SIGTERM and SIGHUP ask a run to stop, a second one ends the process at
// once.
// SIGPIPE is ignored: writes report EPIPE instead.
#pragma once

#include <atomic>

namespace sdmeta {

struct StopSignal {
  const std::atomic<bool>& is_wanted;  // true from the first signal on
  int fd;  // readable from then on, for poll(); -1 if there can be none
};

/// Installs the handlers, once in a process.
StopSignal stop_on_signals();

}  // namespace sdmeta
