#include "extractor/error.h"

namespace sdmeta {

std::string_view error_name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kTruncated: return "truncated";
    case ErrorCode::kCorrupt: return "corrupt";
    case ErrorCode::kNotAnImage: return "not_an_image";
    case ErrorCode::kUnsupportedFormat: return "unsupported_format";
    case ErrorCode::kUnreadable: return "unreadable";
    case ErrorCode::kBadChecksum: return "bad_checksum";
    case ErrorCode::kFieldTooLarge: return "field_too_large";
    case ErrorCode::kTooManyFields: return "too_many_fields";
    case ErrorCode::kBadText: return "bad_text";
    case ErrorCode::kBadCompression: return "bad_compression";
    case ErrorCode::kBadExif: return "bad_exif";
    case ErrorCode::kBadXmp: return "bad_xmp";
    case ErrorCode::kIrregular: return "irregular";
    case ErrorCode::kMalformed: return "malformed";
    case ErrorCode::kJsonRepaired: return "json_repaired";
    case ErrorCode::kLowConfidence: return "low_confidence";
    case ErrorCode::kGraphTooLarge: return "graph_too_large";
    case ErrorCode::kBadNumber: return "bad_number";
    case ErrorCode::kC2pa: return "c2pa";
    case ErrorCode::kMidjourney: return "midjourney";
    case ErrorCode::kPhoto: return "photo";
    case ErrorCode::kProvenance: return "provenance";
    case ErrorCode::kAnimated: return "animated";
    case ErrorCode::kArchiveBroken: return "archive_broken";
    case ErrorCode::kEncrypted: return "encrypted";
    case ErrorCode::kMemberTooLarge: return "member_too_large";
    case ErrorCode::kBadRow: return "bad_row";
    case ErrorCode::kMissingColumn: return "missing_column";
    case ErrorCode::kDuplicateRow: return "duplicate_row";
    case ErrorCode::kAmbiguousMatch: return "ambiguous_match";
    case ErrorCode::kUnwritable: return "unwritable";
  }
  return "unknown";
}

std::string to_text(const Error& error) {
  std::string text(error_name(error.code));
  if (!error.detail.empty()) text.append(": ").append(error.detail);
  return text;
}

}  // namespace sdmeta
