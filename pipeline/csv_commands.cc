// The commands between CSV and records: enrich, urls, captions.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/argument_check.h"
#include "pipeline/commands.h"
#include "pipeline/diagnostics.h"
#include "pipeline/report.h"
#include "pipeline/signals.h"

namespace sdmeta {
namespace {

/// Runs `run(report)`, which gives a Result of counts, and says how it went;
/// not if its output is one of the files it reads, or would be the next time.
template <class Run>
ExitCode tell(bool is_quiet, const NamedOutput& output,
              std::vector<std::string> read, const std::string& more,
              Run&& run) {
  Diagnostics talk(ProgressMode::kNever, true);
  std::optional<std::string> refused = refuse_among_rows({output}, read);
  read.push_back(more);
  if (std::count(read.begin(), read.end(), "-") > 1)
    refused = "standard input can be read once";
  if (!refused) refused = refuse_outputs({output}, read);
  if (refused) {
    talk.report(*refused);
    return ExitCode::kNotComplete;
  }
  end_on_signals();
  const auto counts =
      run([&talk](const std::string& message) { talk.report(message); });
  if (!counts) {
    talk.report(to_message(counts.error()));
    return ExitCode::kNotComplete;
  }
  if (!is_quiet) talk.print(to_text(*counts) + "\n");
  return ExitCode::kComplete;
}

}  // namespace

ExitCode run_command(const EnrichCommand& command) {
  const EnrichOptions& options = command.options;
  return tell(command.is_quiet, {options.output, OutputKind::kRows},
              options.csv_paths, options.records, [&](const Report& report) {
                return run_enrich(options, report);
              });
}

ExitCode run_command(const UrlsCommand& command) {
  const UrlsOptions& options = command.options;
  return tell(command.is_quiet, {options.output, OutputKind::kAddresses},
              options.csv_paths, options.missing_from.value_or(""),
              [&](const Report& report) { return run_urls(options, report); });
}

ExitCode run_command(const CaptionsCommand& command) {
  const CaptionsOptions& options = command.options;
  return tell(
      command.is_quiet, {"-", OutputKind::kAddresses}, {}, options.records,
      [&](const Report& report) { return run_captions(options, report); });
}

}  // namespace sdmeta
