#include "pipeline/jsonl_reader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/support/packed_text.h"
#include "tests/support/temp_dir.h"

namespace sdmeta {
namespace {

using test::gzip;
using test::zstd;

struct Lines {
  std::vector<std::string> lines;
  std::uint64_t last_number = 0;
  std::optional<Error> error;
};

Lines read_lines(const std::string& bytes) {
  TempDir folder;
  const std::string path = folder / "records";
  std::ofstream(path, std::ios::binary) << bytes;
  auto reader = JsonlReader::open(path);
  Lines result;
  if (!reader) {
    result.error = reader.error();
    return result;
  }
  for (;;) {
    const auto line = (*reader)->next();
    if (!line) {
      result.error = line.error();
      return result;
    }
    if (!*line) return result;
    result.lines.emplace_back(**line);
    result.last_number = (*reader)->line_number();
  }
}

using Strings = std::vector<std::string>;

TEST(JsonlReader, CountsLines) {
  const Lines got = read_lines("a\n\nbcd\n");
  EXPECT_EQ(got.lines, (Strings{"a", "", "bcd"}));
  EXPECT_EQ(got.last_number, 3u);
}

TEST(JsonlReader, AnEmptyFileHasNoLines) {
  const Lines got = read_lines("");
  EXPECT_TRUE(got.lines.empty());
  EXPECT_FALSE(got.error);
}

TEST(JsonlReader, TheLastLineMayLackItsEnd) {
  const Lines got = read_lines("a\nb");
  EXPECT_EQ(got.lines, (Strings{"a", "b"}));
}

TEST(JsonlReader, ReadsLinesLongerThanItsBuffer) {
  const std::string line(3'000'001, 'x');
  const Lines got = read_lines("a\n" + line + "\nb\n");
  EXPECT_EQ(got.lines, (Strings{"a", line, "b"}));
}

TEST(JsonlReader, ReadsSeveralGzipMembersAsOneText) {
  const Lines got = read_lines(gzip("a\nb") + gzip("c\n") + gzip("d\n"));
  EXPECT_EQ(got.lines, (Strings{"a", "bc", "d"}));
  EXPECT_FALSE(got.error);
}

TEST(JsonlReader, ReadsSeveralZstdFramesAsOneText) {
  const Lines got = read_lines(zstd("a\nb") + zstd("c\n") + zstd("d\n"));
  EXPECT_EQ(got.lines, (Strings{"a", "bc", "d"}));
  EXPECT_FALSE(got.error);
}

TEST(JsonlReader, KeepsTheLinesInFrontOfACutMember) {
  std::string bytes = gzip("a\nb\n") + gzip("c\n");
  bytes.resize(bytes.size() - 5);
  const Lines got = read_lines(bytes);
  ASSERT_GE(got.lines.size(), 2u);
  EXPECT_EQ(got.lines[1], "b");
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, ErrorCode::kTruncated);
}

TEST(JsonlReader, KeepsTheLinesInFrontOfACutFrame) {
  std::string bytes = zstd("a\nb\n") + zstd("c\n");
  bytes.resize(bytes.size() - 3);
  const Lines got = read_lines(bytes);
  EXPECT_EQ(got.lines, (Strings{"a", "b"}));
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, ErrorCode::kTruncated);
}

TEST(JsonlReader, SaysWhereCompressedDataIsBroken) {
  std::string bytes = zstd(std::string(500, 'a'));
  bytes[6] = '\xff';
  bytes[7] = '\xff';
  const Lines got = read_lines(bytes);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, ErrorCode::kBadCompression);
}

TEST(JsonlReader, NamesAFileThatIsNotThere) {
  const auto reader = JsonlReader::open("/nowhere/x.jsonl");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::kUnreadable);
  EXPECT_NE(reader.error().detail.find("/nowhere/x.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace sdmeta
