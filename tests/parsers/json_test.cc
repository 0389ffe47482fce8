#include "parsers/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "parsers/json_repair.h"

namespace sdmeta {
namespace {

constexpr std::size_t kDepth = 64;

std::string repaired(std::string_view text) {
  const auto result = repair_json(text, kDepth);
  return result ? result->text : "(none)";
}

TEST(JsonRepair, NanAndInfinityBecomeNull) {
  EXPECT_EQ(repaired(R"({"a": NaN, "b": [-Infinity, Infinity, undefined]})"),
            R"({"a":null,"b":[null,null,null]})");
}

TEST(JsonRepair, WordNanInsideAPromptIsLeftAlone) {
  EXPECT_EQ(repaired(R"({"p": "NaN bread, Infinity", "x": NaN})"),
            R"({"p":"NaN bread, Infinity","x":null})");
}

TEST(JsonRepair, IntegersBeyond64BitsBecomeStrings) {
  EXPECT_EQ(repaired(R"({"s": 18446744073709551616, "t": 18446744073709551615})"),
            R"({"s":"18446744073709551616","t":18446744073709551615})");
}

TEST(JsonRepair, DoublesOutOfRangeBecomeStrings) {
  EXPECT_EQ(repaired(R"({"s": 1e999})"), R"({"s":"1e999"})");
}

TEST(JsonRepair, RawControlCharactersInStringsAreEscaped) {
  EXPECT_EQ(repaired("{\"a\": \"x\ny\tz\x01\"}"), R"({"a":"x\ny\tz\u0001"})");
}

TEST(JsonRepair, TextAfterTheValueIsDropped) {
  EXPECT_EQ(repaired(std::string_view("{\"a\": 1}\0\0", 10)), R"({"a":1})");
  EXPECT_EQ(repaired("{\"a\": 1} garbage {"), R"({"a":1})");
}

TEST(JsonRepair, CutTextIsClosedAfterItsLastWholeMember) {
  EXPECT_EQ(repaired(R"({"a": {"b": [1, 2], "c": "cut he)"),
            R"({"a":{"b":[1,2]}})");
  EXPECT_EQ(repaired(R"({"a": 1, "b": {"c)"), R"({"a":1})");
  EXPECT_EQ(repaired(R"({"a": 1, "b": 12)"), R"({"a":1})");
}

TEST(JsonRepair, CutBeforeTheFirstWholeMemberIsNoJson) {
  EXPECT_EQ(repaired(R"({"a": "cut)"), "(none)");
  EXPECT_EQ(repaired("{"), "(none)");
}

TEST(JsonRepair, PythonDictIsRead) {
  EXPECT_EQ(repaired(R"({'a': 'it\'s "x"', 'b': (1, 2.5), 'c': None, 'd': True})"),
            R"({"a":"it's \"x\"","b":[1,2.5],"c":null,"d":true})");
}

TEST(JsonRepair, PythonEscapesAreRead) {
  EXPECT_EQ(repaired(R"({'a': '\xe9\U0001F600\u00e9'})"),
            "{\"a\":\"\\u00e9\xF0\x9F\x98\x80\\u00e9\"}");
}

TEST(JsonRepair, SuperfluousCommasAreDropped) {
  EXPECT_EQ(repaired(R"({"a": [1, 2,],, "b": 3,})"), R"({"a":[1,2],"b":3})");
}

TEST(JsonRepair, LoneSurrogateIsReplaced) {
  EXPECT_EQ(repaired(R"({"a": "\ud83d", "b": "\ud83d\ude00"})"),
            "{\"a\":\"\xEF\xBF\xBD\",\"b\":\"\\ud83d\\ude00\"}");
}

TEST(JsonRepair, BackslashesThatEscapeNothingStay) {
  EXPECT_EQ(repaired(R"({"a": "C:\dir\models"})"), R"({"a":"C:\\dir\\models"})");
}

TEST(JsonRepair, InvalidUtf8IsReplaced) {
  EXPECT_EQ(repaired("{\"a\": \"x\xFFy\xC3\"}"),
            "{\"a\":\"x\xEF\xBF\xBDy\xEF\xBF\xBD\"}");
}

TEST(JsonRepair, NestingBeyondTheLimitIsCut) {
  const auto result = repair_json(R"({"a": 1, "b": [[[[2]]]]})", 3);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text, R"({"a":1})");
}

TEST(JsonRepair, PromptInBracesIsNoJson) {
  EXPECT_EQ(repaired("{red|blue} dress, {\"a\": 1}"), "(none)");
  EXPECT_EQ(repaired("{\"quoted\"|b}"), "(none)");
  EXPECT_EQ(repaired("a cat"), "(none)");
}

TEST(Json, MillionOpenBracketsAreRefused) {
  const std::string text(1'000'000, '[');
  EXPECT_TRUE(parse_json(text, Limits{}).root().is_missing());
}

TEST(Json, TextOfTooManyValuesIsRefused) {
  Limits limits;
  limits.max_json_values = 1000;
  std::string text = "[0";
  for (int i = 0; i < 1'500'000; ++i) text += ",0";
  text += "]";
  const JsonDocument document = parse_json(text, limits);
  EXPECT_TRUE(document.root().is_missing());
  ASSERT_TRUE(document.failure());
  EXPECT_EQ(document.failure()->code, ErrorCode::kMalformed);
}

TEST(Json, UnreadableTextSaysWhy) {
  const JsonDocument document = parse_json("{not json", Limits{});
  EXPECT_TRUE(document.root().is_missing());
  ASSERT_TRUE(document.failure());
  EXPECT_NE(document.failure()->detail, "");
}

TEST(Json, RepairIsNoted) {
  const JsonDocument document = parse_json(R"({"a": None})", Limits{});
  ASSERT_TRUE(document.repair());
  EXPECT_EQ(document.repair()->code, ErrorCode::kJsonRepaired);
  EXPECT_EQ(document.repair()->detail, "constants of other languages");
}

// json.dumps of Python writes it, so that it stands in nearly every graph.
TEST(Json, NanIsOrdinary) {
  const JsonDocument document = parse_json(R"({"a": [NaN]})", Limits{});
  EXPECT_FALSE(document.repair());
  EXPECT_TRUE(document.root()["a"][0].is_null());
}

TEST(Json, StrictTextIsNotRepaired) {
  EXPECT_FALSE(parse_json(R"({"a": 1})", Limits{}).repair());
}

TEST(Json, SeedsKeepEveryDigit) {
  const JsonDocument document = parse_json(
      R"([18446744073709551615, -26764735279900, "123", 1.5e9,
          99999999999999999999, "-1", 20.0])",
      Limits{});
  const JsonValue seeds = document.root();
  EXPECT_EQ(seeds[0].digits(), "18446744073709551615");
  EXPECT_EQ(seeds[1].digits(), "-26764735279900");
  EXPECT_EQ(seeds[2].digits(), "123");
  EXPECT_EQ(seeds[3].digits(), "1500000000");
  EXPECT_EQ(seeds[4].digits(), "99999999999999999999");
  EXPECT_EQ(seeds[5].digits(), "-1");
  EXPECT_EQ(seeds[6].digits(), "20");
}

TEST(Json, NumbersMayBeStrings) {
  const JsonDocument document =
      parse_json(R"({"cfg": "7.5", "steps": " 20 ", "x": "seven"})", Limits{});
  EXPECT_EQ(document.root()["cfg"].number(), 7.5);
  EXPECT_EQ(document.root()["steps"].integer(), 20);
  EXPECT_EQ(document.root()["x"].number(), std::nullopt);
}

TEST(Json, NumbersBecomeTextAsPythonWritesThem) {
  for (const char* number :
       {"7", "7.0", "7.5", "-0.0", "0.1", "0.30000000000000004", "0.0001",
        "-0.00015", "1e-05", "100000.0", "123456789.0", "1000000000000000.0",
        "1e+16", "1.5e+300", "5e-324", "18446744073709551615"})
    EXPECT_EQ(parse_json(number, Limits{}).root().text(), number);
}

TEST(Json, AccessorsOfTheWrongKindGiveNothing) {
  const JsonDocument document = parse_json(R"({"a": [1]})", Limits{});
  const JsonValue root = document.root();
  EXPECT_TRUE(root["b"]["c"][3].is_missing());
  EXPECT_TRUE(root[0].is_missing());
  EXPECT_EQ(root["a"].string(), std::nullopt);
  EXPECT_EQ(root["a"].integer(), std::nullopt);
  EXPECT_EQ(root["b"].text(), "");
}

TEST(Json, DocumentsAreIndependentOfEachOther) {
  JsonDocument first = parse_json(R"({"a": "one"})", Limits{});
  JsonDocument second = parse_json(R"({"a": "two"})", Limits{});
  const JsonDocument moved = std::move(first);
  { const JsonDocument third = parse_json(R"({"a": "three"})", Limits{}); }
  const JsonDocument fourth = parse_json(R"({"a": "four"})", Limits{});
  EXPECT_EQ(moved.root()["a"].string(), "one");
  EXPECT_EQ(second.root()["a"].string(), "two");
  EXPECT_EQ(fourth.root()["a"].string(), "four");
}

TEST(Json, SpareBytesAreNotPartOfTheText) {
  const std::string text = R"({"a": 1})" + std::string(100, '}');
  const JsonDocument document =
      parse_json(std::string_view(text).substr(0, 8), Limits{}, 100);
  EXPECT_EQ(document.root()["a"].integer(), 1);
  EXPECT_FALSE(document.repair());
}

// nlohmann is the oracle: what it reads, the repair must not change.
TEST(JsonRepair, ValidTextKeepsItsMeaning) {
  for (const char* text :
       {R"({})", R"([])", R"({"a":{},"b":[]})",
        R"({"a":[1,-2,3.5,1e10,-0.0,true,false,null,"x"]})",
        R"({"é":"日本\u0041\ud83d\ude00\n\\\"\/"})",
        R"([[[[]]],{"a":{"b":{"c":[{}]}}}])",
        "{ \"a\" : [ 1 , 2 ] ,\r\n\t\"b\" : \"c\" }",
        R"({"n":18446744073709551615,"m":-9223372036854775808})"}) {
    const auto result = repair_json(text, kDepth);
    ASSERT_TRUE(result) << text;
    EXPECT_EQ(nlohmann::json::parse(result->text), nlohmann::json::parse(text));
    EXPECT_EQ(result->done, "") << text;
  }
}

}  // namespace
}  // namespace sdmeta
