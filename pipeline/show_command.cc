#include <sys/ioctl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "pipeline/archive.h"
#include "pipeline/commands.h"
#include "pipeline/inputs.h"
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

Job failed_job(const std::string& path, const Error& error) {
  Job job;
  job.path = path;
  job.error = error;
  return job;
}

/// Shows one image after the other.
class Showing {
 public:
  explicit Showing(const ShowCommand& command)
      : command_(command), width_(terminal_width()) {
    stages_ = command.stages;
    stages_.with_raw = true;
  }

  ExitCode show(Job job) {
    const Record record = interpret_stage(
        extract_stage(std::move(job), opener_, stages_.extract), stages_);
    if (command_.as_json) return print(describe_as_json(record));
    std::string text = is_first_ ? "" : "\n";
    is_first_ = false;
    return print(text + describe_for_person(record, width_));
  }

 private:
  const ShowCommand& command_;
  StageOptions stages_;
  std::size_t width_;
  FileOpener opener_;
  bool is_first_ = true;
};

}  // namespace

ExitCode run_command(const ShowCommand& command) {
  Showing showing(command);
  for (const std::string& file : command.files) {
    ExitCode code = ExitCode::kComplete;
    if (std::optional<Result<Job>> member = open_member(file)) {
      code = showing.show(*member ? std::move(**member)
                                  : failed_job(file, member->error()));
    } else {
      // Folders and archives are shown image by image.
      InputOptions options;
      options.paths = {file};
      const std::unique_ptr<InputStream> inputs =
          open_inputs(std::move(options));
      while (std::optional<Job> job = inputs->next())
        if (code = showing.show(std::move(*job)); code != ExitCode::kComplete)
          break;
    }
    if (code != ExitCode::kComplete) return code;
  }
  return ExitCode::kComplete;
}

}  // namespace sdmeta
