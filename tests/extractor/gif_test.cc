#include <gtest/gtest.h>

#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using test::extract;
using test::GifBuilder;
using test::has_note;
using test::value_of;

TEST(Gif, CommentOfManyBlocks) {
  const std::string text(1000, 'x');
  const ImageFields image =
      extract(GifBuilder(832, 1216).comment(text).frame().build());
  EXPECT_EQ(image.container, Container::kGif);
  EXPECT_EQ(image.width, 832u);
  EXPECT_EQ(image.height, 1216u);
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].carrier, Carrier::kGifComment);
  EXPECT_EQ(image.fields[0].value, text);
  EXPECT_FALSE(image.damage);
}

TEST(Gif, SeveralFramesAreNoted) {
  EXPECT_FALSE(
      has_note(extract(GifBuilder().frame().build()), ErrorCode::kAnimated));
  EXPECT_TRUE(has_note(extract(GifBuilder().frame().frame().build()),
                       ErrorCode::kAnimated));
}

TEST(Gif, EveryCommentIsAField) {
  const ImageFields image = extract(
      GifBuilder().comment("one").frame().comment("two").frame().build());
  ASSERT_EQ(image.fields.size(), 2u);
  EXPECT_EQ(image.fields[1].value, "two");
}

TEST(Gif, Xmp) {
  const ImageFields image =
      extract(GifBuilder()
                  .xmp(test::xmp_packet("xmp:CreatorTool='a tool'"))
                  .frame()
                  .comment("behind")
                  .build());
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "a tool");
  EXPECT_EQ(value_of(image, "Comment"), "behind");
  EXPECT_FALSE(image.damage);
}

TEST(Gif, WithoutATrailerIsTruncated) {
  const std::string file = GifBuilder().comment("a cat").frame().build();
  const ImageFields image =
      extract(std::string_view(file).substr(0, file.size() - 1));
  EXPECT_EQ(value_of(image, "Comment"), "a cat");
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kTruncated);
}

}  // namespace
}  // namespace sdmeta
