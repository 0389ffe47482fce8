#include "pipeline/report.h"

namespace sdmeta {

std::string to_message(const Error& error) {
  const std::size_t end = error.detail.find(": ");
  if (end == std::string::npos) return to_text(error);
  std::string message = error.detail.substr(0, end + 2);
  message.append(error_name(error.code));
  return message.append(": ").append(error.detail, end + 2);
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
