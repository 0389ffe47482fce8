#include "pipeline/key_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace sdmeta {
namespace {

std::vector<std::uint32_t> numbers(std::span<const KeyTable::Entry> entries) {
  std::vector<std::uint32_t> all;
  for (const auto& entry : entries) all.push_back(entry.number());
  return all;
}

TEST(KeyTable, AnEmptyTableFindsNothing) {
  KeyTable table;
  EXPECT_TRUE(table.find(0).empty());
  table.build();
  EXPECT_TRUE(table.find(0).empty());
  EXPECT_TRUE(table.find(~std::uint64_t{0}).empty());
}

TEST(KeyTable, KeysAtBothEndsAreFound) {
  KeyTable table;
  for (const std::uint64_t key : {std::uint64_t{0}, ~std::uint64_t{0}})
    table.add(key, static_cast<std::uint32_t>(key % 7));
  table.build();
  EXPECT_EQ(table.find(0).size(), 1u);
  EXPECT_EQ(table.find(~std::uint64_t{0}).size(), 1u);
}

TEST(KeyTable, FindsWhatAMapFinds) {
  std::mt19937_64 random(5);
  KeyTable table;
  std::map<std::uint64_t, std::vector<std::uint32_t>> map;
  for (std::uint32_t number = 0; number < 200'000; ++number) {
    const std::uint64_t key = key_of(random() % 150'000);
    table.add(key, number);
    map[key].push_back(number);
  }
  table.build();
  for (std::uint64_t i = 0; i < 150'000; ++i) {
    const std::uint64_t key = key_of(i);
    ASSERT_EQ(numbers(table.find(key)),
              map.contains(key) ? map[key] : std::vector<std::uint32_t>());
  }
  std::erase_if(map, [](const auto& key) { return key.second.size() == 1; });
  std::size_t repeated = 0;
  table.for_each_repeated_key([&](std::span<const KeyTable::Entry> entries) {
    ++repeated;
    ASSERT_EQ(numbers(entries), map[entries.front().key()]);
  });
  EXPECT_EQ(repeated, map.size());
}

// Whoever writes a CSV can choose ids whose keys begin alike.
TEST(KeyTable, KeysThatShareTheirUpperBitsCostNoMore) {
  KeyTable table;
  constexpr std::uint32_t kEntries = 1'000'000;
  for (std::uint32_t number = 0; number < kEntries; ++number)
    table.add(0xABCDEF0000000000 + kEntries - number, number);
  table.build();
  for (std::uint32_t number = 0; number < kEntries; number += 997)
    ASSERT_EQ(numbers(table.find(0xABCDEF0000000000 + kEntries - number)),
              std::vector{number});
  EXPECT_TRUE(table.find(0xABCDEF0000000000).empty());
}

}  // namespace
}  // namespace sdmeta
