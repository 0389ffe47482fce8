#include "pipeline/zip_reader.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/foreign_reader.h"
#include "pipeline/inflate_source.h"
#include "pipeline/lzma_dictionary.h"

namespace sdmeta {
namespace {

// Signatures and lengths of APPNOTE 4.3.
constexpr std::uint32_t kLocalSignature = 0x04034b50;
constexpr std::uint32_t kEntrySignature = 0x02014b50;
constexpr std::uint32_t kEndSignature = 0x06054b50;
constexpr std::uint32_t kEnd64Signature = 0x06064b50;
constexpr std::uint32_t kLocator64Signature = 0x07064b50;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kEntryBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocator64Bytes = 20;
constexpr std::size_t kMaxCommentBytes = 65535;

constexpr std::uint16_t kMethodStored = 0;
constexpr std::uint16_t kMethodDeflated = 8;
constexpr std::uint16_t kMethodLzma = 14;
constexpr std::uint16_t kFlagEncrypted = 1;

std::uint64_t little(std::span<const std::uint8_t> bytes, std::size_t offset,
                     std::size_t length) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = length; i > 0; --i)
    value = value << 8 | bytes[offset + i - 1];
  return value;
}
std::uint16_t u16(std::span<const std::uint8_t> bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(little(bytes, offset, 2));
}
std::uint32_t u32(std::span<const std::uint8_t> bytes, std::size_t offset) {
  return static_cast<std::uint32_t>(little(bytes, offset, 4));
}
std::uint64_t u64(std::span<const std::uint8_t> bytes, std::size_t offset) {
  return little(bytes, offset, 8);
}

/// Replaces what 32 bits could not hold by the zip64 extra field's values, in
/// the order APPNOTE 4.5.3 gives.
void apply_zip64(std::span<const std::uint8_t> extra, std::uint64_t& size,
                 std::uint64_t& packed, std::uint64_t& offset) noexcept {
  constexpr std::uint16_t kZip64Id = 1;
  constexpr std::uint32_t kInZip64 = 0xffffffff;
  while (extra.size() >= 4) {
    const std::uint16_t id = u16(extra, 0);
    const std::size_t length = u16(extra, 2);
    if (length > extra.size() - 4) return;
    std::span<const std::uint8_t> field = extra.subspan(4, length);
    if (id == kZip64Id) {
      for (std::uint64_t* value : {&size, &packed, &offset}) {
        if (*value != kInZip64 || field.size() < 8) continue;
        *value = u64(field, 0);
        field = field.subspan(8);
      }
    }
    extra = extra.subspan(4 + length);
  }
}

struct LocalHeader {
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint64_t data = 0;  // offset of the member's bytes
};

Result<LocalHeader> read_local_header(ByteSource& archive,
                                      std::uint64_t offset) {
  std::uint8_t bytes[kLocalBytes];
  const Result<std::size_t> got = archive.read_at(offset, bytes);
  if (!got) return got.error();
  if (*got < kLocalBytes || u32(bytes, 0) != kLocalSignature)
    return Error{ErrorCode::kCorrupt, "no local header at the member's place",
                 offset};
  return LocalHeader{u16(bytes, 6), u16(bytes, 8),
                     offset + kLocalBytes + u16(bytes, 26) + u16(bytes, 28)};
}

Error no_directory(std::string detail) {
  return archive_broken(std::move(detail));
}

}  // namespace

Result<ZipReader::Directory> ZipReader::find_directory(ByteSource& source) {
  const std::uint64_t total = source.size();
  const std::uint64_t tail_bytes =
      std::min<std::uint64_t>(total, kEndBytes + kMaxCommentBytes);
  std::vector<std::uint8_t> tail(static_cast<std::size_t>(tail_bytes));
  const Result<std::size_t> got = source.read_at(total - tail_bytes, tail);
  if (!got) return got.error();
  if (*got < kEndBytes) return no_directory("no central directory");
  tail.resize(*got);
  const std::uint64_t tail_start = total - tail_bytes;

  // The last end record whose comment fits; comments may quote a signature.
  std::size_t at = tail.size() - kEndBytes + 1;
  do {
    if (at == 0) return no_directory("no central directory");
    --at;
  } while (u32(tail, at) != kEndSignature ||
           u16(tail, at + 20) > tail.size() - at - kEndBytes);

  Directory directory;
  directory.entries = u16(tail, at + 10);
  directory.length = u32(tail, at + 12);
  std::uint64_t offset = u32(tail, at + 16);
  std::uint64_t end = tail_start + at;  // where the directory must end
  if (at >= kLocator64Bytes &&
      u32(tail, at - kLocator64Bytes) == kLocator64Signature) {
    // The locator's offset does not know about bytes put in front of the
    // archive, so the place right before the locator is tried as well.
    const std::uint64_t locator = end - kLocator64Bytes;
    const std::uint64_t stated = u64(tail, at - kLocator64Bytes + 8);
    for (const std::uint64_t place :
         {stated, locator >= kEnd64Bytes ? locator - kEnd64Bytes : stated}) {
      std::uint8_t record[kEnd64Bytes];
      const Result<std::size_t> read = source.read_at(place, record);
      if (!read) return read.error();
      if (*read < kEnd64Bytes || u32(record, 0) != kEnd64Signature) continue;
      directory.entries = u64(record, 32);
      directory.length = u64(record, 40);
      offset = u64(record, 48);
      end = place;
      break;
    }
  }
  if (directory.length > end) return no_directory("impossible directory size");
  directory.offset = end - directory.length;
  if (offset > directory.offset) {
    // Something stands between directory and end record; believe the offset.
    if (offset > end) return no_directory("impossible directory offset");
    directory.offset = end;
  }
  directory.shift = directory.offset - offset;
  for (const std::uint64_t shift : {directory.shift, std::uint64_t{0}}) {
    std::uint8_t signature[4];
    const Result<std::size_t> read = source.read_at(offset + shift, signature);
    if (!read) return read.error();
    if (directory.entries != 0 &&
        (*read < 4 || u32(signature, 0) != kEntrySignature))
      continue;
    directory.shift = shift;
    directory.offset = offset + shift;
    return directory;
  }
  return no_directory("no central directory where the end record says");
}

Result<std::unique_ptr<ZipReader>> ZipReader::open(
    std::unique_ptr<ByteSource>& source) {
  const Result<Directory> directory = find_directory(*source);
  if (!directory) return directory.error();
  return std::unique_ptr<ZipReader>(
      new ZipReader(std::move(source), *directory));
}

ZipReader::ZipReader(std::unique_ptr<ByteSource> source, Directory directory)
    : source_(std::move(source)),
      window_(*source_),
      directory_(directory),
      position_(directory.offset) {}

std::optional<Member> ZipReader::fail(std::string detail) {
  is_done_ = true;
  if (window_.error()) detail = "read: " + window_.error()->detail;
  damage_ = archive_broken(std::move(detail), position_);
  return std::nullopt;
}

std::optional<Member> ZipReader::next() {
  while (!is_done_) {
    const std::span<const std::uint8_t> entry =
        window_.at(position_, kEntryBytes);
    if (entry.size() < kEntryBytes || u32(entry, 0) != kEntrySignature) {
      // The number of entries is kept modulo 65536 where there is no zip64.
      if ((entries_ & 0xffff) != (directory_.entries & 0xffff) ||
          window_.error())
        return fail("central directory ends after " + std::to_string(entries_) +
                    " of " + std::to_string(directory_.entries) + " members");
      is_done_ = true;
      break;
    }
    const std::uint16_t flags = u16(entry, 8);
    std::uint64_t packed = u32(entry, 20);
    std::uint64_t size = u32(entry, 24);
    const std::size_t name_length = u16(entry, 28);
    const std::size_t extra_length = u16(entry, 30);
    const std::size_t comment_length = u16(entry, 32);
    const std::uint32_t attributes = u32(entry, 38);
    const bool is_unix = entry[5] == 3;
    std::uint64_t offset = u32(entry, 42);

    const std::span<const std::uint8_t> rest =
        window_.at(position_ + kEntryBytes, name_length + extra_length);
    if (rest.size() < name_length + extra_length)
      return fail("central directory ends inside an entry");
    std::string name(reinterpret_cast<const char*>(rest.data()), name_length);
    apply_zip64(rest.subspan(name_length), size, packed, offset);
    position_ += kEntryBytes + name_length + extra_length + comment_length;
    ++entries_;

    constexpr std::uint32_t kTypeMask = 0170000;
    constexpr std::uint32_t kTypeLink = 0120000;
    const bool is_link =
        is_unix && ((attributes >> 16) & kTypeMask) == kTypeLink;
    if (name.ends_with('/')) continue;

    Member member{std::move(name), size, std::nullopt, std::nullopt};
    const std::uint64_t total = window_.source_size();
    offset += directory_.shift;
    // Members that overlap claim more bytes than there are before the
    // directory: the mark of a zip bomb (D. Fifield, "A better zip bomb",
    // 2019), and of no honest writer.
    claimed_bytes_ += std::min(packed, total) + kLocalBytes + name_length;
    if (is_link)
      member.error = Error{ErrorCode::kUnreadable, "is a link"};
    else if ((flags & kFlagEncrypted) != 0)
      member.error = Error{ErrorCode::kEncrypted, "member is encrypted"};
    else if (offset >= total)
      member.error = Error{ErrorCode::kCorrupt,
                           "member begins behind the end of the archive"};
    else if (claimed_bytes_ > directory_.offset)
      member.error = Error{ErrorCode::kCorrupt, "members overlap"};
    else
      member.range = FileRange{offset, std::min(packed, total - offset),
                               Packing::kZip, nullptr};
    return member;
  }
  return std::nullopt;
}

Result<std::unique_ptr<ByteSource>> open_zip_member(const ArchiveFile& archive,
                                                    const FileRange& range,
                                                    std::uint64_t size,
                                                    const Limits& limits) {
  FileSource whole(archive.fd(), 0, archive.size());
  const Result<LocalHeader> local = read_local_header(whole, range.offset);
  if (!local) return local.error();
  if ((local->flags & kFlagEncrypted) != 0)
    return Error{ErrorCode::kEncrypted, "member is encrypted"};
  const std::uint64_t available =
      std::max(archive.size(), local->data) - local->data;
  auto packed = std::make_unique<FileSource>(archive.fd(), local->data,
                                             std::min(range.length, available));
  if (local->method == kMethodStored)
    return std::unique_ptr<ByteSource>(std::move(packed));
  if (local->method == kMethodDeflated)
    return make_inflate_source(
        std::move(packed), size,
        {limits.max_member_bytes, limits.max_inflated_bytes});
  if (local->method == kMethodLzma)
    if (std::optional<Error> error = check_zip_dictionary(*packed, limits))
      return *error;
  // bzip2, LZMA, Zstandard, ...: for libarchive, from the local header on.
  return unpack_one_member(
      std::make_unique<FileSource>(archive.fd(), range.offset,
                                   archive.size() - range.offset),
      limits);
}

std::optional<FileRange> stored_zip_member(const ArchiveFile& archive,
                                           const FileRange& range) {
  FileSource whole(archive.fd(), 0, archive.size());
  const Result<LocalHeader> local = read_local_header(whole, range.offset);
  if (!local || local->method != kMethodStored || local->flags & kFlagEncrypted)
    return std::nullopt;
  const std::uint64_t available =
      std::max(archive.size(), local->data) - local->data;
  return FileRange{local->data, std::min(range.length, available),
                   Packing::kStored, range.archive};
}

}  // namespace sdmeta
