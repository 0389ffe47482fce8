#include "pipeline/zip_reader.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "extractor/byte_cursor.h"
#include "extractor/crc32.h"
#include "pipeline/foreign_reader.h"
#include "pipeline/inflate_source.h"
#include "pipeline/lossless_text.h"
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

std::uint64_t little(Bytes bytes, std::size_t offset, std::size_t length) {
  return ByteCursor(bytes, offset).number(length, ByteOrder::kLittle);
}
std::uint16_t u16(Bytes bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(little(bytes, offset, 2));
}
std::uint32_t u32(Bytes bytes, std::size_t offset) {
  return static_cast<std::uint32_t>(little(bytes, offset, 4));
}
std::uint64_t u64(Bytes bytes, std::size_t offset) {
  return little(bytes, offset, 8);
}

/// The first field of `extra` with this id; empty if there is none.
Bytes extra_field(Bytes extra, std::uint16_t id) noexcept {
  while (extra.size() >= 4) {
    const std::size_t length = u16(extra, 2);
    if (length > extra.size() - 4) break;
    if (u16(extra, 0) == id) return extra.subspan(4, length);
    extra = extra.subspan(4 + length);
  }
  return {};
}

/// Replaces what 32 bits could not hold by the zip64 extra field's values, in
/// the order APPNOTE 4.5.3 gives.
void apply_zip64(Bytes extra, std::uint64_t& size, std::uint64_t& packed,
                 std::uint64_t& offset) noexcept {
  constexpr std::uint16_t kZip64Id = 1;
  constexpr std::uint32_t kInZip64 = 0xffffffff;
  Bytes field = extra_field(extra, kZip64Id);
  for (std::uint64_t* value : {&size, &packed, &offset}) {
    if (*value != kInZip64 || field.size() < 8) continue;
    *value = u64(field, 0);
    field = field.subspan(8);
  }
}

/// The name in UTF-8 that WinRAR and Info-ZIP add to one in the charset of the
/// machine (APPNOTE 4.6.9). Programs that rename members leave it as it was.
std::string_view name_of_member(Bytes name, Bytes extra) noexcept {
  constexpr std::uint16_t kUnicodePathId = 0x7075;
  constexpr std::size_t kHeadBytes = 5;  // version, checksum of `name`
  const Bytes field = extra_field(extra, kUnicodePathId);
  if (field.size() <= kHeadBytes || field[0] != 1 ||
      u32(field, 1) != crc32_of(name) ||
      !is_utf8(as_text(field.subspan(kHeadBytes))))
    return as_text(name);
  return as_text(field.subspan(kHeadBytes));
}

/// Most writers end a folder's name with a slash. Some of Windows end it with
/// their own, or leave it to the attributes.
bool is_folder(std::string_view name, std::uint64_t size,
               std::uint32_t attributes, std::uint32_t unix_type) noexcept {
  constexpr std::uint32_t kDosFolder = 0x10;
  constexpr std::uint32_t kUnixFolder = 0040000;
  if (name.ends_with('/') || unix_type == kUnixFolder) return true;
  return size == 0 && (name.ends_with('\\') || (attributes & kDosFolder) != 0);
}

struct LocalHeader {
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint64_t data = 0;  // offset of the member's bytes

  bool is_encrypted() const noexcept { return (flags & kFlagEncrypted) != 0; }
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

/// What the end of the archive says of the central directory.
struct EndRecord {
  std::uint64_t entries = 0;
  std::uint64_t length = 0;  // of the directory
  std::uint64_t offset = 0;  // of the directory, as stated
  std::uint64_t end = 0;     // where the directory must end
};

/// Replaces what is in `record` by what zip64 says, where there is any.
/// `locator`: the bytes in front of the end record, where its locator stands.
std::optional<Error> read_zip64_end(ByteSource& source, Bytes locator,
                                    EndRecord& record) {
  if (locator.size() < kLocator64Bytes ||
      u32(locator, 0) != kLocator64Signature)
    return std::nullopt;
  // The locator's offset does not know about bytes put in front of the archive,
  // so the place right before the locator is tried as well.
  const std::uint64_t locator_at = record.end - kLocator64Bytes;
  const std::uint64_t stated = u64(locator, 8);
  for (const std::uint64_t place :
       {stated,
        locator_at >= kEnd64Bytes ? locator_at - kEnd64Bytes : stated}) {
    std::uint8_t bytes[kEnd64Bytes];
    const Result<std::size_t> got = source.read_at(place, bytes);
    if (!got) return got.error();
    if (*got < kEnd64Bytes || u32(bytes, 0) != kEnd64Signature) continue;
    record = {u64(bytes, 32), u64(bytes, 40), u64(bytes, 48), place};
    break;
  }
  return std::nullopt;
}

Result<EndRecord> read_end_record(ByteSource& source) {
  const std::uint64_t total = source.size();
  const std::uint64_t tail_bytes =
      std::min<std::uint64_t>(total, kEndBytes + kMaxCommentBytes);
  std::vector<std::uint8_t> tail(static_cast<std::size_t>(tail_bytes));
  const Result<std::size_t> got = source.read_at(total - tail_bytes, tail);
  if (!got) return got.error();
  if (*got < kEndBytes) return archive_broken("no central directory");
  tail.resize(*got);

  // The last end record whose comment fits; comments may quote a signature.
  std::size_t at = tail.size() - kEndBytes + 1;
  do {
    if (at == 0) return archive_broken("no central directory");
    --at;
  } while (u32(tail, at) != kEndSignature ||
           u16(tail, at + 20) > tail.size() - at - kEndBytes);

  EndRecord record{u16(tail, at + 10), u32(tail, at + 12), u32(tail, at + 16),
                   total - tail_bytes + at};
  const std::size_t before = std::min(at, kLocator64Bytes);
  if (std::optional<Error> error = read_zip64_end(
          source, Bytes(tail).subspan(at - before, before), record))
    return *error;
  return record;
}

}  // namespace

Result<ZipReader::Directory> ZipReader::find_directory(ByteSource& source) {
  const Result<EndRecord> record = read_end_record(source);
  if (!record) return record.error();
  if (record->length > record->end)
    return archive_broken("impossible directory size");
  Directory directory;
  directory.entries = record->entries;
  directory.length = record->length;
  directory.offset = record->end - record->length;
  if (record->offset > directory.offset) {
    // Something stands between directory and end record; believe the offset.
    if (record->offset > record->end)
      return archive_broken("impossible directory offset");
    directory.offset = record->end;
  }
  directory.shift = directory.offset - record->offset;
  for (const std::uint64_t shift : {directory.shift, std::uint64_t{0}}) {
    const std::uint64_t place = record->offset + shift;
    std::uint8_t signature[4];
    const Result<std::size_t> got = source.read_at(place, signature);
    if (!got) return got.error();
    if (directory.entries != 0 &&
        (*got < sizeof signature || u32(signature, 0) != kEntrySignature))
      continue;
    directory.shift = shift;
    directory.offset = place;
    return directory;
  }
  return archive_broken("no central directory where the end record says");
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

/// One entry of the central directory.
struct ZipReader::Entry {
  std::string name;
  std::uint64_t packed = 0;  // bytes
  std::uint64_t size = 0;    // bytes
  std::uint64_t offset = 0;  // of the local header, without `shift`
  bool is_encrypted = false;
  bool is_link = false;
  bool is_folder = false;
};

void ZipReader::fail(std::string detail) {
  is_done_ = true;
  if (window_.error()) detail = "read: " + window_.error()->detail;
  damage_ = archive_broken(std::move(detail), position_);
}

/// The entry at position_, which moves on; nothing at the end and at a break.
std::optional<ZipReader::Entry> ZipReader::read_entry() {
  const Bytes head = window_.at(position_, kEntryBytes);
  if (head.size() < kEntryBytes || u32(head, 0) != kEntrySignature) {
    is_done_ = true;
    // The number of entries is kept modulo 65536 where there is no zip64.
    if ((entries_ & 0xffff) != (directory_.entries & 0xffff) || window_.error())
      fail("central directory ends after " + std::to_string(entries_) + " of " +
           std::to_string(directory_.entries) + " members");
    return std::nullopt;
  }
  constexpr std::uint32_t kTypeMask = 0170000;
  constexpr std::uint32_t kTypeLink = 0120000;
  const bool is_unix = head[5] == 3;
  const std::uint32_t attributes = u32(head, 38);
  const std::uint32_t type = is_unix ? (attributes >> 16) & kTypeMask : 0;
  const std::size_t name_length = u16(head, 28);
  const std::size_t extra_length = u16(head, 30);
  const std::size_t comment_length = u16(head, 32);
  Entry entry;
  entry.is_encrypted = (u16(head, 8) & kFlagEncrypted) != 0;
  entry.is_link = type == kTypeLink;
  entry.packed = u32(head, 20);
  entry.size = u32(head, 24);
  entry.offset = u32(head, 42);

  const Bytes rest =
      window_.at(position_ + kEntryBytes, name_length + extra_length);
  if (rest.size() < name_length + extra_length) {
    fail("central directory ends inside an entry");
    return std::nullopt;
  }
  const Bytes extra = rest.subspan(name_length);
  entry.name = name_of_member(rest.first(name_length), extra);
  apply_zip64(extra, entry.size, entry.packed, entry.offset);
  entry.is_folder = is_folder(entry.name, entry.size, attributes, type);
  position_ += kEntryBytes + name_length + extra_length + comment_length;
  ++entries_;
  return entry;
}

Member ZipReader::member_of(Entry entry) {
  const std::uint64_t total = window_.source_size();
  const std::uint64_t offset = entry.offset + directory_.shift;
  // Members that overlap claim more bytes than there are before the directory:
  // the mark of a zip bomb (D. Fifield, "A better zip bomb", 2019), and of no
  // honest writer.
  claimed_bytes_ +=
      std::min(entry.packed, total) + kLocalBytes + entry.name.size();
  Member member{std::move(entry.name), entry.size, std::nullopt, std::nullopt};
  if (entry.is_link)
    member.error = Error{ErrorCode::kUnreadable, "is a link"};
  else if (entry.is_encrypted)
    member.error = Error{ErrorCode::kEncrypted, "member is encrypted"};
  else if (offset >= total)
    member.error = Error{ErrorCode::kCorrupt,
                         "member begins behind the end of the archive"};
  else if (claimed_bytes_ > directory_.offset)
    member.error = Error{ErrorCode::kCorrupt, "members overlap"};
  else
    member.range = FileRange{offset, std::min(entry.packed, total - offset),
                             Packing::kZip, nullptr};
  return member;
}

std::optional<Member> ZipReader::next() {
  while (!is_done_) {
    std::optional<Entry> entry = read_entry();
    if (entry && !entry->is_folder) return member_of(std::move(*entry));
  }
  return std::nullopt;
}

namespace {

/// Beside stored and deflated: bzip2, LZMA, Zstandard, xz, PPMd. Not among them
/// are deflate64, which Windows writes for files of more than 2 GB, and what
/// PKZIP 1 wrote.
bool is_unpacked_by_libarchive(std::uint16_t method) noexcept {
  return method == 12 || method == kMethodLzma || method == 93 ||
         method == 95 || method == 98;
}

/// A member's bytes as they stand behind its local header, packed or not.
FileRange data_behind(const LocalHeader& local, const ArchiveFile& archive,
                      const FileRange& range) {
  const std::uint64_t available =
      std::max(archive.size(), local.data) - local.data;
  return {local.data, std::min(range.length, available), Packing::kStored,
          range.archive};
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_zip_member(const ArchiveFile& archive,
                                                    const FileRange& range,
                                                    std::uint64_t size,
                                                    const Limits& limits) {
  FileSource whole(archive.fd(), 0, archive.size());
  const Result<LocalHeader> local = read_local_header(whole, range.offset);
  if (!local) return local.error();
  if (local->is_encrypted())
    return Error{ErrorCode::kEncrypted, "member is encrypted"};
  const FileRange data = data_behind(*local, archive, range);
  auto packed =
      std::make_unique<FileSource>(archive.fd(), data.offset, data.length);
  if (local->method == kMethodStored)
    return std::unique_ptr<ByteSource>(std::move(packed));
  if (local->method == kMethodDeflated)
    return make_inflate_source(
        std::move(packed), size,
        {limits.max_member_bytes, limits.max_inflated_bytes});
  if (!is_unpacked_by_libarchive(local->method))
    return Error{
        ErrorCode::kUnsupportedFormat,
        "compression method " + std::to_string(local->method) + " is not read",
        range.offset};
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
  if (!local || local->method != kMethodStored || local->is_encrypted())
    return std::nullopt;
  return data_behind(*local, archive, range);
}

}  // namespace sdmeta
