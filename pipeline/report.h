// Where the library says what a person should know: one call, one message
// without line end, never from two threads at once. The command line prints
// them to stderr.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "extractor/error.h"
#include "pipeline/record.h"

namespace sdmeta {

using Report = std::function<void(const std::string& message)>;

/// An error whose detail begins with "place: ", in the order of messages:
/// "place: code: detail".
std::string to_message(const Error& error);

/// Of a record with an error: "place: status: code: detail", where a code that
/// is the status's name is not said again.
std::string to_message(const Record& record);

/// Messages of one kind that are handed to a report; the others are counted.
inline constexpr std::uint64_t kMaxReports = 20;

/// Hands the first failures of inputs to a report.
class FailureReports {
 public:
  explicit FailureReports(Report report) : report_(std::move(report)) {}

  void add(const std::string& message) {
    if (!early_.contains(message)) add_new(message);
  }
  /// What can be told before its turn comes; add() does not say it again.
  void add_early(const std::string& message) {
    if (count_ < kMaxReports && early_.insert(message).second) add_new(message);
  }
  /// Says how many more there were.
  void finish();

 private:
  void add_new(const std::string& message) {
    if (++count_ <= kMaxReports) report_(message);
  }

  Report report_;
  std::set<std::string> early_;
  std::uint64_t count_ = 0;
};

/// Hands the first bad lines of each file to a report; the others are counted
/// only, because a file of another kind is nothing but bad lines.
class BadLineReports {
 public:
  explicit BadLineReports(const Report& report) : report_(report) {}

  /// The next file's lines follow.
  void start_file() { of_file_ = 0; }
  /// `line`: gives the number of the line; called only if needed.
  template <class Line>
  void add(const std::string& path, const Error& error, Line&& line) {
    if (++of_file_ <= kMaxReports)
      describe(path, line(), error);
    else if (of_file_ == kMaxReports + 1)
      say_there_are_more(path, error);
  }

  /// Hands on one line, whatever came before it.
  void describe(const std::string& path, std::uint64_t line,
                const Error& error);

 private:
  void say_there_are_more(const std::string& path, const Error& error);

  const Report& report_;
  std::uint64_t of_file_ = 0;
};

/// `count` and `noun`, which gets an s unless `count` is 1: "1 row", "2 rows".
std::string counted(std::uint64_t count, std::string_view noun);

/// Appends ", `count``what`" to a summary, unless `count` is 0.
void append_count(std::string& summary, std::uint64_t count,
                  std::string_view what);
/// The same with counted() and `what` behind it.
void append_counted(std::string& summary, std::uint64_t count,
                    std::string_view noun, std::string_view what = "");

}  // namespace sdmeta
