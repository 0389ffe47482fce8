#include "pipeline/tar_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace sdmeta {
namespace {

constexpr std::uint64_t kBlock = 512;
/// GNU tar pads to 10 KiB and at most to its blocking factor; behind more zeros
/// than this nothing is looked for.
constexpr std::uint64_t kMaxPadding = 1 << 20;
/// Long names and pax headers; names longer than PATH_MAX cannot be made from
/// files.
constexpr std::uint64_t kMaxExtensionBytes = 1 << 20;
constexpr std::uint64_t kMaxOffset = std::numeric_limits<std::int64_t>::max();

/// A field of the header block, up to its first NUL.
std::string_view text_field(std::span<const std::uint8_t> block,
                            std::size_t offset, std::size_t length) noexcept {
  const std::string_view field(
      reinterpret_cast<const char*>(block.data()) + offset, length);
  return field.substr(0, field.find('\0'));
}

/// Octal digits between spaces and NULs, or GNU's base 256. nullopt for
/// anything else, negative numbers and numbers no file is as large as.
std::optional<std::uint64_t> number_field(std::span<const std::uint8_t> block,
                                          std::size_t offset,
                                          std::size_t length) noexcept {
  const std::span<const std::uint8_t> field = block.subspan(offset, length);
  std::uint64_t value = 0;
  if ((field[0] & 0x80) != 0) {
    if ((field[0] & 0x7F) != 0) return std::nullopt;
    for (const std::uint8_t byte : field.subspan(1)) {
      if (value > kMaxOffset >> 8) return std::nullopt;
      value = value << 8 | byte;
    }
    return value;
  }
  std::size_t at = 0;
  while (at < length && (field[at] == ' ' || field[at] == 0)) ++at;
  for (; at < length && field[at] != ' ' && field[at] != 0; ++at) {
    if (field[at] < '0' || field[at] > '7') return std::nullopt;
    value = value << 3 | (field[at] - static_cast<std::uint64_t>('0'));
  }
  return value;  // 12 digits of 3 bits cannot overflow
}

bool is_zero(std::span<const std::uint8_t> block) noexcept {
  return std::all_of(block.begin(), block.end(),
                     [](std::uint8_t byte) { return byte == 0; });
}

std::optional<std::uint64_t> decimal(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() ||
      value > kMaxOffset)
    return std::nullopt;
  return value;
}

std::uint64_t padded(std::uint64_t size) noexcept {
  return (size + kBlock - 1) / kBlock * kBlock;
}

}  // namespace

bool is_tar_header(std::span<const std::uint8_t> head) noexcept {
  if (head.size() < kBlock) return false;
  constexpr std::size_t kChecksum = 148;
  const std::optional<std::uint64_t> stated = number_field(head, kChecksum, 8);
  if (!stated || is_zero(head.first(kBlock))) return false;
  // Some old tars summed signed characters.
  std::int64_t unsigned_sum = 0;
  std::int64_t signed_sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool is_checksum = i >= kChecksum && i < kChecksum + 8;
    const std::uint8_t byte = is_checksum ? ' ' : head[i];
    unsigned_sum += byte;
    signed_sum += static_cast<std::int8_t>(byte);
  }
  const std::int64_t expected = static_cast<std::int64_t>(*stated);
  return expected == unsigned_sum || expected == signed_sum;
}

bool is_tar(std::span<const std::uint8_t> head) noexcept {
  return is_tar_header(head) ||
         (head.size() >= kBlock && is_zero(head.first(kBlock)));
}

/// What the headers in front of a member say about it.
struct TarReader::Extension {
  std::optional<std::uint64_t> start;  // of the first of them
  std::optional<std::string> name;
  std::optional<std::uint64_t> size;         // stored bytes
  std::optional<std::uint64_t> sparse_size;  // bytes with the holes
  bool is_sparse = false;
};

struct TarReader::Header {
  std::uint64_t offset = 0;
  std::uint64_t data = 0;  // where it begins
  std::uint64_t size = 0;  // bytes of data
  char type = 0;           // of the typeflag field
  std::string name;
  std::string link_target;

  std::uint64_t end() const noexcept { return data + padded(size); }
  bool is_about_next() const noexcept {
    return type == 'L' || type == 'x' || type == 'X';
  }
};

TarReader::TarReader(std::unique_ptr<ByteSource> source)
    : source_(std::move(source)), window_(*source_) {}

void TarReader::fail(std::string detail) {
  is_done_ = true;
  if (window_.error())
    damage_ = archive_broken("read: " + window_.error()->detail, position_);
  else
    damage_ = archive_broken(std::move(detail), position_);
}

/// Notes what is wrong with the header at `header`, and moves on to the first
/// block from `next` that is one. No byte in front of `next` is read again, so
/// the work is linear.
void TarReader::pass_damage(std::string detail, std::uint64_t header,
                            std::uint64_t next) {
  damage_ = archive_broken(std::move(detail), header);
  std::span<const std::uint8_t> block;
  for (position_ = next;; position_ += kBlock) {
    block = window_.at(position_, kBlock);
    if (block.size() < kBlock || is_tar_header(block)) break;
  }
  is_done_ = block.size() < kBlock;
  if (window_.error()) fail({});
}

/// Two zero blocks end an archive; another may have been joined to it. Returns
/// true with position_ at its first header.
bool TarReader::pass_end_mark() {
  const std::uint64_t limit = position_ + kMaxPadding;
  while (position_ < limit) {
    const std::span<const std::uint8_t> block = window_.at(position_, kBlock);
    if (block.size() < kBlock) return false;
    if (!is_zero(block)) return is_tar_header(block);
    position_ += kBlock;
  }
  return false;
}

/// Old GNU sparse members continue their map in blocks between header and data.
std::optional<std::uint64_t> TarReader::end_of_sparse_map(
    std::uint64_t header) {
  constexpr std::size_t kIsExtendedInHeader = 482;
  constexpr std::size_t kIsExtendedInMap = 504;
  std::uint64_t at = header;
  std::size_t flag = kIsExtendedInHeader;
  while (true) {
    const std::span<const std::uint8_t> block = window_.at(at, kBlock);
    if (block.size() < kBlock) return std::nullopt;
    at += kBlock;
    if (block[flag] == 0) return at;
    flag = kIsExtendedInMap;
  }
}

/// Long names ('L') and pax records ('x'), whose data begins at position_; at
/// most kMaxExtensionBytes. False if they make no sense.
bool TarReader::read_extension(char type, std::uint64_t size,
                               Extension& extension) {
  const std::span<const std::uint8_t> bytes =
      window_.at(position_, static_cast<std::size_t>(size));
  if (bytes.size() < size) return false;
  std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                        bytes.size());
  if (type == 'L') {
    extension.name = std::string(text.substr(0, text.find('\0')));
    return true;
  }
  // "27 path=a/name/of/a/file\n": the number counts the whole record.
  while (!text.empty() && text[0] != '\0') {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return false;
    const std::optional<std::uint64_t> length = decimal(text.substr(0, space));
    if (!length || *length < space + 2 || *length > text.size()) return false;
    const std::string_view record =
        text.substr(space + 1, static_cast<std::size_t>(*length) - space - 2);
    text.remove_prefix(static_cast<std::size_t>(*length));
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = record.substr(0, equals);
    const std::string_view value = record.substr(equals + 1);
    if (key == "path" || key == "GNU.sparse.name") {
      if (key != "path" || !extension.is_sparse) extension.name = value;
    } else if (key == "size") {
      extension.size = decimal(value);
      if (!extension.size) return false;
    } else if (key == "GNU.sparse.realsize" || key == "GNU.sparse.size") {
      extension.sparse_size = decimal(value);
    }
    if (key.starts_with("GNU.sparse.")) extension.is_sparse = true;
  }
  return true;
}

/// The header at position_, with the size that `extension` gives. nullopt if it
/// is damaged: position_ is then at the next one, or the archive is done.
std::optional<TarReader::Header> TarReader::read_header(Extension& extension) {
  const std::span<const std::uint8_t> block = window_.at(position_, kBlock);
  Header header;
  header.offset = position_;
  header.data = position_ + kBlock;
  const auto pass = [&](const char* damage) {
    pass_damage(damage, header.offset, header.data);
    return std::nullopt;
  };
  if (!is_tar_header(block)) return pass("header with a wrong checksum");
  header.type = static_cast<char>(block[156]);
  const std::optional<std::uint64_t> size = number_field(block, 124, 12);
  if (!size) return pass("header with an impossible size");
  header.size = *size;
  header.name = text_field(block, 0, 100);
  const bool is_posix = text_field(block, 257, 6) == "ustar" && block[262] == 0;
  const std::string_view prefix = text_field(block, 345, 155);
  if (is_posix && !prefix.empty())
    header.name = std::string(prefix).append("/").append(header.name);
  header.link_target = text_field(block, 157, 100);
  if (header.type == 'S') {
    extension.is_sparse = true;
    extension.sparse_size = number_field(block, 483, 12);
    const std::optional<std::uint64_t> end = end_of_sparse_map(header.offset);
    if (!end) {
      fail("ends inside a sparse map");
      return std::nullopt;
    }
    header.data = *end;
  }
  if (!header.is_about_next() && extension.size) header.size = *extension.size;
  // Links and devices have no data, whatever size they state.
  if (header.type >= '1' && header.type <= '6') header.size = 0;
  if (header.size > kMaxOffset - header.data - kBlock)
    return pass("header with an impossible size");
  return header;
}

/// The next header that is sound; behind a damaged one and an end mark nothing
/// is left of `extension`. nullopt at the end of the archive.
std::optional<TarReader::Header> TarReader::next_header(Extension& extension) {
  while (!is_done_) {
    const std::span<const std::uint8_t> block = window_.at(position_, kBlock);
    if (block.size() < kBlock) {
      // Without the end mark nobody knows whether members are missing.
      fail(block.empty() ? "ends without an end mark" : "ends inside a header");
    } else if (!is_zero(block)) {
      if (std::optional<Header> header = read_header(extension)) return header;
      extension = {};
    } else if (pass_end_mark()) {
      extension = {};
    } else {
      is_done_ = true;
      if (window_.error()) fail({});
    }
  }
  return std::nullopt;
}

/// Notes in `extension` what a header says of the next one, and moves on.
void TarReader::read_about_next(const Header& header, Extension& extension) {
  const bool is_readable = header.size <= kMaxExtensionBytes &&
                           header.end() <= window_.source_size();
  if (!extension.start) extension.start = header.offset;
  position_ = header.data;
  if (is_readable && read_extension(header.type, header.size, extension)) {
    position_ = header.end();
    return;
  }
  extension = {};
  pass_damage("extended header that cannot be read", header.offset,
              is_readable ? header.end() : header.data);
}

/// The member behind a header; nullopt for folders, devices and the like.
std::optional<Member> TarReader::member_of(const Header& header,
                                           const Extension& about) {
  Member member{about.name.value_or(header.name), std::nullopt, std::nullopt,
                std::nullopt};
  const char type = header.type;
  if (type == '1' || type == '2') {
    member.error = link_error(type == '1', header.link_target);
    member.error->offset = header.offset;
    return member;
  }
  const bool is_file =
      type == '0' || type == '\0' || type == '7' || type == 'S';
  if (!is_file || member.name.ends_with('/')) return std::nullopt;

  member.size = about.is_sparse ? about.sparse_size : header.size;
  const std::uint64_t start =
      about.is_sparse ? about.start.value_or(header.offset) : header.data;
  const std::uint64_t available =
      std::max(window_.source_size(), start) - start;
  const std::uint64_t needed = header.data + header.size - start;
  // libarchive wants the padding of what it unpacks.
  const std::uint64_t wanted = about.is_sparse ? header.end() - start : needed;
  member.range = FileRange{
      start, std::min(wanted, available),
      about.is_sparse ? Packing::kForeign : Packing::kStored, nullptr};
  if (member.range->length < needed) {
    // What is there of the member may hold its text; the break comes next.
    position_ = header.offset;
    fail("ends inside the member " + member.name + ", which has " +
         std::to_string(header.size) + " bytes");
  }
  return member;
}

std::optional<Member> TarReader::next() {
  Extension extension;
  while (const std::optional<Header> header = next_header(extension)) {
    if (header->is_about_next()) {
      read_about_next(*header, extension);
      continue;
    }
    position_ = header->end();
    // Of the target of a link, and defaults for all members.
    if (header->type == 'K' || header->type == 'g') continue;
    const Extension about = std::exchange(extension, {});
    if (std::optional<Member> member = member_of(*header, about)) return member;
  }
  return std::nullopt;
}

}  // namespace sdmeta
