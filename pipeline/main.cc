// sdmeta: options -> command -> exit value.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <new>
#include <variant>

#include "pipeline/commands.h"
#include "pipeline/diagnostics.h"
#include "pipeline/open_files.h"
#include "pipeline/options.h"

namespace {

/// Without standard streams (`>&-`) the next files that are opened would take
/// their places, and get what is printed. What is put there instead fails as a
/// closed stream does: it is not open in that direction.
void hold_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0)
      ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_streams();
  ::signal(SIGXFSZ, SIG_IGN);  // writes report EFBIG instead
  sdmeta::raise_open_file_limit();
  const sdmeta::Command command = sdmeta::parse_options(argc, argv);
  try {
    return static_cast<int>(std::visit(
        [](const auto& chosen) { return sdmeta::run_command(chosen); },
        command));
  } catch (const std::bad_alloc&) {
    sdmeta::Diagnostics(sdmeta::ProgressMode::kNever, true)
        .report("out of memory");
    return static_cast<int>(sdmeta::ExitCode::kNotComplete);
  }
}
