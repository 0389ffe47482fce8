#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "pipeline/archive.h"
#include "pipeline/commands.h"
#include "pipeline/diagnostics.h"
#include "pipeline/inputs.h"
#include "pipeline/report.h"
#include "pipeline/show.h"
#include "pipeline/stages.h"
#include "pipeline/terminal.h"

namespace sdmeta {
namespace {

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
      : command_(command), width_(terminal_columns(STDOUT_FILENO)) {
    stages_ = command.stages;
    stages_.with_raw = true;
  }

  /// What cannot be read is told on standard error. False if nothing can be
  /// printed any longer.
  bool show(Job job) {
    const Record record = interpret_stage(
        extract_stage(std::move(job), opener_, stages_.extract), stages_);
    const bool is_unreadable = record.status == Status::kUnreadable;
    if (is_unreadable) {
      talk_.report(to_message(record));
      code_ = ExitCode::kNotComplete;
    }
    if (command_.as_json) return is_printed(describe_as_json(record));
    if (is_unreadable) return true;
    std::string text = is_first_ ? "" : "\n";
    is_first_ = false;
    return is_printed(text + describe_for_person(record, width_));
  }

  /// Of the program.
  ExitCode code() const { return code_; }

 private:
  bool is_printed(const std::string& text) {
    const ExitCode code = print(text);
    if (code == ExitCode::kComplete) return true;
    code_ = code;
    return false;
  }

  const ShowCommand& command_;
  StageOptions stages_;
  std::size_t width_;
  Diagnostics talk_{ProgressMode::kNever, true};
  FileOpener opener_;
  bool is_first_ = true;
  ExitCode code_ = ExitCode::kComplete;
};

}  // namespace

ExitCode run_command(const ShowCommand& command) {
  Showing showing(command);
  for (const std::string& file : command.files) {
    if (std::optional<Result<Job>> member = open_member(file)) {
      if (!showing.show(*member ? std::move(**member)
                                : failed_job(file, member->error())))
        return showing.code();
      continue;
    }
    // Folders and archives are shown image by image.
    InputOptions options;
    options.paths = {file};
    options.is_nul_separated = command.is_nul_separated;
    const std::unique_ptr<InputStream> inputs = open_inputs(std::move(options));
    while (std::optional<Job> job = inputs->next())
      if (!showing.show(std::move(*job))) return showing.code();
  }
  return showing.code();
}

}  // namespace sdmeta
