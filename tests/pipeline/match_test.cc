#include "pipeline/match.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipeline/csv_index.h"

namespace sdmeta {
namespace {

constexpr const char* kUuid = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
constexpr Uuid kUuidValue{0x0a1b2c3d4e5f6071, 0x8293a4b5c6d7e8f9};

/// Keys as text: numbers, and "uuid" for kUuid.
std::vector<std::string> keys(const std::string& path,
                              const std::string& member = "",
                              MatchKey match = MatchKey::kAny,
                              const std::string& regex = "") {
  const auto matcher = NameMatcher::make(match, regex);
  std::vector<std::string> all;
  const auto found = matcher->keys(path, member);
  for (const NameKey& key : found.all()) {
    if (key.kind == NameKey::Kind::kNumber)
      all.push_back(std::to_string(key.number));
    else
      all.push_back(key.uuid == kUuidValue ? "uuid" : "other uuid");
  }
  return all;
}

using Keys = std::vector<std::string>;

TEST(Match, ReadsUuidsOfEitherCase) {
  EXPECT_EQ(parse_uuid(kUuid), kUuidValue);
  EXPECT_EQ(parse_uuid("0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9"), kUuidValue);
}

TEST(Match, EveryWrongByteSpoilsAUuid) {
  for (std::size_t i = 0; i < 36; ++i) {
    for (const char c : {'g', 'G', '/', ':', '@', '`', '\0', '\x80', '\xB0'}) {
      std::string text = kUuid;
      text[i] = c;
      EXPECT_FALSE(parse_uuid(text)) << i << " " << int{c};
    }
  }
  EXPECT_FALSE(parse_uuid(""));
  EXPECT_FALSE(parse_uuid(std::string(kUuid) + "0"));
}

TEST(Match, ReadsNumbersOfEveryLength) {
  std::string text;
  std::uint64_t number = 0;
  for (const char digit : std::string("12345678901234567890")) {
    text += digit;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    EXPECT_EQ(parse_image_number(text), number) << text;
    for (std::size_t i = 0; i < text.size(); ++i) {
      for (const char c :
           {'/', ':', ' ', '-', '.', '\0', '\x7F', '\xB1', 'a'}) {
        std::string wrong = text;
        wrong[i] = c;
        EXPECT_FALSE(parse_image_number(wrong)) << wrong;
      }
    }
  }
  EXPECT_EQ(parse_image_number("18446744073709551615"), UINT64_MAX);
  EXPECT_FALSE(parse_image_number("18446744073709551616"));
  EXPECT_EQ(parse_image_number("0"), 0u);
  EXPECT_FALSE(parse_image_number("012345678"));
}

TEST(Match, FindsAUuidInAnAddress) {
  EXPECT_EQ(find_uuid(std::string("https://image.civitai.com/xG1n-abc/") +
                      kUuid + "/original=true/"),
            kUuidValue);
  EXPECT_FALSE(find_uuid(std::string("a") + kUuid));
  EXPECT_FALSE(find_uuid("no-such-thing"));
}

TEST(Match, TheStemIsAnImageId) {
  EXPECT_EQ(keys("a/b/12345678.png"), Keys{"12345678"});
  EXPECT_EQ(keys("7.jpeg"), Keys{"7"});
  EXPECT_EQ(keys("12345678"), Keys{"12345678"});
}

TEST(Match, TheStemBeginsOrEndsWithAnImageId) {
  EXPECT_EQ(keys("12345678_foo.png"), Keys{"12345678"});
  EXPECT_EQ(keys("civitai_12345678.jpeg"), Keys{"12345678"});
  EXPECT_EQ(keys("12345678 (1).png"), Keys{"12345678"});
  EXPECT_EQ(keys("12345678.preview.png"), Keys{"12345678"});
}

TEST(Match, BothEndsMayBeImageIds) {
  EXPECT_EQ(keys("12345678_87654321.png"), (Keys{"12345678", "87654321"}));
}

TEST(Match, AUuidIsFoundInTheStemAndAmongTheFolders) {
  const std::string uuid = kUuid;
  EXPECT_EQ(keys(uuid + ".jpeg"), Keys{"uuid"});
  EXPECT_EQ(keys("x/" + uuid), Keys{"uuid"});
  EXPECT_EQ(keys("foo_" + uuid + ".png"), Keys{"uuid"});
  EXPECT_EQ(keys(uuid + "-small.png"), Keys{"uuid"});
  EXPECT_EQ(keys("foo_" + uuid + "_small.png"), Keys{"uuid"});
  EXPECT_EQ(keys("{" + uuid + "}.png"), Keys{"uuid"});
  EXPECT_EQ(keys("x" + uuid + "x.png"), Keys{});
  EXPECT_EQ(keys("img/" + uuid + "/original=true/a.jpeg"), Keys{"uuid"});
  EXPECT_EQ(keys(uuid + "/original=true"), Keys{"uuid"});
}

TEST(Match, MembersCountBeforeTheirArchive) {
  const std::string uuid = kUuid;
  EXPECT_EQ(keys("shots.tar", "x/12345678.png"), Keys{"12345678"});
  EXPECT_EQ(keys("12345678.zip", "readme.png"), Keys{});
  EXPECT_EQ(keys(uuid + "/a.zip", "12345678.png"), (Keys{"12345678", "uuid"}));
}

// Wrong joins are worse than missing ones.
TEST(Match, OtherNumbersAreNoImageIds) {
  EXPECT_EQ(keys("1024x1024.png"), Keys{});
  EXPECT_EQ(keys("foo_2.png"), Keys{});
  EXPECT_EQ(keys("2024-01-31.png"), Keys{});
  EXPECT_EQ(keys("img12345678.png"), Keys{});
  EXPECT_EQ(keys("ComfyUI_00012_.png"), Keys{});
  EXPECT_EQ(keys("007.png"), Keys{});
  EXPECT_EQ(keys("99999999999999999999.png"), Keys{});
  EXPECT_EQ(keys(".png"), Keys{});
  EXPECT_EQ(keys(""), Keys{});
}

TEST(Match, ASeedBehindACounterIsNoImageId) {
  EXPECT_EQ(keys("00012-3456789.png"), Keys{});
}

TEST(Match, OneKeyCanBeForced) {
  const std::string uuid = kUuid;
  const std::string name = uuid + "/12345678.png";
  EXPECT_EQ(keys(name, "", MatchKey::kImageId), Keys{"12345678"});
  EXPECT_EQ(keys(name, "", MatchKey::kImageUrl), Keys{"uuid"});
  EXPECT_EQ(keys(name, "", MatchKey::kId), Keys{"12345678"});
}

TEST(Match, ARegexNamesTheKeyByItsFirstGroup) {
  EXPECT_EQ(keys("by/img9876x.png", "", MatchKey::kRegex, "img([0-9]+)x"),
            Keys{"9876"});
  EXPECT_EQ(keys("a.tar", "img9876x.png", MatchKey::kRegex, "[0-9]+"),
            Keys{"9876"});
  EXPECT_EQ(keys("none.png", "", MatchKey::kRegex, "img([0-9]+)x"), Keys{});
}

TEST(Match, ABadRegexIsAnError) {
  const auto matcher = NameMatcher::make(MatchKey::kRegex, "(");
  ASSERT_FALSE(matcher);
  EXPECT_EQ(matcher.error().code, ErrorCode::kMalformed);
  EXPECT_NE(matcher.error().detail.find("regex:("), std::string::npos);
}

TEST(Match, ANameStatesItsImageIdWithoutACsv) {
  EXPECT_EQ(image_id_of_name("civitai_12345678.jpeg", ""), 12345678u);
  EXPECT_EQ(image_id_of_name("a.tar", "x/12345678.png"), 12345678u);
  EXPECT_FALSE(image_id_of_name(std::string(kUuid) + ".png", ""));
}

TEST(Match, DescriptorsAndListsThatWereTakenForOnePathStateNoImageId) {
  for (const char* name : {"/dev/fd/12345678", "/proc/self/fd/12345678",
                           "a/1.png\nb/12345678.png"})
    EXPECT_FALSE(image_id_of_name(name, "")) << name;
  EXPECT_EQ(image_id_of_name("/dev/shm/12345678.png", ""), 12345678u);
  EXPECT_EQ(image_id_of_name("two\nlines/12345678.png", ""), 12345678u);
}

// Cameras, phones and screenshots name files by them; a wrong image_id is worse
// than none.
TEST(Match, DatesAndClockTimesStateNoImageId) {
  for (const char* name :
       {"IMG_20231005_123456.png", "20231005_123456.png", "20231005_cat.png",
        "Screenshot 2024-01-05 123456.png", "Screenshot_2024-01-05-123456.png",
        "PXL_20231005_123456789.jpg", "cat 20231005.png", "20231005123456.png",
        "cat_20231005123456.png", "20231005 - 235959.png"}) {
    EXPECT_FALSE(image_id_of_name(name, "")) << name;
    // A row may have the number all the same.
    EXPECT_FALSE(keys(name).empty()) << name;
  }
}

TEST(Match, NumbersThatTheNameCallsSomethingElseStateNoImageId) {
  for (const char* name :
       {"seed_384756291.png", "cat Seed-384756291.png", "ink-step-15000.png",
        "ink_steps_15000.png", "ink-epoch 10000.png"}) {
    EXPECT_FALSE(image_id_of_name(name, "")) << name;
    EXPECT_FALSE(keys(name).empty()) << name;
  }
  EXPECT_EQ(image_id_of_name("linseed_12345678.png", ""), 12345678u);
  EXPECT_EQ(image_id_of_name("12345678_seed.png", ""), 12345678u);
}

TEST(Match, NumbersThatAreNoDatesAndTimesStateAnImageId) {
  EXPECT_EQ(image_id_of_name("20231005.png", ""), 20231005u);
  EXPECT_EQ(image_id_of_name("cat_20231305.png", ""), 20231305u);
  EXPECT_EQ(image_id_of_name("20231032_cat.png", ""), 20231032u);
  EXPECT_EQ(image_id_of_name("19891231_cat.png", ""), 19891231u);
  EXPECT_EQ(image_id_of_name("cat_123456.png", ""), 123456u);
  EXPECT_EQ(image_id_of_name("20231005_243456.png", ""), 243456u);
  EXPECT_EQ(image_id_of_name("20231005_12345678.png", ""), 12345678u);
  EXPECT_EQ(image_id_of_name("20231005_98765432_x.png", ""), std::nullopt);
  EXPECT_EQ(image_id_of_name("2024-01.05 123456.png", ""), 123456u);
}

TEST(Match, UuidsAreWrittenAsTheyAreRead) {
  EXPECT_EQ(to_text(kUuidValue), kUuid);
  EXPECT_EQ(to_text(Uuid{}), "00000000-0000-0000-0000-000000000000");
}

}  // namespace
}  // namespace sdmeta
