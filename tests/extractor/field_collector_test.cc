#include "extractor/field_collector.h"

#include <gtest/gtest.h>

namespace sdmeta {
namespace {

bool is_generation_text(std::string key, std::string value) {
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  out.add(Carrier::kPngText, std::move(key), {std::move(value)});
  return out.has_generation_text();
}

// What ends the search, at the pixels and for stealth data.
TEST(FieldCollector, KeysThatHoldAWholeGeneration) {
  EXPECT_TRUE(is_generation_text("parameters", "a cat"));
  EXPECT_TRUE(is_generation_text("prompt", "{}"));
  EXPECT_TRUE(is_generation_text("invokeai_metadata", "{}"));
  EXPECT_TRUE(is_generation_text("Comment", "{\"prompt\": 1}"));
  EXPECT_TRUE(is_generation_text("UserComment", "a cat\nSteps: 20, Seed: 1"));
  EXPECT_TRUE(is_generation_text("Make", "workflow:{}"));
  EXPECT_TRUE(is_generation_text("ImageDescription", "Workflow: {}"));
}

TEST(FieldCollector, KeysThatDoNot) {
  EXPECT_FALSE(is_generation_text("parameters", ""));
  EXPECT_FALSE(is_generation_text("Software", "NovelAI"));
  EXPECT_FALSE(is_generation_text("Title", "a cat"));
  EXPECT_FALSE(is_generation_text("Description", "a cat, Steps: 20"));
  EXPECT_FALSE(is_generation_text("Comment", "Created with GIMP"));
  EXPECT_FALSE(is_generation_text("UserComment", "Screenshot"));
  EXPECT_FALSE(is_generation_text("Make", "Canon"));
  EXPECT_FALSE(is_generation_text("ImageDescription", "scene 3: {day}, sun"));
}

TEST(FieldCollector, FirstDamageStaysAndTheNextIsANote) {
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  out.damage(ErrorCode::kTruncated, "first");
  out.damage(ErrorCode::kCorrupt, "second");
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->detail, "first");
  ASSERT_EQ(image.notes.size(), 1u);
  EXPECT_EQ(image.notes[0].detail, "second");
}

// What a reader asks before it inflates and decodes.
TEST(FieldCollector, BehindTheLastFieldThereIsRoomForNothing) {
  ImageFields image;
  Limits limits;
  limits.max_fields = 1;
  FieldCollector out(image, limits);
  EXPECT_TRUE(out.may_add());
  out.add(Carrier::kPngText, "parameters", {"a cat"});
  EXPECT_EQ(out.room(), 0u);
  EXPECT_EQ(out.admit(10, "Comment"), 0u);
  EXPECT_FALSE(out.may_add());
  ASSERT_EQ(image.notes.size(), 1u);
  EXPECT_EQ(image.notes[0].code, ErrorCode::kTooManyFields);
}

TEST(FieldCollector, EqualNotesAreOne) {
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  out.note(ErrorCode::kBadXmp, "x");
  out.note(ErrorCode::kBadXmp, "x");
  EXPECT_EQ(image.notes.size(), 1u);
}

TEST(FieldCollector, DamagedTextIsKeptWithANote) {
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  out.add(Carrier::kExifIfd, "UserComment", {"a", Encoding::kUtf16Be, true});
  EXPECT_EQ(image.fields.size(), 1u);
  ASSERT_EQ(image.notes.size(), 1u);
  EXPECT_EQ(image.notes[0].code, ErrorCode::kBadText);
}

}  // namespace
}  // namespace sdmeta
