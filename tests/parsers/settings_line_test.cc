#include "parsers/settings_line.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sdmeta {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs(std::string_view line) {
  Pairs result;
  for (const Setting& setting : split_settings(line, 10000).settings)
    result.emplace_back(setting.key, setting.value());
  return result;
}

TEST(SettingsLine, PairsAreSeparatedByCommas) {
  EXPECT_EQ(
      pairs("Steps: 20, Sampler: Euler a, CFG scale: 7"),
      (Pairs{{"Steps", "20"}, {"Sampler", "Euler a"}, {"CFG scale", "7"}}));
}

TEST(SettingsLine, BlanksAreOptional) {
  EXPECT_EQ(pairs("  Steps:20,Sampler:Euler ,  Seed :1  "),
            (Pairs{{"Steps", "20"}, {"Sampler", "Euler"}, {"Seed", "1"}}));
}

TEST(SettingsLine, NothingGivesNothing) {
  EXPECT_TRUE(pairs("").empty());
  EXPECT_TRUE(pairs(" , ,").empty());
}

TEST(SettingsLine, NulsAreBlanks) {
  EXPECT_TRUE(pairs(std::string_view("\0, \0", 4)).empty());
  EXPECT_EQ(pairs(std::string_view("A: 1,\0B: 2\0", 12)),
            (Pairs{{"A", "1"}, {"B", "2"}}));
}

TEST(SettingsLine, ATrailingCommaIsNoSetting) {
  EXPECT_EQ(pairs("Steps: 20, Seed: 1, "),
            (Pairs{{"Steps", "20"}, {"Seed", "1"}}));
}

TEST(SettingsLine, QuotedValuesHoldCommasColonsAndEscapes) {
  EXPECT_EQ(pairs(R"(A: "x, y: \"z\"\\ \n\u00e9", B: 1)"),
            (Pairs{{"A", "x, y: \"z\"\\ \n\xC3\xA9"}, {"B", "1"}}));
}

TEST(SettingsLine, SurrogatePairsAreOneCharacter) {
  EXPECT_EQ(pairs(R"(A: "\ud83d\ude00, ")"),
            (Pairs{{"A", "\xF0\x9F\x98\x80, "}}));
  EXPECT_EQ(pairs(R"(A: "\ud83d, ")"), (Pairs{{"A", "\xEF\xBF\xBD, "}}));
}

TEST(SettingsLine, QuotesInsideAValueAreText) {
  EXPECT_EQ(pairs("A: say \"hi\", B: 5\" nails"),
            (Pairs{{"A", "say \"hi\""}, {"B", "5\" nails"}}));
}

TEST(SettingsLine, TextBehindAClosingQuoteMakesItText) {
  EXPECT_EQ(pairs(R"(A: "x" and "y", B: 1)"),
            (Pairs{{"A", R"("x" and "y")"}, {"B", "1"}}));
}

TEST(SettingsLine, KeysMayHaveRoundBrackets) {
  EXPECT_EQ(
      pairs("Sampler: Euler, Model (Lumina2): a/b, Seed: 2"),
      (Pairs{{"Sampler", "Euler"}, {"Model (Lumina2)", "a/b"}, {"Seed", "2"}}));
  EXPECT_EQ(pairs("Detailer: a cat, blue (sky:1.2), Seed: 2"),
            (Pairs{{"Detailer", "a cat, blue (sky:1.2)"}, {"Seed", "2"}}));
}

TEST(SettingsLine, AnOpenQuoteCostsNothingElse) {
  EXPECT_EQ(pairs("A: \"x, B: 1, Seed: 2"),
            (Pairs{{"A", "\"x"}, {"B", "1"}, {"Seed", "2"}}));
}

TEST(SettingsLine, AnEscapeThatIsNotJsonStays) {
  EXPECT_EQ(pairs(R"(VAE: "C:\dir, x", B: 1)"),
            (Pairs{{"VAE", R"(C:\dir, x)"}, {"B", "1"}}));
}

TEST(SettingsLine, AQuotedValueMaySpanLines) {
  const SettingsLine line = split_settings("A: \"x,\ny\", B: 1\nrest", 10);
  ASSERT_EQ(line.settings.size(), 2u);
  EXPECT_EQ(line.settings[0].value(), "x,\ny");
  EXPECT_EQ(line.rest, "rest");
}

TEST(SettingsLine, TheLineEndEndsTheLine) {
  const SettingsLine line = split_settings("A: 1\nB: 2", 10);
  EXPECT_EQ(line.settings.size(), 1u);
  EXPECT_EQ(line.rest, "B: 2");
}

TEST(SettingsLine, BracketsAreKeptTogether) {
  EXPECT_EQ(
      pairs(R"(Hashes: {"model": "ab", "lora:x, y": "cd"}, B: 1)"),
      (Pairs{{"Hashes", R"({"model": "ab", "lora:x, y": "cd"})"}, {"B", "1"}}));
  EXPECT_EQ(pairs("Skip layers: [7, 8, ], B: 1"),
            (Pairs{{"Skip layers", "[7, 8, ]"}, {"B", "1"}}));
}

// Peers stop at the first `}]`.
TEST(SettingsLine, BracketsInStringsDoNotCloseAList) {
  const std::string list =
      R"([{"modelName":"a }], b: \"c\" {","weight":1},{"modelName":"d"}])";
  EXPECT_EQ(pairs("Civitai resources: " + list + ", Seed: 1"),
            (Pairs{{"Civitai resources", list}, {"Seed", "1"}}));
}

TEST(SettingsLine, AnOpenBracketCostsNothingElse) {
  EXPECT_EQ(pairs("A: {x, B: [1, Seed: 2"),
            (Pairs{{"A", "{x"}, {"B", "[1"}, {"Seed", "2"}}));
}

// Peers lose a colon of it, or the value.
TEST(SettingsLine, DatesHoldColons) {
  EXPECT_EQ(
      pairs("Created Date: 2026-01-04T01:27:21.2717070Z, Seed: 1"),
      (Pairs{{"Created Date", "2026-01-04T01:27:21.2717070Z"}, {"Seed", "1"}}));
}

TEST(SettingsLine, UnquotedListsStayWhole) {
  EXPECT_EQ(pairs("Detailer: face, hands, Seed: 1"),
            (Pairs{{"Detailer", "face, hands"}, {"Seed", "1"}}));
  EXPECT_EQ(pairs("ADM Guidance: (1.5, 0.8, 0.3), Seed: 1"),
            (Pairs{{"ADM Guidance", "(1.5, 0.8, 0.3)"}, {"Seed", "1"}}));
}

TEST(SettingsLine, UrlsAndDrivesAreNoKeys) {
  EXPECT_EQ(pairs("From: a, https://x.y, C:\\z, Seed: 1"),
            (Pairs{{"From", "a, https://x.y, C:\\z"}, {"Seed", "1"}}));
}

TEST(SettingsLine, APieceWithoutColonIsAFlagBehindANumber) {
  const auto settings =
      split_settings("Steps: 20, Tiling, Size: 8x8, Fast, Seed: 1", 10)
          .settings;
  ASSERT_EQ(settings.size(), 5u);
  EXPECT_EQ(settings[1].key, "Tiling");
  EXPECT_TRUE(settings[1].is_flag);
  EXPECT_TRUE(settings[3].is_flag);
  EXPECT_FALSE(settings[4].is_flag);
}

TEST(SettingsLine, KeysMayRepeat) {
  EXPECT_EQ(pairs("TE: a, TE: b"), (Pairs{{"TE", "a"}, {"TE", "b"}}));
}

TEST(SettingsLine, AnEmptyValueIsEmpty) {
  EXPECT_EQ(pairs("A: , B: 1"), (Pairs{{"A", ""}, {"B", "1"}}));
  EXPECT_EQ(pairs("A:"), (Pairs{{"A", ""}}));
}

TEST(SettingsLine, TheLimitIsReported) {
  const SettingsLine line = split_settings("A: 1, B: 2, C: 3\nrest", 2);
  EXPECT_EQ(line.settings.size(), 2u);
  EXPECT_TRUE(line.is_cut);
  EXPECT_EQ(line.rest, "rest");
}

// What a megabyte of anything may give: every shape that has made a scanner
// start over, a hundred thousand times. A quadratic splitter takes minutes.
TEST(SettingsLine, AMegabyteOfAnythingIsLinear) {
  for (const std::string_view unit :
       {"a: \"", "a: {, ", "a: [\"", ", ", "a, ", "a: b, c, ", "::::", "\"\"",
        "a: \"\\\"\\\"", "{[", "a: \"x\" y, ", "Steps: 1, "}) {
    std::string line;
    while (line.size() < 1'000'000) line += unit;
    EXPECT_LE(split_settings(line, 1u << 20).settings.size(), line.size());
  }
}

TEST(SettingsLine, AMegabyteValueIsReadWhole) {
  const std::string value(1'000'000, 'x');
  EXPECT_EQ(pairs("Steps: 1, A: " + value + ", Seed: 2"),
            (Pairs{{"Steps", "1"}, {"A", value}, {"Seed", "2"}}));
}

}  // namespace
}  // namespace sdmeta
