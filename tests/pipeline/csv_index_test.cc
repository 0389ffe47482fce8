#include "pipeline/csv_index.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/csv_cell.h"
#include "pipeline/csv_reader.h"
#include "tests/support/csv_reference.h"
#include "tests/support/packed_text.h"
#include "tests/support/temp_dir.h"

namespace sdmeta {
namespace {

constexpr const char* kHeader =
    "id,image_url,user_id,nsfw_level,created_at,published_at,tag_ids,"
    "image_id\n";

std::string uuid(int number) {
  char text[40];
  std::snprintf(text, sizeof text, "%08x-0000-4000-8000-00000000abcd", number);
  return text;
}

std::string row(int number, const std::string& created = "c") {
  const std::string n = std::to_string(number);
  return n + "," + uuid(number) + ",5,1," + created + ",,\"1,2\"," + n + "\n";
}

class CsvIndexTest : public testing::Test {
 protected:
  std::string put(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  void set_time(const std::string& name, time_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / name).c_str(), times, 0), 0);
  }

  Result<std::unique_ptr<CsvIndex>> load(MatchKey match = MatchKey::kAny) {
    options_.paths = {folder_.path().string()};
    options_.match = match;
    messages_.clear();
    return CsvIndex::load(
        options_, [this](const std::string& m) { messages_.push_back(m); });
  }

  std::unique_ptr<CsvIndex> loaded(MatchKey match = MatchKey::kAny) {
    auto index = load(match);
    if (index) return std::move(*index);
    ADD_FAILURE() << to_text(index.error());
    return nullptr;
  }

  std::vector<std::string> unseen(const CsvIndex& index) {
    std::vector<std::string> rows;
    index.for_each_unseen([&](const CsvRowView& view) {
      rows.emplace_back(view.record.text);
      return std::nullopt;
    });
    return rows;
  }

  TempDir folder_;
  CsvOptions options_;
  std::vector<std::string> messages_;
};

TEST_F(CsvIndexTest, FindsRowsByImageIdAndByUuid) {
  put("a.csv", kHeader + row(12345678) + row(87654321));
  const auto index = loaded();
  EXPECT_EQ(index->find("x/12345678_a.png", "")->id, 12345678);
  EXPECT_EQ(index->find(uuid(87654321) + "/original=true", "")->id, 87654321);
  EXPECT_EQ(index->find("a.tar", "x/12345678.png")->id, 12345678);
  EXPECT_FALSE(index->find("x/1234567.png", ""));
}

TEST_F(CsvIndexTest, IdIsAKeyOnlyWhenAskedFor) {
  put("a.csv", std::string(kHeader) + "3," + uuid(3) + ",,,,,,12345678\n");
  EXPECT_FALSE(loaded()->find("3.png", ""));
  EXPECT_TRUE(loaded(MatchKey::kId)->find("3.png", ""));
}

TEST_F(CsvIndexTest, ColumnsMayComeInAnyOrderAndCase) {
  put("a.csv", "note,Image_ID , ID\nhello,12345678,9\n");
  const auto found = loaded()->find("12345678.png", "");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, 9);
  EXPECT_EQ(found->extra, (std::vector<KeyValue>{{"note", "hello"}}));
}

TEST_F(CsvIndexTest, AWholeAddressHoldsAUuid) {
  put("a.csv", "image_url,n\nhttps://image.civitai.com/x/" + uuid(7) +
                   "/original=true/,1\n");
  EXPECT_TRUE(loaded()->find(uuid(7) + ".jpeg", ""));
}

TEST_F(CsvIndexTest, NumbersThatPandasMadeFloatsAreRead) {
  put("a.csv", "image_id,nsfw_level\n12345678.0,4.0\n");
  const auto found = loaded()->find("12345678.png", "");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->image_id, 12345678);
  EXPECT_EQ(found->nsfw_level, 4);
}

TEST_F(CsvIndexTest, EqualRowsAreOneAndTheUserComesFromTheFolder) {
  put("all/a.csv", kHeader + row(12345678));
  put("by_username/ada/b.csv", kHeader + row(12345678));
  set_time("by_username/ada/b.csv", 1000);
  const auto index = loaded();
  EXPECT_EQ(index->find("12345678.png", "")->username, "ada");
  EXPECT_EQ(index->counts().duplicate_rows, 1u);
  EXPECT_EQ(index->counts().conflicting_rows, 0u);
}

TEST_F(CsvIndexTest, RowsAreEqualByTheirCells) {
  put("a.csv", "image_id,note\n12345678,hi\n");
  put("b.csv", "note,image_id\n\"hi\",12345678\n");
  const auto index = loaded();
  EXPECT_EQ(index->counts().duplicate_rows, 1u);
  EXPECT_EQ(index->counts().conflicting_rows, 0u);
}

TEST_F(CsvIndexTest, OfRowsThatDisagreeTheNewestFileCounts) {
  put("a.csv", kHeader + row(12345678, "from a"));
  put("b.csv", kHeader + row(12345678, "from b"));
  set_time("b.csv", 1000);
  const auto index = loaded();
  EXPECT_EQ(index->find("12345678.png", "")->created_at, "from a");
  EXPECT_EQ(index->find(uuid(12345678) + ".png", "")->created_at, "from a");
  EXPECT_EQ(index->counts().conflicting_rows, 1u);
  ASSERT_EQ(messages_.size(), 1u);
  EXPECT_NE(messages_[0].find("duplicate_row: image 12345678"),
            std::string::npos);
  EXPECT_TRUE(messages_[0].ends_with("a.csv, which is newer and counts"))
      << messages_[0];
}

TEST_F(CsvIndexTest, RowsOfOneFileThatDisagreeAreToldByTheirLines) {
  const std::string path =
      put("a.csv", kHeader + row(1, "x") + row(2, "\"a\nb\"") + "broken\n" +
                       row(1, "y") + row(2, "z") + row(1, "w"));
  EXPECT_EQ(loaded()->counts().conflicting_rows, 3u);
  messages_.erase(messages_.begin());  // of the broken row
  std::sort(messages_.begin(), messages_.end());
  const auto message = [&](int line, int image, int winner) {
    return path + ":" + std::to_string(line) + ": duplicate_row: image " +
           std::to_string(image) + " differs from the row on line " +
           std::to_string(winner) + ", which is later and counts";
  };
  EXPECT_EQ(messages_,
            (std::vector<std::string>{message(2, 1, 8), message(3, 2, 7),
                                      message(6, 1, 8)}));
}

TEST_F(CsvIndexTest, OfRowsOfOneUrlTheOneWithAnImageIdCountsAndSaysSo) {
  put("a.csv", "image_id,image_url,x\n12345678," + uuid(12345678) + ",old\n");
  put("b.csv", "image_url,x\n" + uuid(12345678) + ",new\n");
  set_time("a.csv", 1000);
  EXPECT_EQ(loaded()->counts().conflicting_rows, 1u);
  ASSERT_EQ(messages_.size(), 1u);
  EXPECT_TRUE(
      messages_[0].ends_with("a.csv, which states its image_id and counts"))
      << messages_[0];
}

TEST_F(CsvIndexTest, InFilesOfOneAgeTheLaterOneCounts) {
  put("a.csv", kHeader + row(12345678, "from a"));
  put("b.csv", kHeader + row(12345678, "from b"));
  set_time("a.csv", 1000);
  set_time("b.csv", 1000);
  EXPECT_EQ(loaded()->find("12345678.png", "")->created_at, "from b");
}

TEST_F(CsvIndexTest, TwoImagesWithOneUuidAreAmbiguous) {
  put("a.csv", std::string(kHeader) + "1," + uuid(5) + ",,,,,,11111111\n2," +
                   uuid(5) + ",,,,,,22222222\n");
  const auto index = loaded();
  std::vector<Error> notes;
  EXPECT_EQ(index->find(uuid(5) + ".png", "", &notes)->id, 2);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes[0].code, ErrorCode::kAmbiguousMatch);
  EXPECT_TRUE(index->find("11111111.png", ""));
}

TEST_F(CsvIndexTest, ANameThatFitsTwoImagesIsAmbiguous) {
  put("a.csv", kHeader + row(11111111) + row(22222222));
  std::vector<Error> notes;
  EXPECT_EQ(loaded()->find("11111111_22222222.png", "", &notes)->id, 11111111);
  EXPECT_EQ(notes.size(), 1u);
}

TEST_F(CsvIndexTest, BadRowsAreReportedWithFileAndLine) {
  const std::string path =
      put("a.csv", kHeader + row(1) + "x\n" + "2,,,,,,,\n" +
                       "3,\"a\nb\",,,,,,33333333\n" + "4,,,,,,,x\n");
  EXPECT_EQ(loaded()->counts().bad_rows, 3u);
  EXPECT_EQ(messages_,
            (std::vector<std::string>{
                path + ":3: bad_row: 1 cell, the header has 8",
                path + ":4: bad_row: neither image_id nor image_url",
                path + ":7: bad_row: image_id is 'x', not a number"}));
}

TEST_F(CsvIndexTest, OfManyBadRowsTheFirstAreReported) {
  std::string text = kHeader;
  for (int i = 0; i < 100; ++i) text += "x\n";
  put("a.csv", text);
  EXPECT_EQ(loaded()->counts().bad_rows, 100u);
  EXPECT_EQ(messages_.size(), kMaxReports + 1);
}

TEST_F(CsvIndexTest, AHugeRowCostsThatRow) {
  put("a.csv", kHeader + row(1) + "2," + std::string(5 << 20, 'a') + "\n" +
                   row(3) + "4,\"" + std::string(3 << 20, 'b') + "\n" + row(5));
  const auto index = loaded();
  EXPECT_EQ(index->counts().rows, 3u);
  EXPECT_EQ(index->counts().bad_rows, 2u);
  EXPECT_TRUE(index->find("3.png", ""));
  EXPECT_TRUE(index->find("5.png", ""));
}

TEST_F(CsvIndexTest, PackedFilesAreReadAlike) {
  const std::string text = kHeader + row(11111111) + row(22222222);
  put("plain.csv", text);
  put("b.csv.zst", test::zstd(text));
  put("c.csv.gz", test::gzip(text));
  const auto index = loaded();
  EXPECT_EQ(index->counts().files, 3u);
  EXPECT_EQ(index->counts().rows, 6u);
  EXPECT_EQ(index->counts().duplicate_rows, 4u);
  EXPECT_TRUE(index->find("22222222.png", ""));
}

TEST_F(CsvIndexTest, RowsAreFoundInManySmallFiles) {
  for (int i = 0; i < 700; ++i) {
    std::string text = kHeader;
    for (int j = 0; j < i % 4; ++j) text += row(10000 + 10 * i + j);
    put("by_username/u" + std::to_string(i) + "/a.csv", text);
  }
  const auto index = loaded();
  for (int number = 10000; number < 17000; ++number) {
    const auto found = index->find(std::to_string(number) + ".png", "");
    const int user = (number - 10000) / 10;
    ASSERT_EQ(found.has_value(), number % 10 < user % 4) << number;
    if (found) {
      ASSERT_EQ(found->id, number);
      ASSERT_EQ(found->username, "u" + std::to_string(user));
    }
  }
}

TEST_F(CsvIndexTest, RowsWithOtherColumnsAreOtherRows) {
  put("a.csv", "image_id,x\n12345,a\n");
  put("b.csv", "image_id,x,y\n12345,a,\n");
  const auto index = loaded();
  EXPECT_EQ(index->counts().conflicting_rows, 1u);
  ASSERT_EQ(messages_.size(), 1u);
  EXPECT_NE(messages_[0].find("duplicate_row: image 12345 differs"),
            std::string::npos);
}

TEST_F(CsvIndexTest, OtherFilesInTheFolderAreLeftAlone) {
  put("a.csv", kHeader + row(1));
  put("readme.md", "no CSV");
  put("._a.csv", "junk");
  EXPECT_EQ(loaded()->counts().files, 1u);
}

TEST_F(CsvIndexTest, WhatCannotBeIndexedIsNamed) {
  const std::map<std::string, ErrorCode> cases = {
      {"", ErrorCode::kMissingColumn},
      {"\xEF\xBB\xBF", ErrorCode::kMissingColumn},
      {"a,b\n1,2\n", ErrorCode::kMissingColumn},
      {"\xFF\xFEi\0d\0", ErrorCode::kBadText},
      {"\"image_id\n1\n", ErrorCode::kMissingColumn}};
  for (const auto& [text, code] : cases) {
    const std::string path = put("a.csv", text);
    const auto index = load();
    ASSERT_FALSE(index) << text;
    EXPECT_EQ(index.error().code, code) << text;
    EXPECT_EQ(index.error().detail.find(path), 0u) << index.error().detail;
  }
}

TEST_F(CsvIndexTest, AFolderWithoutCsvIsAnError) {
  const auto index = load();
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::kUnreadable);
}

TEST_F(CsvIndexTest, AForcedKeyNeedsItsColumn) {
  put("a.csv", "image_url\n" + uuid(1) + "\n");
  EXPECT_FALSE(load(MatchKey::kImageId));
  EXPECT_FALSE(load(MatchKey::kId));
  EXPECT_TRUE(load(MatchKey::kImageUrl));
}

TEST_F(CsvIndexTest, RowsThatWereFoundOrMarkedAreSeen) {
  put("a.csv", kHeader + row(11111111) + row(22222222) + row(33333333));
  const auto index = loaded();
  index->find("22222222.png", "");
  index->mark(
      index->row_of_image(std::nullopt, parse_uuid(uuid(33333333))).value());
  EXPECT_FALSE(index->row_of_image(44444444, std::nullopt));
  EXPECT_EQ(unseen(*index).size(), 1u);
  index->mark(index->row_of_image(11111111, std::nullopt).value());
  EXPECT_TRUE(unseen(*index).empty());
}

TEST_F(CsvIndexTest, UnmatchedRowsOfFilesWithOtherHeadersShareOne) {
  put("a.csv", "image_id,x\n1,\"a,\"\n");
  put("b.csv", "y,image_id\nb,2\n");
  const std::string path = folder_ / "rest";
  ASSERT_EQ(*loaded()->write_unmatched(path), 2u);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "image_id,x,y\n1,\"a,\",\n2,,b\n");
}

TEST_F(CsvIndexTest, UnmatchedRowsThatCannotBeWrittenAreAnError) {
  put("a.csv", kHeader + row(1));
  const auto written = loaded()->write_unmatched("/dev/full");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kUnwritable);
}

TEST_F(CsvIndexTest, ARowThatChangesUnderneathIsNotInvented) {
  const std::string path = put("a.csv", kHeader + row(11111111));
  const auto index = loaded();
  put("a.csv", kHeader + row(99999999));
  EXPECT_FALSE(index->find("11111111.png", ""));
}

TEST_F(CsvIndexTest, ManyThreadsMayLookUpAtOnce) {
  std::string text = kHeader;
  for (int i = 10000; i < 12000; ++i) text += row(i);
  put("a.csv", text);
  const auto index = loaded();
  std::atomic<int> hits = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 10000 + t; i < 12000; i += 4)
        hits += index->find(std::to_string(i) + ".png", "")->id == i;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(hits, 2000);
  EXPECT_TRUE(unseen(*index).empty());
}

/// Rows whose cells hold commas, quotes and line ends, some of them broken, so
/// that chunks begin in the midst of everything.
std::string wild_csv(int rows, std::mt19937& random) {
  static constexpr std::string_view kNotes[] = {
      "\"a,b\"", "\"line\nline\"", "\"\"\"\"", "plain", "", "5\" pipe",
      "\"x\ny,z\n1,2,3\n\"", "\"12345678,c\n\""};
  std::string text = "image_id,note,more\n";
  for (int i = 0; i < rows; ++i) {
    if (random() % 500 == 0) text += "\"broken\n";
    if (random() % 500 == 0) text += "\n\r\n";
    text += std::to_string(10'000'000 + i);
    for (int cell = 0; cell < 2; ++cell)
      text.append(",").append(kNotes[random() % std::size(kNotes)]);
    text += random() % 2 == 0 ? "\n" : "\r\n";
    if (random() % 5000 == 0) text.append(400'000, 'z');
  }
  return text;
}

// Several chunks, several threads, against the slow reader over the whole text.
TEST_F(CsvIndexTest, ChunksGiveTheRowsOfOneReader) {
  std::mt19937 random(3);
  for (int round = 0; round < 4; ++round) {
    const std::string text = wild_csv(40'000, random);
    put("a.csv", text);
    const std::size_t header = text.find('\n') + 1;
    std::vector<std::string> expected;
    for (const auto& record :
         read_reference(std::string_view(text).substr(header), 3, 1 << 20)) {
      const bool has_key =
          !record.is_broken && parse_image_number(record.cells[0]);
      if (has_key) expected.push_back(record.cells[0]);
    }
    ASSERT_GT(expected.size(), 30'000u);
    for (const unsigned threads : {1u, 2u, 8u}) {
      options_.threads = threads;
      const auto index = loaded();
      std::vector<std::string> got;
      index->for_each_unseen([&](const CsvRowView& view) {
        got.push_back(csv_value(view.record.cell(0)));
        return std::nullopt;
      });
      ASSERT_EQ(got, expected) << threads << " threads";
    }
  }
}

// The streaming reader, which enrich uses, sees the same records.
TEST_F(CsvIndexTest, TheStreamGivesTheRecordsOfOneReader) {
  std::mt19937 random(4);
  const std::string text = wild_csv(40'000, random);
  const std::string path = put("a.csv", text);
  const std::size_t header = text.find('\n') + 1;
  const auto expected =
      read_reference(std::string_view(text).substr(header), 3, 1 << 20);
  const auto reader = CsvReader::open(path, Limits{});
  ASSERT_TRUE(reader);
  CsvRecord record;
  for (const ReferenceRecord& wanted : expected) {
    const auto more = (*reader)->next(record);
    ASSERT_TRUE(more && *more);
    ASSERT_EQ(!record.fault.empty(), wanted.is_broken) << wanted;
    if (wanted.is_broken) {
      const auto begin =
          text.begin() + static_cast<std::ptrdiff_t>(header + wanted.begin);
      ASSERT_EQ((*reader)->line(),
                1u + static_cast<std::size_t>(
                         std::count(text.begin(), begin, '\n')));
    }
    for (std::size_t i = 0; i < wanted.cells.size(); ++i)
      ASSERT_EQ(csv_value(record.cell(i)), wanted.cells[i]);
  }
  EXPECT_FALSE(*(*reader)->next(record));
}

}  // namespace
}  // namespace sdmeta
