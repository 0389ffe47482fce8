#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "extractor/extract.h"
#include "pipeline/argument_check.h"
#include "pipeline/commands.h"
#include "pipeline/diagnostics.h"
#include "pipeline/input_counter.h"
#include "pipeline/job_batches.h"
#include "pipeline/open_files.h"
#include "pipeline/report.h"
#include "pipeline/run.h"
#include "pipeline/signals.h"
#include "pipeline/sink.h"
#include "pipeline/stats.h"
#include "pipeline/text_output.h"

namespace sdmeta {
namespace {

/// Freed blocks stay with the process: fields and lines of the next batch need
/// them again, and giving them back costs page faults. But those of large files
/// would add up to one for each thread.
void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
  ::mallopt(M_TOP_PAD, 1 << 20);
}

void add(Tally& total, const Tally& part) {
  total.records += part.records;
  for (std::size_t i = 0; i < kStatusCount; ++i)
    total.by_status[i] += part.by_status[i];
  total.damaged += part.damaged;
  total.with_row += part.with_row;
  total.image_bytes += part.image_bytes;
  total.output_bytes += part.output_bytes;
}

/// One run of `sdmeta extract`, in the order of its functions.
class ExtractRun {
 public:
  explicit ExtractRun(const ExtractCommand& command)
      : command_(command), talk_(command.progress, command.is_quiet) {}

  ExitCode run() {
    if (!check_arguments() || !load_csv() || !open_output())
      return ExitCode::kNotComplete;
    extract();
    const bool has_same_rows = check_rows();
    stats_.is_complete = finish_output(has_same_rows);
    const bool is_complete = finish_reports() && stats_.is_complete;
    talk_.summary(stats_);
    if (sink_->is_reader_gone()) return ExitCode::kComplete;
    if (is_interrupted_) return ExitCode::kInterrupted;
    if (!is_complete) return ExitCode::kNotComplete;
    const bool has_failed = outcome_of(stats_.tally).failed > 0 ||
                            stats_.inputs.unread_in_other_shards > 0 ||
                            stats_.tally.damaged > 0 ||
                            stats_.failed_before > 0;
    return command_.is_strict && has_failed ? ExitCode::kInputsFailed
                                            : ExitCode::kComplete;
  }

 private:
  bool check_arguments() {
    std::vector<std::string> read = command_.inputs.paths;
    read.insert(read.end(), command_.csv.paths.begin(),
                command_.csv.paths.end());
    read.push_back(command_.inputs.files_from.value_or(""));
    std::vector<NamedOutput> outputs = {
        {command_.output.path, OutputKind::kRecords}};
    if (command_.stats_path)
      outputs.push_back({*command_.stats_path, OutputKind::kStats});
    if (command_.unmatched_path)
      outputs.push_back({*command_.unmatched_path, OutputKind::kRows});
    std::optional<std::string> refused = refuse_outputs(outputs, read);
    if (!refused) refused = refuse_among_rows(outputs, command_.csv.paths);
    if (!refused && command_.inputs.files_from)
      refused = missing_list(*command_.inputs.files_from);
    if (refused) {
      talk_.report(*refused);
      return false;
    }
    for (const std::string& path : command_.inputs.paths) {
      if (const std::optional<std::string> missing = missing_input(path))
        failures_.add_early(*missing);
      else if (const std::optional<std::string> doubt = doubt_input(path))
        talk_.report(*doubt);
    }
    return true;
  }

  bool load_csv() {
    if (command_.csv.paths.empty()) return true;
    Result<std::unique_ptr<CsvIndex>> loaded = CsvIndex::load(
        command_.csv,
        [this](const std::string& message) { talk_.report(message); });
    if (!loaded) {
      talk_.report(to_message(loaded.error()));
      return false;
    }
    csv_ = std::move(*loaded);
    return true;
  }

  bool open_output() {
    // A row whose image an earlier run has seen is not unmatched.
    const bool is_marking = csv_ != nullptr && command_.unmatched_path;
    Result<std::unique_ptr<Sink>> sink =
        Sink::open(command_.output, [this, is_marking](const RecordName& name) {
          earlier_.add(name);
          if (is_marking) csv_->find(name.file, name.member.value_or(""));
        });
    if (!sink) {
      talk_.report(command_.output.path, sink.error());
      return false;
    }
    sink_ = std::move(*sink);
    const std::string& kept = sink_->kept_path();
    if (!kept.empty() && command_.output.resume)
      talk_.report(kept +
                   ": holds the output that was there before the run that "
                   "this one continues");
    else if (!kept.empty())
      talk_.report(kept +
                   ": holds what an interrupted run had written; to go on with "
                   "it, rename it to " +
                   sink_->partial_path() + " and pass --resume");
    return true;
  }

  void extract() {
    // Until here nothing is lost by the end that a signal brings.
    const StopSignal stop = stop_on_signals();
    InputOptions input_options = command_.inputs;
    input_options.stop_fd = stop.fd;
    input_options.outputs = output_files();
    const std::unique_ptr<InputStream> inputs = open_inputs(input_options);
    // Where batches end shows in compressed output, and it is to be the same
    // each time.
    const bool is_prompt =
        command_.run.stages.compression == Compression::kNone;
    JobBatches jobs(*inputs, command_.output.resume ? &earlier_ : nullptr,
                    stop.is_wanted, is_prompt);
    std::optional<InputCounter> counter;
    if (talk_.shows_progress()) counter.emplace(std::move(input_options));
    RunOptions options = command_.run;
    options.stages.csv = csv_.get();
    // Each has a file and a folder open.
    options.io_depth = static_cast<unsigned>(
        std::min<std::size_t>(options.io_depth, open_file_limit() / 8));
    stats_.io_depth = options.io_depth;
    run_graph(
        [&](bool may_wait) -> std::optional<Batch> {
          if (is_stopped_.load(std::memory_order_relaxed)) return std::nullopt;
          return jobs.next(may_wait);
        },
        options,
        [&](Lines lines) {
          take(std::move(lines));
          if (!counter) return;
          std::optional<std::uint64_t> total = counter->total();
          if (total) *total -= std::min(*total, jobs.already_recorded());
          talk_.progress(stats_.tally, total);
        });
    is_interrupted_ = !is_stopped_ && !jobs.is_finished();
    failures_.finish();
    stats_.inputs = inputs->counts();
    if (const std::uint64_t count = stats_.inputs.unread_in_other_shards)
      talk_.report(counted(count, "input") +
                   " of other shards could not be read; what is in them of "
                   "this shard, if they are folders or archives, is missing");
    stats_.already_recorded = jobs.already_recorded();
    stats_.failed_before = earlier_.failures_taken();
    stats_.old_records = sink_->old_records();
  }

  /// What is written, and what of an earlier run will be replaced.
  std::vector<FileId> output_files() const {
    std::vector<FileId> files;
    const auto add = [&files](const std::optional<FileId>& file) {
      if (file) files.push_back(*file);
    };
    add(sink_->file());
    for (const std::string& path :
         {command_.output.path, command_.stats_path.value_or("-"),
          command_.unmatched_path.value_or("-")})
      if (path != "-") add(file_id(path));
    return files;
  }

  void take(Lines lines) {
    if (is_stopped_) return;
    if (!sink_->write(lines.bytes)) {
      is_stopped_ = true;
      return;
    }
    add(stats_.tally, lines.tally);
    for (const std::string& failure : lines.failures) failures_.add(failure);
  }

  /// True if the output holds a record for every input, with its row.
  bool finish_output(bool has_same_rows) {
    const bool has_whole_lists = stats_.inputs.unreadable_lists == 0;
    const bool is_whole = !is_stopped_ && !is_interrupted_ && has_whole_lists;
    if (is_whole && has_same_rows) sink_->finish();
    if (const std::optional<Error>& error = sink_->error()) {
      talk_.report(command_.output.path, *error);
    } else if (!has_same_rows) {
      // An OUT that was there is better than records without their rows.
      if (!sink_->partial_path().empty())
        talk_.report(sink_->partial_path() +
                     " holds records that may lack their rows: do not resume "
                     "it");
      return false;
    } else if (is_whole) {
      return true;
    } else if (!has_whole_lists) {
      talk_.report(
          "a list could not be read to its end, so that records are missing");
    }
    if (!is_whole && !sink_->partial_path().empty() && sink_->bytes() > 0)
      talk_.report(sink_->partial_path() +
                   " holds what was done; --resume continues it");
    return false;
  }

  /// False if rows may have been missed. What can be told about the join only
  /// now is said.
  bool check_rows() {
    if (csv_ == nullptr) return true;
    const std::uint64_t images = stats_.tally.records;
    const bool has_images = images > outcome_of(stats_.tally).failed;
    if (command_.csv.match == MatchKey::kRegex && has_images &&
        !is_interrupted_ && csv_->is_without_keys())
      talk_.report("--match regex:" + command_.csv.regex + ": " +
                   counted(images, "image") +
                   ", and not one key; it is searched in the whole path, or "
                   "that of an archive's member, and its first group, or else "
                   "all it matches, is to be a number or a UUID");
    const std::vector<Error> faults = csv_->faults();
    for (const Error& fault : faults) talk_.report(to_message(fault));
    return faults.empty();
  }

  bool finish_reports() {
    if (csv_ != nullptr) stats_.csv = csv_->counts();
    if (stats_.is_complete && command_.unmatched_path) {
      const Result<std::uint64_t> rows =
          csv_->write_unmatched(*command_.unmatched_path);
      if (!rows) {
        talk_.report(to_message(rows.error()));
        return false;
      }
      stats_.unmatched_rows = rows.value();
    }
    stats_.seconds = talk_.seconds();
    stats_.threads = command_.run.threads;
    if (!command_.stats_path) return true;
    return write_file(*command_.stats_path, print_stats(stats_));
  }

  bool write_file(const std::string& path, const std::string& text) {
    const Result<std::unique_ptr<TextOutput>> file = TextOutput::create(path);
    std::optional<Error> error;
    if (file) {
      file.value()->buffer() = text;
      error = file.value()->finish();
    } else {
      error = file.error();
    }
    if (error) talk_.report(to_message(*error));
    return !error;
  }

  const ExtractCommand& command_;
  Diagnostics talk_;
  FailureReports failures_{
      [this](const std::string& message) { talk_.report(message); }};
  std::unique_ptr<CsvIndex> csv_;
  std::unique_ptr<Sink> sink_;
  EarlierRecords earlier_{command_.run.stages};
  std::atomic<bool> is_stopped_{false};  // nothing more can be written
  bool is_interrupted_ = false;
  RunStats stats_;
};

}  // namespace

ExitCode run_command(const ExtractCommand& command) {
  keep_freed_memory();
  return ExtractRun(command).run();
}

}  // namespace sdmeta
