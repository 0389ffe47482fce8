#include "tests/support/archive_builders.h"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

#include "tests/support/packed_text.h"

namespace sdmeta {
namespace {

constexpr std::size_t kBlock = 512;

void put_little(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i)
    out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::string octal(std::uint64_t value, int width) {
  char text[32];
  const int length = std::snprintf(text, sizeof text, "%0*llo", width - 1,
                                   static_cast<unsigned long long>(value));
  return std::string(text, static_cast<std::size_t>(length));
}

void check(int outcome, archive* a) {
  if (outcome < ARCHIVE_WARN)
    throw std::runtime_error(::archive_error_string(a));
}

}  // namespace

void set_tar_field(std::string& tar, std::size_t header, std::size_t offset,
                   std::string_view value) {
  tar.replace(header + offset, value.size(), value);
  tar.replace(header + 148, 8, 8, ' ');
  unsigned sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i)
    sum += static_cast<unsigned char>(tar[header + i]);
  tar.replace(header + 148, 7, octal(sum, 7) + '\0');
}

TarBuilder& TarBuilder::header(std::string_view name, std::uint64_t size,
                               char type, std::string_view link_target) {
  const std::size_t start = bytes_.size();
  bytes_.append(kBlock, '\0');
  bytes_.replace(start, std::min<std::size_t>(name.size(), 100),
                 name.substr(0, 100));
  bytes_.replace(start + 100, 7, "0000644");
  bytes_.replace(start + 124, 11, octal(size, 12));
  bytes_[start + 156] = type;
  bytes_.replace(start + 157, link_target.size(), link_target);
  bytes_.replace(start + 257, 8,
                 std::string_view("ustar\0"
                                  "00",
                                  8));
  set_tar_field(bytes_, start, 0, "");
  return *this;
}

TarBuilder& TarBuilder::file(std::string_view name, std::string_view content,
                             char type) {
  header(name, content.size(), type);
  bytes_ += content;
  return zeros((kBlock - bytes_.size() % kBlock) % kBlock);
}

TarBuilder& TarBuilder::pax(
    std::vector<std::pair<std::string, std::string>> records) {
  std::string text;
  for (const auto& [key, value] : records) {
    // The length counts its own digits.
    std::size_t length = key.size() + value.size() + 3;
    std::size_t total = length + std::to_string(length).size();
    if (std::to_string(total).size() != std::to_string(length).size()) ++total;
    text += std::to_string(total);
    text.append(" ").append(key).append("=").append(value).append("\n");
  }
  return file("PaxHeaders/x", text, 'x');
}

TarBuilder& TarBuilder::gnu_long_name(std::string_view name) {
  return file("././@LongLink", std::string(name) + '\0', 'L');
}

TarBuilder& TarBuilder::raw(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

TarBuilder& TarBuilder::zeros(std::size_t count) {
  bytes_.append(count, '\0');
  return *this;
}

std::string TarBuilder::end() { return zeros(2 * kBlock).bytes(); }

std::string zip_of(const std::vector<ZipEntry>& entries) {
  std::string zip;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const std::string data =
        entry.is_deflated ? test::deflated(entry.content) : entry.content;
    const std::uint64_t size =
        entry.claimed_size != 0 ? entry.claimed_size : entry.content.size();
    const std::uint64_t offset = zip.size();
    const std::uint16_t method = entry.method != 0xffff ? entry.method
                                 : entry.is_deflated    ? 8
                                                        : 0;
    const std::uint16_t flags = static_cast<std::uint16_t>(
        entry.flags | (entry.has_data_descriptor ? 8 : 0));
    const std::uint32_t crc = static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<const Bytef*>(entry.content.data()),
                static_cast<uInt>(entry.content.size())));
    const bool is_hidden = entry.has_data_descriptor;

    zip += "PK\x03\x04";
    put_little(zip, 20, 2);
    put_little(zip, flags, 2);
    put_little(zip, method, 2);
    put_little(zip, 0, 4);  // time and date
    put_little(zip, is_hidden ? 0 : crc, 4);
    put_little(zip, is_hidden ? 0 : data.size(), 4);
    put_little(zip, is_hidden ? 0 : size, 4);
    put_little(zip, entry.name.size(), 2);
    put_little(zip, 4, 2);
    zip += entry.name;
    zip.append("\xEF\xBE\0\0", 4);  // an extra field that nobody knows
    zip += data;
    if (is_hidden) {
      zip += "PK\x07\x08";
      put_little(zip, crc, 4);
      put_little(zip, data.size(), 4);
      put_little(zip, size, 4);
    }

    std::string extra = entry.extra;
    if (entry.is_zip64) {
      put_little(extra, 1, 2);
      put_little(extra, 24, 2);
      put_little(extra, size, 8);
      put_little(extra, data.size(), 8);
      put_little(extra, offset, 8);
    }
    const bool is_large = entry.is_zip64;
    directory += "PK\x01\x02";
    put_little(directory, 3 << 8 | 20, 2);
    put_little(directory, 20, 2);
    put_little(directory, flags, 2);
    put_little(directory, method, 2);
    put_little(directory, 0, 4);
    put_little(directory, crc, 4);
    put_little(directory, is_large ? 0xffffffff : data.size(), 4);
    put_little(directory, is_large ? 0xffffffff : size, 4);
    put_little(directory, entry.name.size(), 2);
    put_little(directory, extra.size(), 2);
    put_little(directory, 0, 6);  // comment, disk, internal attributes
    put_little(directory, entry.attributes, 4);
    put_little(directory, is_large ? 0xffffffff : offset, 4);
    directory += entry.name + extra;
  }
  const std::size_t offset = zip.size();
  zip += directory;
  zip += "PK\x05\x06";
  put_little(zip, 0, 4);
  put_little(zip, entries.size(), 2);
  put_little(zip, entries.size(), 2);
  put_little(zip, directory.size(), 4);
  put_little(zip, offset, 4);
  put_little(zip, 0, 2);
  return zip;
}

std::string packed_archive(const std::string& format, const std::string& filter,
                           const NamesAndContents& members) {
  std::size_t total = 1 << 20;
  for (const auto& [name, content] : members) total += content.size() + 4096;
  std::string out(total, '\0');
  const std::unique_ptr<archive, int (*)(archive*)> writer(
      ::archive_write_new(), ::archive_write_free);
  archive* const a = writer.get();
  check(::archive_write_set_format_by_name(a, format.c_str()), a);
  if (!filter.empty())
    check(::archive_write_add_filter_by_name(a, filter.c_str()), a);
  std::size_t used = 0;
  check(::archive_write_open_memory(a, out.data(), out.size(), &used), a);
  for (const auto& [name, content] : members) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(
        ::archive_entry_new(), ::archive_entry_free);
    ::archive_entry_set_pathname_utf8(entry.get(), name.c_str());
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), 0644);
    ::archive_entry_set_size(entry.get(),
                             static_cast<la_int64_t>(content.size()));
    check(::archive_write_header(a, entry.get()), a);
    if (::archive_write_data(a, content.data(), content.size()) < 0)
      check(ARCHIVE_FATAL, a);
  }
  check(::archive_write_close(a), a);
  out.resize(used);
  return out;
}

}  // namespace sdmeta
