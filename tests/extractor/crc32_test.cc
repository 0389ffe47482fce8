#include "extractor/crc32.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <vector>

namespace sdmeta {
namespace {

TEST(Crc32, AgreesWithZlibForEveryLengthAndAlignment) {
  std::mt19937 random(1);
  std::vector<std::uint8_t> bytes(100000);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  const Bytes all = bytes;
  for (std::size_t size = 0; size < 400; ++size) {
    const Bytes part = all.subspan(size % 17, size);
    ASSERT_EQ(crc32_of(part), ::crc32_z(0, part.data(), part.size())) << size;
  }
  EXPECT_EQ(crc32_of(all), ::crc32_z(0, all.data(), all.size()));
}

}  // namespace
}  // namespace sdmeta
