// Archives made byte by byte, so that tests can break them in one place; and by
// libarchive, for those that are compressed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sdmeta {

class TarBuilder {
 public:
  /// A header block and the padded content. `type` as in POSIX ustar.
  TarBuilder& file(std::string_view name, std::string_view content,
                   char type = '0');
  /// A header that states `size`, whatever follows.
  TarBuilder& header(std::string_view name, std::uint64_t size, char type = '0',
                     std::string_view link_target = {});
  TarBuilder& pax(std::vector<std::pair<std::string, std::string>> records);
  TarBuilder& gnu_long_name(std::string_view name);
  TarBuilder& raw(std::string_view bytes);
  TarBuilder& zeros(std::size_t count);
  /// The two zero blocks of the end, and all bytes.
  std::string end();
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Rewrites a field of the header at `header` and its checksum.
void set_tar_field(std::string& tar, std::size_t header, std::size_t offset,
                   std::string_view value);

struct ZipEntry {
  std::string name;
  std::string content = {};
  bool is_deflated = false;
  bool has_data_descriptor = false;  // sizes follow the data, zeros before it
  bool is_zip64 = false;             // sizes and offset in the extra field
  std::uint16_t flags = 0;
  std::uint16_t method = 0xffff;   // what is claimed, if not the truth
  std::uint32_t attributes = 0;    // external; Unix mode << 16
  std::uint32_t claimed_size = 0;  // if not 0, instead of the real one
  std::string extra = {};          // fields, in the central directory
};

std::string zip_of(const std::vector<ZipEntry>& entries);

using NamesAndContents = std::vector<std::pair<std::string, std::string>>;

/// `format` and `filter` are libarchive's names: "pax", "7zip", "zip"; "gzip",
/// "xz", "zstd", "bzip2", "" for none.
std::string packed_archive(const std::string& format, const std::string& filter,
                           const NamesAndContents& members);

}  // namespace sdmeta
