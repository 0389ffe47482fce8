#include "pipeline/foreign_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "extractor/container.h"
#include "pipeline/archive_magic.h"
#include "pipeline/compress.h"
#include "pipeline/decompressor.h"
#include "pipeline/held_source.h"
#include "pipeline/lzma_dictionary.h"

namespace sdmeta {
namespace {

/// Held of a member that is neither image nor archive: enough to say what it
/// is.
constexpr std::size_t kHeadBytes = 64 << 10;
constexpr std::size_t kReadBytes = 256 << 10;
/// What a fault in zstd data costs at most, in front of it.
constexpr std::size_t kUnpackedBytes = 128 << 10;
/// Answers of libarchive that ask to be called again, before it is given up.
constexpr int kMaxRetries = 16;

/// libarchive converts names (7z has UTF-16) to the locale's charset, and the
/// program's own locale is "C", which has no room for them.
class Utf8Names {
 public:
  Utf8Names() noexcept
      : before_(
            ::uselocale(locale() != nullptr ? locale() : LC_GLOBAL_LOCALE)) {}
  ~Utf8Names() { ::uselocale(before_); }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  static locale_t locale() noexcept {
    static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return utf8;
  }
  locale_t before_;
};

Compression compression_of(ByteSource& source) {
  std::array<std::uint8_t, 512> buffer;
  const Result<std::size_t> got = source.read_at(0, buffer);
  return got ? compression_at(Bytes(buffer).first(*got)) : Compression::kNone;
}

class ForeignReader final : public ArchiveReader {
 public:
  ForeignReader(std::unique_ptr<ByteSource> source, const Limits& limits)
      : source_(std::move(source)),
        limits_(limits),
        archive_(::archive_read_new(), ::archive_read_free),
        buffer_(kReadBytes) {
    open();
  }

  std::optional<Member> next() override {
    if (is_done_) return std::nullopt;
    const Utf8Names scope;
    if (has_unread_data_) skip_data();
    la_int64_t passed = ::archive_filter_bytes(archive_.get(), 0);
    for (int retries = 0; !is_done_ && retries < kMaxRetries;) {
      archive_entry* entry = nullptr;
      switch (::archive_read_next_header(archive_.get(), &entry)) {
        case ARCHIVE_OK:
        case ARCHIVE_WARN: break;
        case ARCHIVE_EOF: is_done_ = true; return std::nullopt;
        case ARCHIVE_RETRY: {
          // A damaged header. The next call looks at the next block of a tar,
          // and so finds the members behind it.
          note_damage(message());
          const la_int64_t at = ::archive_filter_bytes(archive_.get(), 0);
          retries = at > passed ? 0 : retries + 1;
          count_unpacked(
              static_cast<std::uint64_t>(std::max(at, passed) - passed));
          passed = std::max(at, passed);
          continue;
        }
        default:
          stop(message());
          // 7z may encrypt the names, too.
          if (!has_members_ &&
              ::archive_read_has_encrypted_entries(archive_.get()) == 1)
            damage_->code = ErrorCode::kEncrypted;
          return std::nullopt;
      }
      std::optional<Member> member = member_of(entry);
      if (member) return member;
      skip_data();
    }
    if (!is_done_) stop("cannot be read on");
    return std::nullopt;
  }

  std::vector<std::uint8_t> read_member(std::uint64_t limit,
                                        std::optional<Error>& error) override {
    const Utf8Names scope;
    std::vector<std::uint8_t> bytes;
    const std::uint64_t declared = std::min(declared_.value_or(0), limit);
    bytes.reserve(static_cast<std::size_t>(
        std::min<std::uint64_t>(declared, 16 * kHeadBytes)));
    while (has_unread_data_ && bytes.size() < limit) {
      const std::size_t before = bytes.size();
      const std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(
          limit - before, std::max(kHeadBytes, before / 2)));
      bytes.resize(before + step);
      bytes.resize(before + read_data(bytes.data() + before, step));
      if (before == 0 && find_container(bytes) == nullptr && !is_archive(bytes))
        limit = std::min<std::uint64_t>(limit, kHeadBytes);
    }
    error = std::move(member_error_);
    return bytes;
  }

  const std::optional<Error>& damage() const noexcept override {
    return damage_;
  }

 private:
  void open() {
    if (archive_ == nullptr) return stop("no memory for an archive reader");
    if (std::optional<Error> error = check_xz_dictionary(*source_, limits_))
      return stop(std::move(error->detail));
    if (const Compression compression = compression_of(*source_);
        compression != Compression::kNone) {
      unpacking_.emplace(compression, true,
                         [this]() -> Result<std::string_view> {
                           const Result<Bytes> got = read_packed();
                           if (!got) return got.error();
                           return as_text(*got);
                         });
      text_.resize(kUnpackedBytes);
    }
    const Utf8Names scope;
    archive* const a = archive_.get();
    // Named one by one: "all" would start programs for rare filters.
    ::archive_read_support_filter_bzip2(a);
    ::archive_read_support_filter_xz(a);
    ::archive_read_support_filter_lz4(a);
    ::archive_read_support_format_tar(a);
    ::archive_read_support_format_zip(a);
    ::archive_read_support_format_7zip(a);
    // Tars that were joined with cat, as TarReader reads them.
    ::archive_read_set_option(a, "tar", "read_concatenated_archives", "1");
    ::archive_read_set_callback_data(a, this);
    ::archive_read_set_read_callback(a, &ForeignReader::on_read);
    if (!unpacking_) {
      ::archive_read_set_skip_callback(a, &ForeignReader::on_skip);
      ::archive_read_set_seek_callback(a, &ForeignReader::on_seek);
    }
    if (::archive_read_open1(a) == ARCHIVE_OK) return;
    stop(message());
    // An image that was compressed, for one.
    if (unpacking_ && !read_error_)
      damage_ = Error{ErrorCode::kUnsupportedFormat,
                      "compressed data that is no archive"};
  }

  std::optional<Member> member_of(archive_entry* entry) {
    declared_.reset();
    member_error_.reset();
    has_members_ = true;
    has_unread_data_ = true;
    if (::archive_entry_size_is_set(entry) != 0)
      declared_ = static_cast<std::uint64_t>(
          std::max<la_int64_t>(0, ::archive_entry_size(entry)));
    const char* name = ::archive_entry_pathname(entry);
    if (name == nullptr) name = ::archive_entry_pathname_utf8(entry);
    Member member{name != nullptr ? name : "", declared_, std::nullopt,
                  std::nullopt};
    const char* const hard_link = ::archive_entry_hardlink(entry);
    const auto type = ::archive_entry_filetype(entry);
    if (hard_link != nullptr || type == AE_IFLNK) {
      const char* const target =
          hard_link != nullptr ? hard_link : ::archive_entry_symlink(entry);
      member.size.reset();
      member.error =
          link_error(hard_link != nullptr, target != nullptr ? target : "");
      return member;
    }
    const bool is_file = type == AE_IFREG || type == 0;
    if (!is_file || member.name.ends_with('/')) return std::nullopt;
    if (::archive_entry_is_encrypted(entry) != 0) {
      member.error = Error{ErrorCode::kEncrypted, "member is encrypted"};
      has_unread_data_ = false;  // reading it would end the whole archive
    }
    return member;
  }

  /// Unpacks up to `length` bytes. 0 at the end of the member, and where the
  /// archive breaks.
  std::size_t read_data(std::uint8_t* out, std::size_t length) {
    for (int retries = 0; retries < kMaxRetries; ++retries) {
      const la_ssize_t got = ::archive_read_data(archive_.get(), out, length);
      if (got == ARCHIVE_RETRY) continue;
      if (got <= 0) {
        has_unread_data_ = false;
        const bool is_unread =
            read_error_ && read_error_->code == ErrorCode::kUnreadable;
        if (got < 0)
          member_error_ =
              Error{is_unread ? ErrorCode::kUnreadable : ErrorCode::kCorrupt,
                    message()};
        if (got == ARCHIVE_FATAL) stop(message());
        return 0;
      }
      count_unpacked(static_cast<std::uint64_t>(got));
      return static_cast<std::size_t>(got);
    }
    stop("cannot be read on");
    has_unread_data_ = false;
    return 0;
  }

  /// Stops at a bomb.
  void count_unpacked(std::uint64_t bytes) {
    unpacked_bytes_ += bytes;
    if (unpacked_bytes_ <= limits_.min_bomb_bytes ||
        unpacked_bytes_ / limits_.max_unpack_ratio <= packed_bytes_)
      return;
    stop("unpacks to more than " + std::to_string(limits_.max_unpack_ratio) +
         " times its size");
    has_unread_data_ = false;
  }

  /// Here and not in libarchive, which would unpack a bomb to its end.
  void skip_data() {
    std::array<std::uint8_t, kHeadBytes> scratch;
    while (has_unread_data_) read_data(scratch.data(), scratch.size());
  }

  void stop(std::string detail) {
    if (!is_done_) note_damage(std::move(detail));
    is_done_ = true;
  }

  void note_damage(std::string detail) {
    damage_ = archive_broken(std::move(detail), position_);
  }

  std::string message() const {
    if (read_error_) return read_error_->detail;
    const char* const text = ::archive_error_string(archive_.get());
    return text != nullptr ? text : "cannot be read";
  }

  static la_ssize_t on_read(archive* a, void* self, const void** bytes) {
    ForeignReader& reader = *static_cast<ForeignReader*>(self);
    const Result<Bytes> got =
        reader.unpacking_ ? reader.unpack() : reader.read_packed();
    if (!got) {
      reader.read_error_ = got.error();
      ::archive_set_error(a, EIO, "%s", got.error().detail.c_str());
      return ARCHIVE_FATAL;
    }
    *bytes = got->data();
    return static_cast<la_ssize_t>(got->size());
  }

  /// The next bytes of the archive as they stand there; none at its end.
  Result<Bytes> read_packed() {
    const Result<std::size_t> got = source_->read_at(position_, buffer_);
    if (!got) {
      Error error = got.error();
      error.detail.insert(0, "read: ");
      return error;
    }
    position_ += *got;
    packed_bytes_ += *got;
    return Bytes(buffer_).first(*got);
  }

  /// The next bytes that they unpack to; none at the end.
  Result<Bytes> unpack() {
    const Result<std::size_t> got = unpacking_->read(text_);
    if (!got) return got.error();
    return as_bytes({text_.data(), *got});
  }

  static la_int64_t on_skip(archive*, void* self, la_int64_t request) {
    ForeignReader& reader = *static_cast<ForeignReader*>(self);
    const std::uint64_t size = reader.source_->size();
    if (request <= 0 || reader.position_ >= size) return 0;
    const std::uint64_t skipped =
        std::min(static_cast<std::uint64_t>(request), size - reader.position_);
    reader.position_ += skipped;
    reader.packed_bytes_ += skipped;
    return static_cast<la_int64_t>(skipped);
  }

  static la_int64_t on_seek(archive*, void* self, la_int64_t offset,
                            int whence) {
    ForeignReader& reader = *static_cast<ForeignReader*>(self);
    const std::int64_t size = static_cast<std::int64_t>(reader.source_->size());
    const std::int64_t base = whence == SEEK_SET ? 0
                              : whence == SEEK_CUR
                                  ? static_cast<std::int64_t>(reader.position_)
                                  : size;
    if (offset < -base || offset > size - base) return ARCHIVE_FATAL;
    reader.position_ = static_cast<std::uint64_t>(base + offset);
    return base + offset;
  }

  std::unique_ptr<ByteSource> source_;
  Limits limits_;
  // Of gzip and zstd. libarchive's own filters for them lose what was unpacked
  // last before a break, and do not verify the checksum of gzip.
  std::optional<DecompressedText> unpacking_;
  std::vector<char> text_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  std::vector<std::uint8_t> buffer_;
  std::uint64_t position_ = 0;  // of the next read, from the archive's start
  std::uint64_t packed_bytes_ = 0;
  std::uint64_t unpacked_bytes_ = 0;
  std::optional<std::uint64_t> declared_;
  bool has_unread_data_ = false;
  bool has_members_ = false;
  bool is_done_ = false;
  std::optional<Error> member_error_;  // why the member's data broke off
  std::optional<Error> read_error_;
  std::optional<Error> damage_;  // the last
};

}  // namespace

std::unique_ptr<ArchiveReader> make_foreign_reader(
    std::unique_ptr<ByteSource> source, const Limits& limits) {
  return std::make_unique<ForeignReader>(std::move(source), limits);
}

Result<std::unique_ptr<ByteSource>> unpack_one_member(
    std::unique_ptr<ByteSource> source, const Limits& limits) {
  ForeignReader reader(std::move(source), limits);
  const std::optional<Member> member = reader.next();
  if (!member)
    return reader.damage().value_or(
        Error{ErrorCode::kCorrupt, "no member at the member's place"});
  if (member->error) return *member->error;
  std::optional<Error> error;
  auto bytes = std::make_shared<const std::vector<std::uint8_t>>(
      reader.read_member(limits.max_member_bytes, error));
  if (bytes->empty() && error) return *error;
  return make_held_source(std::move(bytes), member->size.value_or(0), limits);
}

}  // namespace sdmeta
