#include "pipeline/archive_magic.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "pipeline/tar_reader.h"

namespace sdmeta {
namespace {

constexpr std::string_view kZipMember = "PK\x03\x04";
constexpr std::string_view kZipEmpty = "PK\x05\x06";
constexpr std::array<std::string_view, 6> kOtherMagic = {"7z\xBC\xAF\x27\x1C",
                                                         "\x1F\x8B",
                                                         "\x28\xB5\x2F\xFD",
                                                         "BZh",
                                                         "\xFD"
                                                         "7zXZ",
                                                         "\x04\x22\x4D\x18"};

bool begins_with(std::span<const std::uint8_t> head,
                 std::string_view magic) noexcept {
  return std::string_view(reinterpret_cast<const char*>(head.data()),
                          head.size())
      .starts_with(magic);
}

}  // namespace

bool is_zip(std::span<const std::uint8_t> head) noexcept {
  return begins_with(head, kZipMember) || begins_with(head, kZipEmpty);
}

bool is_archive(std::span<const std::uint8_t> head) noexcept {
  return is_zip(head) || is_tar_header(head) ||
         std::any_of(
             kOtherMagic.begin(), kOtherMagic.end(),
             [&](std::string_view magic) { return begins_with(head, magic); });
}

}  // namespace sdmeta
