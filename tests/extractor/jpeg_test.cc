#include <gtest/gtest.h>

#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::extract;
using test::has_note;
using test::JpegBuilder;
using test::notes_of;
using test::value_of;

std::string exif_comment(std::string_view text) {
  return test::exif_with_comment(ByteOrder::kBig, "ASCII\0\0\0"s.append(text));
}

TEST(Jpeg, ExifAndSize) {
  const ImageFields image = extract(
      JpegBuilder(832, 1216).jfif().exif(exif_comment("a cat")).build());
  EXPECT_EQ(image.container, Container::kJpeg);
  EXPECT_EQ(image.width, 832u);
  EXPECT_EQ(image.height, 1216u);
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
  EXPECT_EQ(image.fields.at(0).carrier, Carrier::kExifIfd);
  EXPECT_FALSE(image.damage);
  EXPECT_EQ(notes_of(image), "");
}

TEST(Jpeg, FramesOfEveryKindHaveASize) {
  for (const std::uint8_t frame :
       {0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCA, 0xCF, 0xF7}) {
    const ImageFields image = extract(JpegBuilder(40, 30).frame(frame).build());
    EXPECT_EQ(image.width, 40u);
    EXPECT_FALSE(image.damage);
  }
}

TEST(Jpeg, HuffmanTablesAreNoFrame) {
  const ImageFields image =
      extract(JpegBuilder(40, 30).segment(0xC4, "\0\1\2\3\4\5\6\7"s).build());
  EXPECT_EQ(image.width, 40u);
}

TEST(Jpeg, SeveralExifSegmentsAreAllRead) {
  const ImageFields image = extract(JpegBuilder()
                                        .exif(exif_comment("one"))
                                        .exif(exif_comment("two"))
                                        .build());
  ASSERT_EQ(image.fields.size(), 2u);
  EXPECT_EQ(image.fields[1].value, "two");
}

TEST(Jpeg, ExifSplitOverSegmentsIsJoined) {
  const std::string text = std::string(100000, 'x') + "end";
  const std::string block = exif_comment(text);
  JpegBuilder jpeg;
  constexpr std::size_t kRoom = 65533 - 6;
  for (std::size_t at = 0; at < block.size(); at += kRoom) {
    jpeg.exif(std::string_view(block).substr(at, kRoom));
  }
  EXPECT_EQ(value_of(extract(jpeg.build()), "UserComment"), text);
}

// ImageMagick's way: only the first segment has a header.
TEST(Jpeg, ExifThatGoesOnWithoutAHeaderIsJoined) {
  const std::string text = std::string(100000, 'x') + "end";
  const std::string block = "Exif\0\0"s + exif_comment(text);
  JpegBuilder jpeg;
  for (std::size_t at = 0; at < block.size(); at += 65533) {
    jpeg.segment(0xE1, std::string_view(block).substr(at, 65533));
  }
  EXPECT_EQ(value_of(extract(jpeg.build()), "UserComment"), text);
}

TEST(Jpeg, ExifLargerThanItsSegmentIsReadAsFarAsItGoes) {
  const std::string block = exif_comment(std::string(1000, 'x'));
  const ImageFields image = extract(
      JpegBuilder().exif(std::string_view(block).substr(0, 500)).build());
  EXPECT_TRUE(value_of(image, "UserComment").starts_with("xxx"));
  EXPECT_TRUE(has_note(image, ErrorCode::kBadExif));
  EXPECT_FALSE(image.damage);
}

TEST(Jpeg, Comment) {
  const ImageFields image = extract(JpegBuilder().comment("a cat").build());
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].carrier, Carrier::kJpegComment);
  EXPECT_EQ(image.fields[0].key, "Comment");
  EXPECT_EQ(image.fields[0].value, "a cat");
}

TEST(Jpeg, CommentsStayApart) {
  const ImageFields image =
      extract(JpegBuilder().comment("one").comment("two").build());
  ASSERT_EQ(image.fields.size(), 2u);
}

TEST(Jpeg, FullCommentGoesOnInTheNext) {
  const std::string text = std::string(65533 * 2, 'x') + "end";
  JpegBuilder jpeg;
  for (std::size_t at = 0; at < text.size(); at += 65533) {
    jpeg.comment(std::string_view(text).substr(at, 65533));
  }
  const ImageFields image = extract(jpeg.comment("another").build());
  ASSERT_EQ(image.fields.size(), 2u);
  EXPECT_EQ(image.fields[0].value, text);
  EXPECT_EQ(image.fields[1].value, "another");
}

TEST(Jpeg, CommentWithKeyword) {
  const ImageFields image =
      extract(JpegBuilder().comment("parameters\0a cat"s).build());
  EXPECT_EQ(value_of(image, "parameters"), "a cat");
}

TEST(Jpeg, Xmp) {
  const ImageFields image = extract(
      JpegBuilder().xmp(test::xmp_packet("xmp:CreatorTool='a tool'")).build());
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "a tool");
}

TEST(Jpeg, ExtendedXmpIsJoinedByOffset) {
  const std::string text(100000, 'x');
  const std::string packet =
      test::xmp_packet("", "<sdcpp:parameters>" + text + "</sdcpp:parameters>");
  const std::string guid = "0123456789ABCDEF0123456789ABCDEF";
  const auto total = static_cast<std::uint32_t>(packet.size());
  const std::string_view view = packet;
  const ImageFields image = extract(
      JpegBuilder()
          .xmp(test::xmp_packet("xmpNote:HasExtendedXMP='" + guid + "'"))
          .extended_xmp(guid, total, 60000, view.substr(60000))
          .extended_xmp(guid, total, 0, view.substr(0, 60000))
          .build());
  EXPECT_EQ(value_of(image, "sdcpp:parameters"), text);
}

TEST(Jpeg, PartsOfExtendedXmpMayOverlap) {
  const std::string packet =
      test::xmp_packet("", "<sdcpp:parameters>a cat</sdcpp:parameters>");
  const std::string guid = "0123456789ABCDEF0123456789ABCDEF";
  const auto total = static_cast<std::uint32_t>(packet.size());
  const std::string_view view = packet;
  const ImageFields image =
      extract(JpegBuilder()
                  .extended_xmp(guid, total, 0, view.substr(0, 40))
                  .extended_xmp(guid, total, 10, view.substr(10, 20))
                  .extended_xmp(guid, total, 30, view.substr(30))
                  .build());
  EXPECT_EQ(value_of(image, "sdcpp:parameters"), "a cat") << notes_of(image);
}

TEST(Jpeg, XmpNeedsNoNameInItsSegment) {
  const std::string packet = test::xmp_packet("xmp:CreatorTool='a tool'");
  for (const std::string name :
       {"", "http://ns.adobe.com/xap/1.0/", "http://ns.adobe.com/xap/1.0/\0"})
    EXPECT_EQ(
        value_of(extract(JpegBuilder().segment(0xE1, name + packet).build()),
                 "xmp:CreatorTool"),
        "a tool")
        << name;
}

TEST(Jpeg, CommentInUtf16) {
  const std::string text = test::utf16(u"a cat", ByteOrder::kLittle);
  for (const std::string& comment : {text, "UNICODE\0"s + text})
    EXPECT_EQ(
        value_of(extract(JpegBuilder().comment(comment).build()), "Comment"),
        "a cat");
}

TEST(Jpeg, CommentInUtf16BehindItsKeyword) {
  const std::string text = test::utf16(u"a cat", ByteOrder::kLittle);
  EXPECT_EQ(
      value_of(extract(JpegBuilder().comment("parameters\0"s + text).build()),
               "parameters"),
      "a cat");
  // A damaged character does not make a keyword of the one in front of it.
  std::string damaged = test::utf16(u"a cat in a hat", ByteOrder::kLittle);
  damaged[5] = '\1';
  EXPECT_EQ(
      value_of(extract(JpegBuilder().comment(damaged).build()), "Comment"),
      "a \u0163at in a hat");
}

TEST(Jpeg, PhotoshopCaption) {
  const std::string iptc = "\x1C\x02\x78\0\x05"s + "a cat";
  const std::string resources =
      "Photoshop 3.0\0"s + "8BIM\x03\xED\0\0"s + test::be32(3) + "xyz\0"s +
      "8BIM\x04\x04\0\0"s +
      test::be32(static_cast<std::uint32_t>(iptc.size())) + iptc;
  const ImageFields image =
      extract(JpegBuilder().segment(0xED, resources).build());
  EXPECT_EQ(value_of(image, "Caption-Abstract"), "a cat");
  EXPECT_EQ(image.fields.at(0).carrier, Carrier::kIptc);
}

TEST(Jpeg, FillBytesAreNoDamage) {
  const ImageFields image = extract(
      JpegBuilder().jfif().raw("\xFF\xFF\xFF").comment("a cat").build());
  EXPECT_EQ(value_of(image, "Comment"), "a cat");
  EXPECT_EQ(notes_of(image), "");
}

TEST(Jpeg, GarbageBetweenSegmentsIsSkippedAndNoted) {
  const ImageFields image = extract(
      JpegBuilder().jfif().raw("junk \xFF\0 junk"s).comment("a cat").build());
  EXPECT_EQ(value_of(image, "Comment"), "a cat");
  EXPECT_TRUE(has_note(image, ErrorCode::kIrregular));
  EXPECT_FALSE(image.damage);
}

TEST(Jpeg, ImpossibleSegmentLengthCostsThatSegment) {
  const ImageFields image =
      extract(JpegBuilder().raw("\xFF\xE0\0\1"s).comment("a cat").build());
  EXPECT_EQ(value_of(image, "Comment"), "a cat");
}

TEST(Jpeg, SegmentPastTheEndIsReadAsFarAsItGoes) {
  const std::string file = JpegBuilder().comment(std::string(500, 'x')).build();
  const ImageFields image = extract(std::string_view(file).substr(0, 106));
  EXPECT_EQ(value_of(image, "Comment"), std::string(100, 'x'));
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(to_text(*image.damage),
            "truncated: segment at byte 2 declares 500 bytes, file ends after "
            "106");
}

TEST(Jpeg, FirstBytesOfADownloadAreTruncated) {
  std::string file = JpegBuilder().exif(exif_comment("a cat")).build();
  file.insert(file.size() - 2, std::string(100000, 'x'));
  EXPECT_FALSE(extract(file).damage);
  const ImageFields head = extract(std::string_view(file).substr(0, 65536));
  EXPECT_EQ(value_of(head, "UserComment"), "a cat");
  ASSERT_TRUE(head.damage);
  EXPECT_EQ(head.damage->code, ErrorCode::kTruncated);
}

TEST(Jpeg, ProvenanceSegmentsAreNoted) {
  const ImageFields image =
      extract(JpegBuilder().segment(0xEB, "JP\0\1\0\0\0\1 jumb c2pa"s).build());
  EXPECT_TRUE(has_note(image, ErrorCode::kC2pa));
}

}  // namespace
}  // namespace sdmeta
