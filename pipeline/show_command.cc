#include <sys/ioctl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "pipeline/commands.h"
#include "pipeline/show.h"
#include "pipeline/stages.h"

namespace sdmeta {
namespace {

/// Columns of the terminal, 80 where there is none.
std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

}  // namespace

ExitCode run_command(const ShowCommand& command) {
  init_extractor();
  StageOptions options = command.stages;
  options.with_raw = true;
  FileOpener opener;
  const std::size_t width = terminal_width();
  for (const std::string& file : command.files) {
    Job job;
    job.path = file;
    const Record record = interpret_stage(
        extract_stage(std::move(job), opener, options.extract), options);
    std::string text = command.as_json ? describe_as_json(record)
                                       : describe_for_person(record, width);
    if (!command.as_json && &file != &command.files.back()) text += "\n";
    if (const ExitCode code = print(text); code != ExitCode::kComplete)
      return code;
  }
  return ExitCode::kComplete;
}

}  // namespace sdmeta
