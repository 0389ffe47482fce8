// One interface for the kinds of archive: members one after the other, with the
// place of their bytes, or the bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/byte_source.h"
#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/job.h"

namespace sdmeta {

struct Member {
  std::string name;  // as stored: any bytes, absolute and ".." among them
  std::optional<std::uint64_t> size;  // bytes, as declared
  /// Where it stands, relative to the reader's source, which ends no earlier;
  /// `archive` is not set. Absent if the bytes come from read_member().
  std::optional<FileRange> range;
  std::optional<Error> error;  // a member that cannot be read
};

class ArchiveReader {
 public:
  virtual ~ArchiveReader() = default;

  /// The next member that is a file or a link; folders and the like are passed
  /// over. nullopt at the end and at a break.
  virtual std::optional<Member> next() = 0;

  /// Bytes of the member that next() returned last, at most `limit`, and no
  /// more than the head of what is no image; `error` says why there are fewer.
  /// Called once or not at all, and only for members without range.
  virtual std::vector<std::uint8_t> read_member(std::uint64_t limit,
                                                std::optional<Error>& error);

  /// After next() gave nullopt: why there may have been more.
  virtual const std::optional<Error>& damage() const noexcept = 0;
};

/// kUnreadable: of a member that holds nothing but the name of another file.
Error link_error(bool is_hard, std::string_view target);

/// kArchiveBroken. `offset` is in bytes from the start of the archive.
Error archive_broken(std::string detail,
                     std::optional<std::uint64_t> offset = std::nullopt);

}  // namespace sdmeta
