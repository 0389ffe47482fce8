// The commands between CSV and records: enrich, urls, captions.
#include "pipeline/commands.h"
#include "pipeline/diagnostics.h"
#include "pipeline/report.h"

namespace sdmeta {
namespace {

/// Runs `run(report)`, which gives a Result of counts, and says how it went.
template <class Run>
ExitCode tell(bool is_quiet, Run&& run) {
  Diagnostics talk(ProgressMode::kNever, true);
  const auto counts =
      run([&talk](const std::string& message) { talk.report(message); });
  if (!counts) {
    talk.report(to_message(counts.error()));
    return ExitCode::kNotComplete;
  }
  if (!is_quiet) talk.report(to_text(*counts));
  return ExitCode::kComplete;
}

}  // namespace

ExitCode run_command(const EnrichCommand& command) {
  return tell(command.is_quiet, [&](const Report& report) {
    return run_enrich(command.options, report);
  });
}

ExitCode run_command(const UrlsCommand& command) {
  return tell(command.is_quiet, [&](const Report& report) {
    return run_urls(command.options, report);
  });
}

ExitCode run_command(const CaptionsCommand& command) {
  return tell(command.is_quiet, [&](const Report& report) {
    return run_captions(command.options, report);
  });
}

}  // namespace sdmeta
