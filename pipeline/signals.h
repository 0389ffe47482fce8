// SIGINT, SIGTERM and SIGHUP ask a run to stop, a second one ends the process
// at once. SIGPIPE is ignored: writes report EPIPE instead. Commands that
// cannot go on where they stopped end at the first signal, and leave nothing
// half done.
#pragma once

#include <atomic>
#include <string>

namespace sdmeta {

struct StopSignal {
  const std::atomic<bool>& is_wanted;  // true from the first signal on
  int fd;  // readable from then on, for poll(); -1 if there can be none
};

/// Installs the handlers, once in a process.
StopSignal stop_on_signals();

/// Installs the handlers of a command that ends at once, as by any signal,
/// without the file that remove_if_ended() has named.
void end_on_signals();

/// Names a file, at most one at a time, that is worth nothing if the process
/// ends now; "": none any longer.
void remove_if_ended(const std::string& path);

}  // namespace sdmeta
