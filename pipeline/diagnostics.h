// The talk on standard error: messages, progress and the summary. Nothing else
// in the project prints there.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/error.h"
#include "pipeline/job.h"
#include "pipeline/stats.h"

namespace sdmeta {

enum class ProgressMode : std::uint8_t { kAuto, kAlways, kNever };

/// Records by what people want to know of them.
struct Outcome {
  std::uint64_t ok = 0;
  std::uint64_t without_metadata = 0;  // no_metadata, unrecognized
  std::uint64_t failed = 0;            // every other status
};
Outcome outcome_of(const Tally& tally);

/// One thread at a time.
class Diagnostics {
 public:
  using Clock = std::chrono::steady_clock;

  /// Progress is drawn if `mode` says so or, with kAuto, on a terminal; `quiet`
  /// leaves only messages.
  Diagnostics(ProgressMode mode, bool quiet);

  /// "sdmeta: place: code: detail", as one line.
  void report(std::string_view place, const Error& error);
  /// "sdmeta: text".
  void report(std::string_view text);
  /// Our own text of some lines, as it is.
  void print(std::string_view text);

  /// True once the number of inputs is worth counting for the progress line.
  bool shows_progress() const { return shows_progress_; }
  /// Redraws the progress line, at most a few times a second. `total` is the
  /// number of inputs, if it is known.
  void progress(const Tally& tally, std::optional<std::uint64_t> total);
  /// The last line of a run.
  void summary(const RunStats& stats);

  /// Since construction.
  double seconds() const;

 private:
  void clear_progress();

  bool shows_progress_;
  bool is_quiet_;
  bool is_line_drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_draw_ = start_;
};

}  // namespace sdmeta
