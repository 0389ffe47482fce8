// Uncompressed tar (POSIX.1-2017 pax and ustar, GNU tar, v7), by its headers
// only: member data is hopped over. Archives that were joined with cat are read
// to the end. Behind a damaged header the next one is looked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pipeline/archive_reader.h"
#include "pipeline/header_window.h"

namespace sdmeta {

/// True if `head` (512 bytes or more) is a tar header whose checksum holds.
bool is_tar_header(std::span<const std::uint8_t> head) noexcept;

/// The same, and true for a tar without members, which is only zeros.
bool is_tar(std::span<const std::uint8_t> head) noexcept;

class TarReader final : public ArchiveReader {
 public:
  explicit TarReader(std::unique_ptr<ByteSource> source);

  std::optional<Member> next() override;
  const std::optional<Error>& damage() const noexcept override {
    return damage_;
  }

 private:
  struct Header;
  struct Extension;

  void fail(std::string detail);
  void pass_damage(std::string detail, std::uint64_t header,
                   std::uint64_t next);
  bool pass_end_mark();
  std::optional<std::uint64_t> end_of_sparse_map(std::uint64_t header);
  bool read_extension(char type, std::uint64_t size, Extension& extension);
  std::optional<Header> read_header(Extension& extension);
  std::optional<Header> next_header(Extension& extension);
  void read_about_next(const Header& header, Extension& extension);
  std::optional<Member> member_of(const Header& header, const Extension& about);

  std::unique_ptr<ByteSource> source_;
  HeaderWindow window_;
  std::uint64_t position_ = 0;  // of the next header
  std::optional<Error> damage_;  // the last
  bool is_done_ = false;
};

}  // namespace sdmeta
