#include "extractor/exif.h"

#include <gtest/gtest.h>

#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::has_note;
using test::notes_of;
using test::TiffBuilder;
using test::TiffType;
using test::value_of;

constexpr std::uint16_t kImageDescription = 0x010E;
constexpr std::uint16_t kMake = 0x010F;
constexpr std::uint16_t kModel = 0x0110;
constexpr std::uint16_t kSoftware = 0x0131;
constexpr std::uint16_t kUserComment = 0x9286;
constexpr std::uint16_t kMakerNote = 0x927C;

ImageFields read(std::string_view block, TextEnd end = TextEnd::kWhole) {
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  read_exif(as_bytes(block), 0, out, end);
  return image;
}

TEST(Exif, EitherByteOrder) {
  for (const ByteOrder order : {ByteOrder::kBig, ByteOrder::kLittle}) {
    const ImageFields image = read(
        TiffBuilder(order)
            .ifd0(kSoftware, TiffType::kAscii, "Fooocus v2.5.5\0"s)
            .exif_ifd(kUserComment, TiffType::kUndefined, "ASCII\0\0\0a cat"s)
            .build());
    EXPECT_EQ(value_of(image, "Software"), "Fooocus v2.5.5");
    EXPECT_EQ(value_of(image, "UserComment"), "a cat");
    EXPECT_EQ(notes_of(image), "");
  }
}

// Quirk 7: Pillow's writers.
TEST(Exif, CommentInIfd0AsAsciiWithoutCharset) {
  const ImageFields image = read(
      TiffBuilder(ByteOrder::kLittle)
          .ifd0(kUserComment, TiffType::kAscii, "{\"prompt\": \"a cat\"}\0"s)
          .build());
  EXPECT_EQ(value_of(image, "UserComment"), "{\"prompt\": \"a cat\"}");
  EXPECT_EQ(image.fields.at(0).carrier, Carrier::kExifIfd0);
}

// Quirk 1: the civitai re-encoder.
TEST(Exif, BigEndianCommentInIfd0OfALittleEndianBlock) {
  const ImageFields image =
      read(TiffBuilder(ByteOrder::kLittle)
               .ifd0(kUserComment, TiffType::kUndefined,
                     "UNICODE\0"s + test::utf16(u"a cat", ByteOrder::kBig))
               .build());
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
  EXPECT_EQ(image.fields.at(0).encoding, Encoding::kUtf16Be);
}

TEST(Exif, TagsInIfd1) {
  const ImageFields image =
      read(TiffBuilder(ByteOrder::kBig)
               .ifd0(kSoftware, TiffType::kAscii, "a tool")
               .ifd1(kUserComment, TiffType::kUndefined, "ASCII\0\0\0a cat"s)
               .build());
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
  EXPECT_EQ(image.fields.at(1).carrier, Carrier::kExifIfd1);
}

TEST(Exif, LabelPrefixesStay) {
  const ImageFields image =
      read(TiffBuilder(ByteOrder::kLittle)
               .ifd0(kImageDescription, TiffType::kAscii, "Workflow: {}\0"s)
               .ifd0(kMake, TiffType::kAscii, "Prompt: {}\0"s)
               .build());
  EXPECT_EQ(value_of(image, "ImageDescription"), "Workflow: {}");
  EXPECT_EQ(value_of(image, "Make"), "Prompt: {}");
}

TEST(Exif, ComfyPartsInTagsBelowMake) {
  const ImageFields image =
      read(TiffBuilder(ByteOrder::kLittle)
               .ifd0(0x010C, TiffType::kAscii, "extra:{\"a\": 1}\0"s)
               .build());
  EXPECT_EQ(value_of(image, "0x010C"), "extra:{\"a\": 1}");
}

// Quirk 37: NovelAI's WebP files.
TEST(Exif, LeadingNulsStay) {
  const ImageFields image =
      read(TiffBuilder(ByteOrder::kLittle)
               .ifd0(kImageDescription, TiffType::kAscii, "\0\0\0\0a cat"s)
               .build());
  EXPECT_EQ(value_of(image, "ImageDescription"), "\0\0\0\0a cat"s);
}

TEST(Exif, MakerNoteOnlyWhereItIsText) {
  const auto with_note = [](std::string_view note) {
    return read(TiffBuilder(ByteOrder::kLittle)
                    .ifd0(kMakerNote, TiffType::kUndefined, note)
                    .build());
  };
  EXPECT_EQ(value_of(with_note("fooocus\0"s), "MakerNote"), "fooocus");
  EXPECT_EQ(value_of(with_note("Nikon\0\2\x10\0\0MM\0*"s), "MakerNote"),
            "(none)");
}

// Its tag may point to the comment's text.
TEST(Exif, MakerNoteMayBeAComment) {
  const ImageFields image =
      read(TiffBuilder(ByteOrder::kBig)
               .ifd0(kMakerNote, TiffType::kUndefined,
                     "UNICODE\0"s + test::utf16(u"a cat", ByteOrder::kBig))
               .build());
  EXPECT_EQ(value_of(image, "MakerNote"), "a cat");
}

TEST(Exif, WindowsTagsAreUtf16) {
  const ImageFields image =
      read(TiffBuilder(ByteOrder::kBig)
               .ifd0(0x9C9C, TiffType::kByte,
                     test::utf16(u"a cat\0", ByteOrder::kLittle))
               .build());
  EXPECT_EQ(value_of(image, "XPComment"), "a cat");
}

TEST(Exif, XmpAndIptcInsideTheBlock) {
  const ImageFields image = read(
      TiffBuilder(ByteOrder::kLittle)
          .ifd0(0x02BC, TiffType::kByte,
                test::xmp_packet("xmp:CreatorTool='a tool'"))
          .ifd0(0x83BB, TiffType::kUndefined, "\x1C\x02\x78\0\x05"s + "a cat")
          .build());
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "a tool");
  EXPECT_EQ(value_of(image, "Caption-Abstract"), "a cat");
}

TEST(Exif, HeaderMayStandAFewBytesLater) {
  const std::string block =
      test::exif_with_comment(ByteOrder::kBig, "ASCII\0\0\0a cat"s);
  for (const std::string& front :
       {"Exif\0\0"s, "\0\0\0\6Exif\0\0"s, "\1\2\3"s}) {
    EXPECT_EQ(value_of(read(front + block), "UserComment"), "a cat");
  }
}

TEST(Exif, CountBeyondTheBlockTakesWhatIsThere) {
  const ImageFields image = read(TiffBuilder(ByteOrder::kLittle)
                                     .ifd0(kMake, TiffType::kAscii, "a camera")
                                     .declare_count(0xFFFFFFF0)
                                     .build());
  EXPECT_EQ(value_of(image, "Make"), "a camera");
  EXPECT_TRUE(has_note(image, ErrorCode::kBadExif));
}

TEST(Exif, DirectoryBeyondTheBlockKeepsTheOthers) {
  std::string block = TiffBuilder(ByteOrder::kLittle)
                          .ifd0(kMake, TiffType::kAscii, "abc")
                          .build();
  block.replace(8 + 2 + 12, 4, test::le32(0x12345678));
  const ImageFields image = read(block);
  EXPECT_EQ(value_of(image, "Make"), "abc");
  EXPECT_TRUE(has_note(image, ErrorCode::kBadExif));
}

TEST(Exif, CutDirectoryGivesTheEntriesThatAreThere) {
  const std::string block = TiffBuilder(ByteOrder::kLittle)
                                .ifd0(kMake, TiffType::kAscii, "abc")
                                .ifd0(kModel, TiffType::kAscii, "def")
                                .build();
  const ImageFields image =
      read(std::string_view(block).substr(0, 10 + 12 + 5));
  EXPECT_EQ(value_of(image, "Make"), "abc");
  EXPECT_EQ(value_of(image, "Model"), "(none)");
}

TEST(Exif, LoopOfDirectoriesEnds) {
  std::string block = TiffBuilder(ByteOrder::kLittle)
                          .ifd0(kMake, TiffType::kAscii, "abc")
                          .build();
  block.replace(8 + 2 + 12, 4, test::le32(8));
  const ImageFields image = read(block);
  EXPECT_EQ(image.fields.size(), 1u);
  EXPECT_TRUE(has_note(image, ErrorCode::kBadExif));
}

// piexif writes no pointer to a next directory behind the Exif IFD.
TEST(Exif, WhatFollowsTheExifIfdIsNoPointer) {
  std::string block =
      test::exif_with_comment(ByteOrder::kBig, "UNICODE\0\0a\0 \0c"s);
  const std::size_t exif_at = 8 + 2 + 12 + 4;
  block.erase(exif_at + 2 + 12, 4);
  block.replace(exif_at + 2 + 8, 4,
                test::be32(static_cast<std::uint32_t>(exif_at + 2 + 12)));
  const ImageFields image = read(block);
  EXPECT_EQ(value_of(image, "UserComment"), "a c");
  EXPECT_EQ(notes_of(image), "");
}

TEST(Exif, WithoutATiffHeaderIsNoted) {
  EXPECT_TRUE(has_note(read("no TIFF here, sorry"), ErrorCode::kBadExif));
}

TEST(Exif, CameraIsAPhoto) {
  const ImageFields image =
      read(TiffBuilder(ByteOrder::kLittle)
               .ifd0(kMake, TiffType::kAscii, "Canon\0"s)
               .ifd0(kModel, TiffType::kAscii, "Canon EOS 5D\0"s)
               .exif_ifd(0x829D, TiffType::kRational,
                         test::le32(28) + test::le32(10))
               .build());
  ASSERT_TRUE(has_note(image, ErrorCode::kPhoto));
  EXPECT_EQ(to_text(image.notes.at(0)), "photo: camera Canon EOS 5D");
}

// Thumbnails hold any bytes, and phones write JSON into notes of their own.
TEST(Exif, ASoundPhotoHasNoTextToldByItsLooks) {
  const std::string photo = TiffBuilder(ByteOrder::kLittle)
                                .ifd0(kMake, TiffType::kAscii, "Canon\0"s)
                                .build();
  for (const std::string& more :
       {"\xFF\xD8\x7B\x22\x90\x81 and a score of bytes\xFF\xD9"s,
        R"({"mirror":false,"sensor":"rear"})"s}) {
    const ImageFields image = read(photo + '\0' + more + '\0');
    EXPECT_EQ(image.fields.size(), read(photo).fields.size());
    EXPECT_TRUE(image.notes.empty()) << to_text(image.notes.at(0));
  }
}

TEST(Tiff, FileIsReadAsItsOwnBlock) {
  const ImageFields image =
      test::extract(TiffBuilder(ByteOrder::kBig)
                        .ifd0(0x0100, TiffType::kShort, test::be16(832))
                        .ifd0(0x0101, TiffType::kLong, test::be32(1216))
                        .ifd0(kImageDescription, TiffType::kAscii, "a cat\0"s)
                        .build());
  EXPECT_EQ(image.container, Container::kTiff);
  EXPECT_EQ(image.width, 832u);
  EXPECT_EQ(image.height, 1216u);
  EXPECT_EQ(value_of(image, "ImageDescription"), "a cat");
  EXPECT_FALSE(image.damage);
}

TEST(Tiff, TagsBehindManyPixelsAreRead) {
  std::string file =
      TiffBuilder(ByteOrder::kLittle)
          .ifd0(kImageDescription, TiffType::kAscii, "a cat at the end")
          .build();
  // The directory moves behind 100 kB of pixels, and its value with it.
  const std::uint32_t shift = 100000;
  file.replace(4, 4, test::le32(8 + shift));
  file.replace(8 + 2 + 8, 4, test::le32(8 + 2 + 12 + 4 + shift));
  file.insert(8, std::string(shift, 'x'));
  EXPECT_EQ(value_of(test::extract(file), "ImageDescription"),
            "a cat at the end");
}

TEST(Tiff, WithoutADirectoryIsCorrupt) {
  const std::string text = "a cat\nSteps: 20, Sampler: Euler a, Seed: 7";
  const std::string file = TiffBuilder(ByteOrder::kLittle)
                               .ifd0(kImageDescription, TiffType::kAscii, text)
                               .build()
                               .replace(4, 4, test::le32(0));
  const ImageFields image = test::extract(file);
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
  EXPECT_NE(test::notes_of(image).find("found by its looks"),
            std::string::npos);
}

TEST(Tiff, CutFileIsTruncated) {
  const std::string file =
      TiffBuilder(ByteOrder::kLittle)
          .ifd0(kImageDescription, TiffType::kAscii, "a cat at the end")
          .build();
  const ImageFields image =
      test::extract(std::string_view(file).substr(0, file.size() - 4));
  EXPECT_EQ(value_of(image, "ImageDescription"), "a cat at the");
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kTruncated);
}

}  // namespace
}  // namespace sdmeta
