#include "pipeline/record_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "pipeline/jsonl_reader.h"

namespace sdmeta {
namespace {

Result<RecordHead> head_of(std::string line) {
  RecordParser parser;
  const std::size_t size = line.size();
  line.append(JsonlReader::kPadding, ' ');
  return parser.head(std::string_view(line).substr(0, size));
}

TEST(RecordParser, ReadsWhatTellsRecordsApart) {
  const auto head = head_of(
      R"({"schema":1,"status":"ok","file":"a.tar","member":"b\/7.png",)"
      R"("image_id":7,"image":{"format":"png","width":1,"height":2,)"
      R"("bytes":33},"generation":{"prompt":"\"status\":\"x\""},)"
      R"("row":{"id":1,"image_url":"u"},"raw":null})");
  ASSERT_TRUE(head) << head.error().detail;
  EXPECT_EQ(head->status, "ok");
  EXPECT_EQ(head->file, "a.tar");
  EXPECT_EQ(head->member, "b/7.png");
  EXPECT_EQ(head->image_id, 7u);
  EXPECT_EQ(head->image_bytes, 33u);
  EXPECT_EQ(head->image_url, "u");
}

TEST(RecordParser, NullsAreAbsent) {
  const auto head = head_of(
      R"({"schema":1,"status":"unreadable","file":"a","member":null,)"
      R"("image_id":null,"image":{"format":null,"bytes":null},"row":null})");
  ASSERT_TRUE(head);
  EXPECT_FALSE(head->member);
  EXPECT_FALSE(head->image_id);
  EXPECT_FALSE(head->image_bytes);
  EXPECT_FALSE(head->image_url);
}

TEST(RecordParser, AWarningTellsThatTheFileIsDamaged) {
  const auto is_damaged = [](const std::string& warnings) {
    const auto head = head_of(
        R"({"status":"ok","file":"a","raw":[{"text":"\"warnings\":[]}"}],)"
        R"("error":null,"warnings":)" +
        warnings + "}");
    return head && head->is_damaged;
  };
  EXPECT_TRUE(is_damaged(R"(["truncated: file ends after 9 bytes"])"));
  EXPECT_TRUE(is_damaged(R"(["low_confidence: a","corrupt"])"));
  EXPECT_TRUE(is_damaged(R"(["unreadable: Input/output error"])"));
  EXPECT_FALSE(is_damaged("[]"));
  EXPECT_FALSE(is_damaged(R"(["bad_text: truncated: a"])"));
  EXPECT_FALSE(is_damaged(R"([1,"corrupt"])"));
  EXPECT_FALSE(is_damaged("null"));
}

TEST(RecordParser, OtherLinesAreMalformed) {
  for (const char* line : {"", "{", "[]", "null", "{\"file\":1}", "PK\x03"}) {
    const auto head = head_of(line);
    ASSERT_FALSE(head) << line;
    EXPECT_EQ(head.error().code, ErrorCode::kMalformed);
  }
}

}  // namespace
}  // namespace sdmeta
