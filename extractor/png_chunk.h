// Chunks of PNG and APNG: what they are called, and where they lie in the file
// (PNG specification, third edition, 5.3).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sdmeta::png {

constexpr std::size_t kHeaderBytes = 8;  // length and type
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kFrameBytes = kHeaderBytes + kCrcBytes;
constexpr std::size_t kMaxKeywordBytes = 79;

constexpr std::uint32_t type_code(std::string_view type) noexcept {
  std::uint32_t code = 0;
  for (const char c : type) code = code << 8 | static_cast<std::uint8_t>(c);
  return code;
}

constexpr std::uint32_t kIhdr = type_code("IHDR");
constexpr std::uint32_t kIdat = type_code("IDAT");
constexpr std::uint32_t kIend = type_code("IEND");
constexpr std::uint32_t kText = type_code("tEXt");
constexpr std::uint32_t kZtxt = type_code("zTXt");
constexpr std::uint32_t kItxt = type_code("iTXt");
constexpr std::uint32_t kComf = type_code("comf");
constexpr std::uint32_t kExif = type_code("eXIf");
constexpr std::uint32_t kC2pa = type_code("caBX");
constexpr std::uint32_t kAnimation = type_code("acTL");

constexpr bool is_text(std::uint32_t type) noexcept {
  return type == kText || type == kZtxt || type == kItxt || type == kExif ||
         type == kComf;
}

/// Of the types that libpng knows, and that stand in most images.
inline bool is_known(std::uint32_t type) noexcept {
  constexpr auto kOthers = std::to_array<std::uint32_t>(
      {kIhdr, kIdat, kIend, kC2pa, kAnimation, type_code("PLTE"),
       type_code("tRNS"), type_code("gAMA"), type_code("cHRM"),
       type_code("sRGB"), type_code("iCCP"), type_code("sBIT"),
       type_code("bKGD"), type_code("hIST"), type_code("pHYs"),
       type_code("sPLT"), type_code("tIME"), type_code("fcTL"),
       type_code("fdAT")});
  return is_text(type) ||
         std::find(kOthers.begin(), kOthers.end(), type) != kOthers.end();
}

struct Chunk {
  std::uint64_t offset = 0;  // of its length field
  std::uint32_t length = 0;  // as declared
  std::uint32_t type = 0;

  std::uint64_t data_offset() const noexcept { return offset + kHeaderBytes; }
  std::uint64_t end() const noexcept { return offset + kFrameBytes + length; }
  bool has_type() const noexcept {  // four letters
    for (int shift = 0; shift < 32; shift += 8) {
      const std::uint32_t lower = (type >> shift & 0xFF) | 0x20;
      if (lower < 'a' || lower > 'z') return false;
    }
    return true;
  }
  std::string type_name() const;
  std::string place() const;  // for messages
};

}  // namespace sdmeta::png
