#include "pipeline/report.h"

namespace sdmeta {

std::string to_message(const Error& error) {
  const std::size_t end = error.detail.find(": ");
  if (end == std::string::npos) return to_text(error);
  std::string message = error.detail.substr(0, end + 2);
  message.append(error_name(error.code));
  return message.append(": ").append(error.detail, end + 2);
}

void append_count(std::string& summary, std::uint64_t count,
                  std::string_view what) {
  if (count != 0)
    summary.append(", ").append(std::to_string(count)).append(what);
}

}  // namespace sdmeta
