// Zip archives by their central directory (PKWARE APPNOTE 6.3.10): data is
// hopped over, and stored and deflated members are read in place.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "pipeline/archive_file.h"
#include "pipeline/archive_reader.h"
#include "pipeline/header_window.h"

namespace sdmeta {

class ZipReader final : public ArchiveReader {
 public:
  /// An error if there is no central directory: the archive was cut off, and
  /// only a reader that begins at the start can get at what is there.
  static Result<std::unique_ptr<ZipReader>> open(
      std::unique_ptr<ByteSource>& source);

  std::optional<Member> next() override;
  const std::optional<Error>& damage() const noexcept override {
    return damage_;
  }

 private:
  struct Directory {
    std::uint64_t offset = 0;  // of its first entry, from the source's start
    std::uint64_t length = 0;
    std::uint64_t entries = 0;
    std::uint64_t shift = 0;  // bytes in front of what offsets count from
  };

  struct Entry;

  ZipReader(std::unique_ptr<ByteSource> source, Directory directory);
  static Result<Directory> find_directory(ByteSource& source);
  std::optional<Entry> read_entry();
  Member member_of(Entry entry);
  void fail(std::string detail);

  std::unique_ptr<ByteSource> source_;
  HeaderWindow window_;
  Directory directory_;
  std::uint64_t position_;  // of the next entry
  std::uint64_t entries_ = 0;
  std::uint64_t claimed_bytes_ = 0;  // by members so far, headers included
  std::optional<Error> damage_;
  bool is_done_ = false;
};

/// The bytes of a zip member behind the local header at `range.offset` of
/// `archive`, which must stay open. `size` is that of the central directory.
/// Deflated data is inflated as far as it is read.
Result<std::unique_ptr<ByteSource>> open_zip_member(const ArchiveFile& archive,
                                                    const FileRange& range,
                                                    std::uint64_t size,
                                                    const Limits& limits);

/// The same member as a stored range, if it is stored.
std::optional<FileRange> stored_zip_member(const ArchiveFile& archive,
                                           const FileRange& range);

}  // namespace sdmeta
