#include "extractor/byte_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sdmeta {
namespace {

std::vector<std::uint8_t> numbered(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 131 >> 3);
  }
  return bytes;
}

TEST(ByteWindow, EveryViewShowsTheBytesAsked) {
  const std::vector<std::uint8_t> bytes = numbered(100000);
  MemorySource source(bytes);
  ByteWindow in(source);
  // Forward, overlapping, far away, backwards, past the end.
  for (const std::uint64_t offset :
       {0u, 10u, 4090u, 4096u, 50000u, 50100u, 49000u, 99990u, 0u, 100000u}) {
    for (const std::size_t count : {1u, 8u, 5000u, 60000u}) {
      const Bytes expected = clipped(bytes, offset, count);
      const Bytes got = in.view(offset, count);
      ASSERT_TRUE(
          std::equal(got.begin(), got.end(), expected.begin(), expected.end()))
          << offset << " " << count;
    }
  }
}

TEST(ByteWindow, OverMemoryViewsStayValid) {
  const std::vector<std::uint8_t> bytes = numbered(10000);
  ByteWindow in{Bytes(bytes)};
  const Bytes first = in.view(0, 10);
  in.view(9000, 1000);
  EXPECT_EQ(first.data(), bytes.data());
}

TEST(ByteWindow, OneInsideAnotherDoesNotDisturbIt) {
  const std::vector<std::uint8_t> bytes = numbered(10000);
  MemorySource source(bytes);
  ByteWindow outer(source);
  const Bytes view = outer.view(0, 100);
  {
    const std::vector<std::uint8_t> other(10000, 0xEE);
    MemorySource inner_source(other);
    ByteWindow inner(inner_source);
    EXPECT_EQ(inner.view(0, 1)[0], 0xEE);
  }
  EXPECT_TRUE(std::equal(view.begin(), view.end(), bytes.begin()));
}

TEST(ByteCursor, OverrunIsRememberedAndGivesZero) {
  const std::vector<std::uint8_t> bytes = {1, 2, 3};
  ByteCursor cursor(bytes);
  EXPECT_EQ(cursor.be16(), 0x0102);
  EXPECT_FALSE(cursor.is_overrun());
  EXPECT_EQ(cursor.le32(), 0u);
  EXPECT_TRUE(cursor.is_overrun());
  EXPECT_EQ(cursor.remaining(), 0u);
}

TEST(ByteCursor, BothOrders) {
  const std::vector<std::uint8_t> bytes = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(ByteCursor(bytes).be24(), 0x010203u);
  EXPECT_EQ(ByteCursor(bytes).le24(), 0x030201u);
  EXPECT_EQ(ByteCursor(bytes).be64(), 0x0102030405060708u);
  EXPECT_EQ(ByteCursor(bytes).number(8, ByteOrder::kLittle),
            0x0807060504030201u);
}

}  // namespace
}  // namespace sdmeta
