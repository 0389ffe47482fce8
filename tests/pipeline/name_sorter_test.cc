#include "pipeline/name_sorter.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <stdlib.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace sdmeta {
namespace {

using Strings = std::vector<std::string>;

/// Each with its tag in front.
Strings tagged_names(NameSorter& names) {
  names.finish();
  Strings result;
  while (const char* const name = names.next())
    result.emplace_back(std::string(1, name[-1]) + name);
  EXPECT_FALSE(names.error());
  EXPECT_EQ(names.next(), nullptr);
  return result;
}

Strings sorted(Strings names) {
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) {
              return std::string_view(a).substr(1) <
                     std::string_view(b).substr(1);
            });
  return names;
}

/// Distinct names of 1 to 255 bytes, each with its tag in front.
Strings random_names(std::size_t count) {
  std::mt19937 random(7);
  Strings names;
  for (std::size_t i = 0; i < count; ++i) {
    std::string name(1, static_cast<char>(random() % 4));
    if (random() % 2 == 0) name += "IMG_2024_";
    name += std::to_string(i * 7919 % count);
    name.append(random() % (250 - name.size()),
                static_cast<char>(1 + random() % 255));
    names.push_back(std::move(name));
  }
  return names;
}

void add_all(NameSorter& sorter, const Strings& names) {
  for (const std::string& name : names)
    sorter.add(name[0], std::string_view(name).substr(1));
}

TEST(NameSorter, NamesComeInByteOrderWhateverIsHeld) {
  // 5000 names make 2 merges of runs and a rest of 15 runs and 7 names.
  for (const std::size_t held : {1u, 31u, 1000u, 4999u, 5000u, 5001u}) {
    const Strings names = random_names(5000);
    NameSorter sorter(held);
    add_all(sorter, names);
    EXPECT_EQ(tagged_names(sorter), sorted(names)) << held;
  }
}

TEST(NameSorter, RunsAreMergedMoreThanOnce) {
  const Strings names = random_names(3 * 64 * 64 + 100);
  NameSorter sorter(1);
  add_all(sorter, names);
  EXPECT_EQ(tagged_names(sorter), sorted(names));
}

std::size_t allocated_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(NameSorter, HoldsAMegabyteOfAnyNumberOfNames) {
  const std::size_t before = allocated_bytes();
  if (before == 0) GTEST_SKIP() << "a sanitizer's malloc does not tell";
  NameSorter sorter;
  std::size_t most = 0;
  for (int i = 0; i < 300000; ++i) {
    sorter.add('x', std::to_string(10000000 + i) + ".jpeg");
    if (i % 1000 == 999) most = std::max(most, allocated_bytes() - before);
  }
  sorter.finish();
  for (int i = 0; i < 1000; ++i) sorter.next();
  most = std::max(most, allocated_bytes() - before);
  EXPECT_LT(most, 1u << 20);
  EXPECT_GT(most, NameSorter::kMaxHeldNames * sizeof(SortedName));
}

TEST(NameSorter, NoNamesAreNoNames) {
  NameSorter sorter;
  EXPECT_EQ(tagged_names(sorter), Strings());
}

TEST(NameSorter, EqualNamesAreKept) {
  NameSorter sorter(2);
  add_all(sorter, {"xb", "xa", "xb", "xa", "xb"});
  EXPECT_EQ(tagged_names(sorter), (Strings{"xa", "xa", "xb", "xb", "xb"}));
}

TEST(NameSorter, WithoutATemporaryFileNamesStayInMemory) {
  const TempDir folder;
  const std::string nowhere = (folder / "none").string();
  const char* const before = ::getenv("TMPDIR");
  const std::string old = before != nullptr ? before : "";
  ::setenv("TMPDIR", nowhere.c_str(), 1);
  const Strings names = random_names(1000);
  NameSorter sorter(10);
  add_all(sorter, names);
  EXPECT_EQ(tagged_names(sorter), sorted(names));
  if (before != nullptr)
    ::setenv("TMPDIR", old.c_str(), 1);
  else
    ::unsetenv("TMPDIR");
}

}  // namespace
}  // namespace sdmeta
