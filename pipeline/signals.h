// SIGINT and SIGTERM ask a run to stop, a second one ends the process at once.
// SIGPIPE is ignored: writes report EPIPE instead.
#pragma once

#include <atomic>

namespace sdmeta {

/// Installs the handlers, once. The flag becomes true with the first signal.
const std::atomic<bool>& stop_on_signals();

}  // namespace sdmeta
