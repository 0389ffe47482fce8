#include "pipeline/recorded_files.h"

#include <gtest/gtest.h>

namespace sdmeta {
namespace {

TEST(RecordedFiles, TakesWhatWasAdded) {
  RecordedFiles files;
  files.add(RecordedFiles::key("a.png", std::nullopt, 10));
  EXPECT_TRUE(files.take(RecordedFiles::key("a.png", std::nullopt, 10)));
}

TEST(RecordedFiles, NameMemberAndSizeTellApart) {
  RecordedFiles files;
  files.add(RecordedFiles::key("a.tar", "m.png", 10));
  EXPECT_FALSE(files.take(RecordedFiles::key("b.tar", "m.png", 10)));
  EXPECT_FALSE(files.take(RecordedFiles::key("a.tar", "n.png", 10)));
  EXPECT_FALSE(files.take(RecordedFiles::key("a.tar", std::nullopt, 10)));
  EXPECT_FALSE(files.take(RecordedFiles::key("a.tar", "m.png", 11)));
  EXPECT_FALSE(files.take(RecordedFiles::key("a.tar", "m.png", std::nullopt)));
}

TEST(RecordedFiles, UnknownSizeIsNotZero) {
  RecordedFiles files;
  files.add(RecordedFiles::key("a.png", std::nullopt, 0));
  EXPECT_FALSE(
      files.take(RecordedFiles::key("a.png", std::nullopt, std::nullopt)));
}

TEST(RecordedFiles, TakesAnySizeOfAName) {
  RecordedFiles files;
  const auto take = [&](const char* path) {
    return files.take_any_size(
        RecordedFiles::key(path, std::nullopt, std::nullopt));
  };
  EXPECT_FALSE(take("a.png"));
  for (std::uint64_t bytes = 0; bytes < 100; ++bytes)
    files.add(RecordedFiles::key("a.png", std::nullopt, bytes));
  files.add(RecordedFiles::key("b.png", "m.png", 10));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(take("a.png"));
  EXPECT_FALSE(take("a.png"));
  EXPECT_FALSE(take("b.png"));
  EXPECT_FALSE(take("c.png"));
}

// Names that are written again and again have one row for some of their sizes.
TEST(RecordedFiles, KnowsEachOfManySizesOfAName) {
  constexpr std::uint64_t kSizes = 20000;
  RecordedFiles files;
  const auto key = [](std::uint64_t bytes) {
    return RecordedFiles::key("a.png", std::nullopt, bytes);
  };
  for (std::uint64_t bytes = 0; bytes < kSizes; ++bytes)
    files.add(key(bytes), RecordedAs::kSound);
  for (std::uint64_t bytes = 0; bytes < kSizes; ++bytes)
    EXPECT_TRUE(files.take(key(bytes))) << bytes;
  EXPECT_FALSE(files.take(key(0)));
  EXPECT_FALSE(files.take(key(kSizes)));
}

// An input that is named twice has two records, in a resumed run too.
TEST(RecordedFiles, CountsRecordsOfTheSameInput) {
  RecordedFiles files;
  files.add(RecordedFiles::key("a.png", std::nullopt, 10));
  files.add(RecordedFiles::key("a.png", std::nullopt, 10));
  EXPECT_TRUE(files.take(RecordedFiles::key("a.png", std::nullopt, 10)));
  EXPECT_TRUE(files.take(RecordedFiles::key("a.png", std::nullopt, 10)));
  EXPECT_FALSE(files.take(RecordedFiles::key("a.png", std::nullopt, 10)));
}

TEST(RecordedFiles, ContainsWhatWasAdded) {
  RecordedFiles files;
  const RecordedFiles::Key key = RecordedFiles::key("a", std::nullopt, 1);
  EXPECT_FALSE(files.contains(key));
  files.add(key);
  EXPECT_TRUE(files.contains(key));
  EXPECT_FALSE(files.contains(RecordedFiles::key("b", std::nullopt, 1)));
}

TEST(RecordedFiles, HoldsManyWithoutMixingThem) {
  RecordedFiles files;
  for (int i = 0; i < 100000; ++i)
    files.add(RecordedFiles::key(std::to_string(i), std::nullopt, 1));
  for (int i = 100000; i < 200000; ++i)
    ASSERT_FALSE(
        files.take(RecordedFiles::key(std::to_string(i), std::nullopt, 1)));
  for (int i = 0; i < 100000; ++i)
    ASSERT_TRUE(
        files.take(RecordedFiles::key(std::to_string(i), std::nullopt, 1)));
}

}  // namespace
}  // namespace sdmeta
