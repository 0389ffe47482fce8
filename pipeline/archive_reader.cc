#include "pipeline/archive_reader.h"

#include <utility>

namespace sdmeta {

std::vector<std::uint8_t> ArchiveReader::read_member(std::uint64_t,
                                                     std::optional<Error>&) {
  return {};
}

Error link_error(bool is_hard, std::string_view target) {
  std::string detail =
      is_hard ? "is a hard link to the member " : "is a link to ";
  return {ErrorCode::kUnreadable, detail.append(target)};
}

Error archive_broken(std::string detail, std::optional<std::uint64_t> offset) {
  return {ErrorCode::kArchiveBroken, std::move(detail), offset};
}

}  // namespace sdmeta
