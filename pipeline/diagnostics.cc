#include "pipeline/diagnostics.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "pipeline/report.h"
#include "pipeline/terminal.h"
#include "pipeline/whole_io.h"

namespace sdmeta {
namespace {

void write_to_stderr(std::string_view text) {
  write_all(STDERR_FILENO, text);  // where it fails nobody is left to be told
}

std::string duration(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::max(seconds, 0.0));
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60,
                       whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string rate(std::uint64_t count, double seconds) {
  return fmt::format("{:.0f}",
                     static_cast<double>(count) / std::max(seconds, 0.001));
}

}  // namespace

Outcome outcome_of(const Tally& tally) {
  const auto count = [&tally](Status status) {
    return tally.by_status[static_cast<std::size_t>(status)];
  };
  Outcome outcome;
  outcome.ok = count(Status::kOk);
  outcome.without_metadata =
      count(Status::kNoMetadata) + count(Status::kUnrecognized);
  for (std::size_t i = 0; i < kStatusCount; ++i)
    if (is_failure(static_cast<Status>(i)))
      outcome.failed += tally.by_status[i];
  return outcome;
}

namespace {

/// True if a line on standard error can be drawn over again.
bool has_screen() {
  const char* const kind = ::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 &&
         (kind == nullptr || std::string_view(kind) != "dumb");
}

}  // namespace

Diagnostics::Diagnostics(ProgressMode mode, bool quiet)
    : shows_progress_(!quiet &&
                      (mode == ProgressMode::kAlways ||
                       (mode == ProgressMode::kAuto && has_screen()))),
      is_quiet_(quiet) {}

void Diagnostics::report(std::string_view place, const Error& error) {
  report(fmt::format("{}: {}", place == "-" ? "standard output" : place,
                     to_text(error)));
}

void Diagnostics::report(std::string_view text) {
  clear_progress();
  write_to_stderr(fmt::format("sdmeta: {}\n", printable(text)));
}

void Diagnostics::print(std::string_view text) { write_to_stderr(text); }

void Diagnostics::clear_progress() {
  if (is_line_drawn_) write_to_stderr("\r\x1b[K");
  is_line_drawn_ = false;
}

void Diagnostics::progress(const Tally& tally,
                           std::optional<std::uint64_t> total) {
  if (!shows_progress_) return;
  const Clock::time_point now = Clock::now();
  if (now < next_draw_) return;
  next_draw_ = now + std::chrono::milliseconds(200);
  const Outcome outcome = outcome_of(tally);
  std::string line = fmt::format("{}{} files, {}/s, {} MB", tally.records,
                                 total ? fmt::format(" of {}", *total) : "",
                                 rate(tally.records, seconds()),
                                 tally.image_bytes / 1'000'000);
  if (total && tally.records > 0 && *total >= tally.records) {
    const double left = seconds() *
                        static_cast<double>(*total - tally.records) /
                        static_cast<double>(tally.records);
    line += fmt::format(", {} left", duration(left));
  } else {
    line += fmt::format(", {} so far", duration(seconds()));
  }
  line += fmt::format(", {} ok, {} none, {} failed", outcome.ok,
                      outcome.without_metadata, outcome.failed);
  if (tally.with_row > 0) line += fmt::format(", {} matched", tally.with_row);
  // A line that wraps could not be drawn over again.
  line.resize(std::min(line.size(), terminal_columns(STDERR_FILENO) - 1));
  write_to_stderr("\r" + line + "\x1b[K");
  is_line_drawn_ = true;
}

void Diagnostics::summary(const RunStats& stats) {
  clear_progress();
  if (is_quiet_) return;
  const Tally& tally = stats.tally;
  const Outcome outcome = outcome_of(tally);
  std::string line = fmt::format("{}: {} ok, {} without metadata, {} failed",
                                 counted(tally.records, "image"), outcome.ok,
                                 outcome.without_metadata, outcome.failed);
  if (outcome.failed > 0) line += " (see status)";
  if (tally.damaged > 0)
    line += fmt::format("; {} damaged (see warnings)", tally.damaged);
  if (stats.csv) {
    line += fmt::format("; {} with a CSV row, {} without", tally.with_row,
                        tally.records - tally.with_row);
    append_counted(line, stats.csv->bad_rows, "bad row");
  }
  if (stats.unmatched_rows)
    line += fmt::format("; {} without an image",
                        counted(*stats.unmatched_rows, "CSV row"));
  if (stats.already_recorded > 0)
    line += fmt::format("; {} recorded before", stats.already_recorded);
  if (stats.old_records > 0 && stats.already_recorded == 0 && tally.records > 0)
    line += fmt::format("; {} before, none of these inputs as they are spelt",
                        counted(stats.old_records, "record"));
  if (stats.failed_before > 0)
    line += fmt::format(", {} of them failed or damaged", stats.failed_before);
  if (stats.inputs.other_shards > 0)
    line += fmt::format("; {} in other shards", stats.inputs.other_shards);
  if (stats.inputs.skipped_names > 0)
    line += fmt::format("; {} skipped{}",
                        counted(stats.inputs.skipped_names, "other name"),
                        tally.records == 0 ? " (see --all-files)" : "");
  line += fmt::format("; {:.2f} s, {} files/s\n", seconds(),
                      rate(tally.records, seconds()));
  write_to_stderr(line);
}

double Diagnostics::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

}  // namespace sdmeta
