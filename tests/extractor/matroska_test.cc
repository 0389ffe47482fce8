#include "extractor/matroska.h"

#include <gtest/gtest.h>

#include "tests/support/box_builder.h"
#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace test;
using namespace std::string_literals;

constexpr std::uint32_t kSegment = 0x18538067;
constexpr std::uint32_t kCluster = 0x1F43B675;
constexpr std::uint32_t kSimpleBlock = 0xA3;

std::string tracks(std::uint32_t width, std::uint32_t height) {
  const std::string video =
      element(0xE0, element(0xB0, be16(width)) + element(0xBA, be16(height)));
  const std::string sound = element(0xAE, element(0xE1, ""));
  return element(0x1654AE6B, sound + element(0xAE, video));
}

std::string webm(std::string_view segment_payload) {
  return ebml_header("webm") + element(kSegment, segment_payload);
}

TEST(Matroska, Quirk60_TagsKeepTheNameThatFfmpegPutsInCapitals) {
  const ImageFields image = extract(webm(
      tags(simple_tag("PROMPT", "{\"1\":{}}") + simple_tag("WORKFLOW", "{}"))));
  EXPECT_EQ(image.container, Container::kWebm);
  ASSERT_EQ(image.fields.size(), 2u);
  EXPECT_EQ(image.fields[0], (RawField{Carrier::kMatroskaTag, Encoding::kUtf8,
                                       "PROMPT", "{\"1\":{}}"}));
  EXPECT_EQ(image.fields[1].key, "WORKFLOW");
  EXPECT_FALSE(image.damage);
}

TEST(Matroska, DocTypeTellsMatroskaFromWebm) {
  EXPECT_EQ(extract(ebml_header("matroska")).container, Container::kMatroska);
}

TEST(Matroska, TagsBehindTheClustersAreFound) {
  const std::string cluster =
      element(kCluster, element(kSimpleBlock, std::string(9000, 'p')));
  const ImageFields image =
      extract(webm(cluster + cluster + tags(simple_tag("COMMENT", "hello"))));
  EXPECT_EQ(value_of(image, "COMMENT"), "hello");
}

// Recorders that cannot seek leave the sizes open.
TEST(Matroska, ElementsOfUnknownSizeEndWhereTheNextOneBegins) {
  const std::string cluster =
      endless_element(kCluster, element(kSimpleBlock, std::string(300, 'p')));
  const std::string open_tags =
      endless_element(0x1254C367, element(0x7373, simple_tag("COMMENT", "a")));
  const ImageFields image = extract(
      ebml_header("webm") +
      endless_element(kSegment, tracks(8, 9) + cluster + open_tags + cluster +
                                    tags(simple_tag("PROMPT", "b"))));
  EXPECT_EQ(value_of(image, "COMMENT"), "a");
  EXPECT_EQ(value_of(image, "PROMPT"), "b");
  EXPECT_EQ(image.width, 8u);
  EXPECT_FALSE(image.damage) << to_text(*image.damage);
}

TEST(Matroska, SizeIsThatOfTheFirstVideoTrack) {
  const ImageFields image = extract(webm(tracks(832, 1216) + tracks(1, 2)));
  EXPECT_EQ(image.width, 832u);
  EXPECT_EQ(image.height, 1216u);
}

TEST(Matroska, TagsInTagsFollowTheTagTheyAreIn) {
  const ImageFields image = extract(webm(
      tags(simple_tag("A", "1", simple_tag("B", "2")) + simple_tag("C", "3"))));
  ASSERT_EQ(image.fields.size(), 3u);
  EXPECT_EQ(image.fields[0].key, "A");
  EXPECT_EQ(image.fields[1].key, "B");
  EXPECT_EQ(image.fields[2].key, "C");
}

TEST(Matroska, TagsNestedBeyondTheLimitAreNoted) {
  std::string nested = simple_tag("DEEP", "x");
  for (int i = 0; i < 20; ++i) nested = simple_tag("T", "t", nested);
  const ImageFields image = extract(webm(tags(nested)));
  EXPECT_EQ(image.fields.size(), Limits{}.max_box_depth);
  EXPECT_TRUE(has_note(image, ErrorCode::kTooManyFields)) << notes_of(image);
}

// Each level would walk what the ones around it have walked.
TEST(Matroska, TagsOfUnknownSizeAreReadOnce) {
  constexpr std::uint32_t kSimpleTag = 0x67C8;
  std::string nested = simple_tag("DEEP", "x");
  for (int i = 0; i < 8; ++i) nested = endless_element(kSimpleTag, nested);
  const ImageFields image = extract(webm(tags(nested)));
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].key, "DEEP");
}

TEST(Matroska, TitleIsAField) {
  EXPECT_EQ(
      value_of(extract(webm(element(0x1549A966, element(0x7BA9, "a title")))),
               "Title"),
      "a title");
}

TEST(Matroska, ElementBehindTheEndOfTheFileIsTruncated) {
  const ImageFields image =
      extract(ebml_header("webm") +
              lying_element(kSegment, 1u << 30,
                            tags(simple_tag("COMMENT", "hello")) +
                                lying_element(kCluster, 1u << 29, "pixels")));
  EXPECT_EQ(value_of(image, "COMMENT"), "hello");
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kTruncated);
}

TEST(Matroska, ElementLongerThanItsParentIsCorrupt) {
  const ImageFields image =
      extract(webm(element(0x1254C367, lying_element(0x7373, 500, "")) +
                   element(kCluster, std::string(600, '\0'))));
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
}

TEST(Matroska, WhatIsNoElementIsCorrupt) {
  const ImageFields image = extract(webm("\0\0\0\0"s));
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
}

TEST(Matroska, TagLongerThanAFieldIsCutWithANote) {
  ExtractOptions options;
  options.limits.max_field_bytes = 10;
  const ImageFields image =
      extract(webm(tags(simple_tag("PROMPT", std::string(100, 'x')))), options);
  EXPECT_EQ(value_of(image, "PROMPT"), std::string(10, 'x'));
  EXPECT_TRUE(has_note(image, ErrorCode::kFieldTooLarge)) << notes_of(image);
}

TEST(Matroska, SurvivesEveryCutAndEveryChangedByte) {
  const std::string file =
      webm(tracks(8, 9) + tags(simple_tag("A", "1", simple_tag("B", "2"))) +
           element(kCluster, element(kSimpleBlock, "pixels")));
  for (std::size_t size = 2; size < file.size(); ++size)
    EXPECT_TRUE(extract(file.substr(0, size)).damage ||
                size == ebml_header("webm").size())
        << size;
  for_each_changed_byte(file, [](const std::string& changed) {
    EXPECT_LE(extract(changed).fields.size(), 3u);
  });
}

}  // namespace
}  // namespace sdmeta
