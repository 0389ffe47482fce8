#include <gtest/gtest.h>

#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::extract;
using test::has_note;
using test::notes_of;
using test::value_of;
using test::WebpBuilder;

constexpr std::uint8_t kExifFlag = 0x08;

std::string exif_comment() {
  return test::exif_with_comment(ByteOrder::kLittle, "ASCII\0\0\0a cat"s);
}

TEST(Webp, SizeOfEachKind) {
  const ImageFields extended =
      extract(WebpBuilder().extended(832, 1216, 0).lossy(9, 9).build());
  EXPECT_EQ(extended.container, Container::kWebp);
  EXPECT_EQ(extended.width, 832u);
  EXPECT_EQ(extended.height, 1216u);
  const ImageFields lossless =
      extract(WebpBuilder().lossless(832, 1216).build());
  EXPECT_EQ(lossless.width, 832u);
  EXPECT_EQ(lossless.height, 1216u);
  const ImageFields lossy = extract(WebpBuilder().lossy(832, 1216).build());
  EXPECT_EQ(lossy.width, 832u);
  EXPECT_EQ(lossy.height, 1216u);
}

TEST(Webp, ExifBehindTheImage) {
  const ImageFields image = extract(WebpBuilder()
                                        .extended(8, 8, kExifFlag)
                                        .chunk("VP8 ", std::string(9000, 'x'))
                                        .chunk("EXIF", exif_comment())
                                        .build());
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
  EXPECT_FALSE(image.damage);
  EXPECT_EQ(notes_of(image), "");
}

// Quirk 9.
TEST(Webp, ExifMayKeepTheJpegPrefix) {
  const ImageFields image =
      extract(WebpBuilder()
                  .extended(8, 8, kExifFlag)
                  .lossy(8, 8)
                  .chunk("EXIF", "Exif\0\0"s + exif_comment())
                  .build());
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
}

TEST(Webp, ExifIsReadThoughTheFlagIsClear) {
  const ImageFields image = extract(WebpBuilder()
                                        .extended(8, 8, 0)
                                        .lossy(8, 8)
                                        .chunk("EXIF", exif_comment())
                                        .build());
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
}

TEST(Webp, Xmp) {
  const ImageFields image =
      extract(WebpBuilder()
                  .extended(8, 8, 4)
                  .lossy(8, 8)
                  .chunk("XMP ", test::xmp_packet("sdcpp:parameters='a cat'"))
                  .build());
  EXPECT_EQ(value_of(image, "sdcpp:parameters"), "a cat");
}

TEST(Webp, MissingPaddingIsForgiven) {
  const ImageFields image = extract(WebpBuilder()
                                        .extended(8, 8, kExifFlag)
                                        .chunk_without_padding("VP8 ", "odd")
                                        .chunk("EXIF", exif_comment())
                                        .build());
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
  EXPECT_TRUE(has_note(image, ErrorCode::kIrregular));
}

TEST(Webp, PaddingIsHonoured) {
  const ImageFields image = extract(WebpBuilder()
                                        .extended(8, 8, kExifFlag)
                                        .chunk("VP8 ", "odd")
                                        .chunk("EXIF", exif_comment())
                                        .build());
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
  EXPECT_EQ(notes_of(image), "");
}

TEST(Webp, ChunkPastTheEndIsReadAsFarAsItGoes) {
  const std::string block = test::exif_with_comment(
      ByteOrder::kBig, "ASCII\0\0\0"s + std::string(500, 'x'));
  const std::string file =
      WebpBuilder().extended(8, 8, kExifFlag).chunk("EXIF", block).build();
  const ImageFields image =
      extract(std::string_view(file).substr(0, file.size() - 100));
  EXPECT_EQ(value_of(image, "UserComment"), std::string(400, 'x'));
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kTruncated);
}

TEST(Webp, CutInsideTheImageIsTruncated) {
  const std::string file =
      WebpBuilder().chunk("VP8 ", std::string(9000, 'x')).build();
  const ImageFields image = extract(std::string_view(file).substr(0, 5000));
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kTruncated);
}

TEST(Webp, ProvenanceChunkIsNoted) {
  const ImageFields image =
      extract(WebpBuilder().lossy(8, 8).chunk("C2PA", "jumb c2pa").build());
  EXPECT_TRUE(has_note(image, ErrorCode::kC2pa));
}

TEST(Webp, ExifAndXmpInTheChunksOfEachOther) {
  const std::string block =
      test::exif_with_comment(ByteOrder::kBig, "ASCII\0\0\0a cat"s);
  const ImageFields image =
      extract(test::WebpBuilder()
                  .lossy(8, 8)
                  .chunk("XMP ", block)
                  .chunk("EXIF", test::xmp_packet("xmp:CreatorTool='a tool'"))
                  .build());
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "a tool");
}

}  // namespace
}  // namespace sdmeta
