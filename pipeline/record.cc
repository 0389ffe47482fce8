#include "pipeline/record.h"

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

}  // namespace sdmeta
