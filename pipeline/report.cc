#include "pipeline/report.h"

namespace sdmeta {

std::string to_message(const Error& error) {
  const std::size_t end = error.detail.find(": ");
  if (end == std::string::npos) return to_text(error);
  std::string message = error.detail.substr(0, end + 2);
  message.append(error_name(error.code));
  return message.append(": ").append(error.detail, end + 2);
}

std::string to_message(const Record& record) {
  // A list on standard input.
  std::string message = record.file == "-" ? "standard input" : record.file;
  if (record.member) message.append("!/").append(*record.member);
  const std::string_view status = status_name(record.status);
  message.append(": ").append(status);
  if (!record.error) return message;
  if (error_name(record.error->code) != status)
    return message.append(": ").append(to_text(*record.error));
  if (!record.error->detail.empty())
    message.append(": ").append(record.error->detail);
  return message;
}

void FailureReports::finish() {
  if (count_ <= kMaxReports) return;
  report_(counted(count_ - kMaxReports, "more input") +
          " failed; the records say which and why");
}

void BadLineReports::describe(const std::string& path, std::uint64_t line,
                              const Error& error) {
  report_(path + ":" + std::to_string(line) + ": " + to_text(error));
}

void BadLineReports::say_there_are_more(const std::string& path,
                                        const Error& error) {
  report_(path + ": " + std::string(error_name(error.code)) +
          ": there are more of these, which are counted only");
}

std::string counted(std::uint64_t count, std::string_view noun) {
  std::string text = std::to_string(count);
  text.append(" ").append(noun);
  if (count != 1) text += 's';
  return text;
}

void append_count(std::string& summary, std::uint64_t count,
                  std::string_view what) {
  if (count != 0)
    summary.append(", ").append(std::to_string(count)).append(what);
}

void append_counted(std::string& summary, std::uint64_t count,
                    std::string_view noun, std::string_view what) {
  if (count != 0)
    summary.append(", ").append(counted(count, noun)).append(what);
}

}  // namespace sdmeta
