#include "pipeline/record.h"

#include <algorithm>

namespace sdmeta {

std::string_view status_name(Status status) noexcept {
  switch (status) {
    case Status::kOk: return "ok";
    case Status::kNoMetadata: return "no_metadata";
    case Status::kUnrecognized: return "unrecognized";
    case Status::kMalformed: return "malformed";
    case Status::kTruncated: return "truncated";
    case Status::kCorrupt: return "corrupt";
    case Status::kNotAnImage: return "not_an_image";
    case Status::kUnsupportedFormat: return "unsupported_format";
    case Status::kUnreadable: return "unreadable";
  }
  return "";
}

RecordedAs recorded_as(Status status, bool is_damaged) noexcept {
  if (status == Status::kUnreadable) return RecordedAs::kUnreadable;
  return is_failure(status) || is_damaged ? RecordedAs::kFailed
                                          : RecordedAs::kSound;
}

bool is_damaged(const Record& record) noexcept {
  return !is_failure(record.status) &&
         std::any_of(record.warnings.begin(), record.warnings.end(),
                     [](const Error& warning) {
                       return std::ranges::count(kDamageCodes, warning.code) >
                              0;
                     });
}

}  // namespace sdmeta
