#include <gtest/gtest.h>

#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::extract;
using test::has_note;
using test::notes_of;
using test::PngBuilder;
using test::value_of;

const std::string kInfotext =
    "a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, Seed: 1";

std::string hex_profile(std::string_view kind, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text("\n");
  text.append(kind).append("\n    ").append(std::to_string(bytes.size()));
  text.append("\n");
  std::size_t column = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
    if (++column % 36 == 0) text += '\n';
  }
  return text.append("\n");
}

TEST(Png, TextBeforeThePixels) {
  const ImageFields image =
      extract(PngBuilder(832, 1216).text("parameters", kInfotext).build());
  EXPECT_EQ(image.container, Container::kPng);
  EXPECT_EQ(image.width, 832u);
  EXPECT_EQ(image.height, 1216u);
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].carrier, Carrier::kPngText);
  EXPECT_EQ(image.fields[0].value, kInfotext);
  EXPECT_FALSE(image.damage);
  EXPECT_EQ(notes_of(image), "");
}

// Quirk 11.
TEST(Png, CompressedTextIsInflated) {
  const ImageFields image =
      extract(PngBuilder().ztxt("parameters", kInfotext).build());
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].carrier, Carrier::kPngZtxt);
  EXPECT_EQ(image.fields[0].value, kInfotext);
}

// Quirk 11.
TEST(Png, InternationalTextPlainAndCompressed) {
  const ImageFields image = extract(PngBuilder()
                                        .itxt("parameters", "猫")
                                        .compressed_itxt("workflow", "犬")
                                        .build());
  EXPECT_EQ(value_of(image, "parameters"), "猫");
  EXPECT_EQ(value_of(image, "workflow"), "犬");
  EXPECT_EQ(image.fields.at(1).carrier, Carrier::kPngItxt);
}

TEST(Png, InternationalTextWithLanguageAndTranslatedKeyword) {
  const ImageFields image = extract(
      PngBuilder().chunk("iTXt", "Comment\0\0\0de\0Kommentar\0a cat"s).build());
  EXPECT_EQ(value_of(image, "Comment"), "a cat");
}

TEST(Png, InternationalTextWithAFlagOfNoMeaning) {
  for (const std::string flag : {"\2", "\xFF"}) {
    const std::string plain = flag + "\0\0\0a \x01 cat"s;
    EXPECT_EQ(
        value_of(
            extract(PngBuilder().chunk("iTXt", "Comment\0"s + plain).build()),
            "Comment"),
        "a \x01 cat");
  }
}

// Quirk 12.
TEST(Png, TextAfterThePixels) {
  const ImageFields image =
      extract(PngBuilder().idat().ztxt("parameters", kInfotext).build());
  EXPECT_EQ(value_of(image, "parameters"), kInfotext);
}

TEST(Png, TextAfterTheEnd) {
  const ImageFields image =
      extract(PngBuilder().iend().text("parameters", kInfotext).build());
  EXPECT_EQ(value_of(image, "parameters"), kInfotext);
  EXPECT_FALSE(image.damage);
}

// Quirk 12: ComfyUI's SaveAnimatedPNG.
TEST(Png, ComfChunksBehindThePixels) {
  const ImageFields image = extract(PngBuilder()
                                        .idat()
                                        .chunk("comf", "prompt\0{\"1\": {}}"s)
                                        .chunk("comf", "workflow\0{}"s)
                                        .build());
  EXPECT_EQ(value_of(image, "prompt"), "{\"1\": {}}");
  EXPECT_EQ(value_of(image, "workflow"), "{}");
  EXPECT_EQ(image.fields.at(0).carrier, Carrier::kPngComf);
}

// Quirk 13.
TEST(Png, ExifChunk) {
  const std::string block =
      test::exif_with_comment(ByteOrder::kLittle, "ASCII\0\0\0a cat"s);
  EXPECT_EQ(value_of(extract(PngBuilder().exif(block).build()), "UserComment"),
            "a cat");
  EXPECT_EQ(value_of(extract(PngBuilder().exif("Exif\0\0"s + block).build()),
                     "UserComment"),
            "a cat");
}

// Quirk 14: ImageMagick.
TEST(Png, RawProfilesMayHaveOtherLineEndsAndNamesInAnyCase) {
  const std::string block =
      test::exif_with_comment(ByteOrder::kBig, "ASCII\0\0\0a cat"s);
  std::string profile;
  for (const char c : hex_profile("exif", block))
    profile += c == '\n' ? "\r\n"s : std::string(1, c);
  for (const std::string kind : {"EXIF", "app1", "Exif"})
    EXPECT_EQ(
        value_of(
            extract(
                PngBuilder().text("Raw profile type " + kind, profile).build()),
            "UserComment"),
        "a cat")
        << kind;
}

TEST(Png, XmpIsReadWhateverItsKeyword) {
  const std::string packet = test::xmp_packet("xmp:CreatorTool='a tool'");
  for (const std::string key : {"xmp", "XML", "xml:com.adobe.xmp"})
    EXPECT_EQ(value_of(extract(PngBuilder().itxt(key, packet).build()),
                       "xmp:CreatorTool"),
              "a tool")
        << key;
}

TEST(Png, TextThatNamesXmpIsNone) {
  const std::string text =
      "http://ns.adobe.com/xap/1.0/ on a poster\nSteps: 20";
  EXPECT_EQ(value_of(extract(PngBuilder().text("parameters", text).build()),
                     "parameters"),
            text);
}

TEST(Png, Utf16TextNeedsNoByteOrderMark) {
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    const std::string text = test::utf16(u"a cat\nSteps: 20", order);
    EXPECT_EQ(value_of(extract(PngBuilder().text("parameters", text).build()),
                       "parameters"),
              "a cat\nSteps: 20");
  }
}

TEST(Png, CompressedTextOfAnotherMethodIsInflated) {
  const std::string stream = test::zlib_compressed("a cat");
  const ImageFields image =
      extract(PngBuilder().chunk("zTXt", "parameters\0\1"s + stream).build());
  EXPECT_EQ(value_of(image, "parameters"), "a cat") << notes_of(image);
}

TEST(Png, RawProfilesHoldExifXmpAndIptc) {
  const std::string block =
      test::exif_with_comment(ByteOrder::kBig, "ASCII\0\0\0a cat"s);
  const std::string iptc =
      "8BIM\x04\x04\0\0\0\0\0\x0A\x1C\x02\x78\0\x05"s
      "a dog";
  for (const std::string kind : {"exif", "APP1"}) {
    const ImageFields image =
        extract(PngBuilder()
                    .ztxt("Raw profile type " + kind,
                          hex_profile(kind, "Exif\0\0"s + block))
                    .build());
    EXPECT_EQ(value_of(image, "UserComment"), "a cat") << kind;
  }
  const ImageFields image = extract(
      PngBuilder()
          .ztxt(
              "Raw profile type xmp",
              hex_profile("xmp", test::xmp_packet("xmp:CreatorTool='a tool'")))
          .text("Raw profile type iptc", hex_profile("iptc", iptc))
          .build());
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "a tool");
  EXPECT_EQ(value_of(image, "Caption-Abstract"), "a dog");
  // ImageMagick 6 and 7 write the datasets bare, and the resources as "8bim".
  const std::string datasets = iptc.substr(iptc.find('\x1C'));
  for (const auto& [kind, bytes] :
       {std::pair("iptc", datasets), {"8bim", iptc}}) {
    const ImageFields profile =
        extract(PngBuilder()
                    .text("Raw profile type "s + kind, hex_profile(kind, bytes))
                    .build());
    EXPECT_EQ(value_of(profile, "Caption-Abstract"), "a dog") << kind;
  }
}

TEST(Png, RawProfilesMayHaveLineEndsOfTextEditors) {
  std::string text;
  for (const char c : hex_profile(
           "exif",
           test::exif_with_comment(ByteOrder::kBig, "ASCII\0\0\0a cat"s)))
    text += c == '\n' ? "\r\n"s : std::string(1, c);
  const ImageFields image =
      extract(PngBuilder().text("Raw profile type exif", text).build());
  EXPECT_EQ(value_of(image, "UserComment"), "a cat");
}

TEST(Png, XmpChunk) {
  const ImageFields image =
      extract(PngBuilder()
                  .itxt("XML:com.adobe.xmp",
                        test::xmp_packet("xmp:CreatorTool='Draw Things'"))
                  .build());
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "Draw Things");
  EXPECT_EQ(image.fields.at(0).carrier, Carrier::kXmp);
}

// Quirk 15: TensorArt.
TEST(Png, TextChunkWithRawUtf8AndTrailingNul) {
  const ImageFields image = extract(
      PngBuilder().text("generation_data", "{\"p\": \"猫\"}\0"s).build());
  EXPECT_EQ(value_of(image, "generation_data"), "{\"p\": \"猫\"}");
  EXPECT_EQ(image.fields.at(0).encoding, Encoding::kUtf8);
}

TEST(Png, Latin1Text) {
  const ImageFields image =
      extract(PngBuilder().text("Comment", "caf\xE9").build());
  EXPECT_EQ(value_of(image, "Comment"), "café");
  EXPECT_EQ(image.fields.at(0).encoding, Encoding::kLatin1);
}

// Quirk 16.
TEST(Png, DuplicateKeywordsAreKeptInOrder) {
  const ImageFields image = extract(
      PngBuilder().text("parameters", "one").text("parameters", "two").build());
  ASSERT_EQ(image.fields.size(), 2u);
  EXPECT_EQ(image.fields[0].value, "one");
  EXPECT_EQ(image.fields[1].value, "two");
}

TEST(Png, EmptyTextIsAField) {
  const ImageFields image =
      extract(PngBuilder().text("negative_prompt", "").build());
  EXPECT_EQ(value_of(image, "negative_prompt"), "");
}

TEST(Png, WrongChecksumIsNotedAndTheTextKept) {
  const ImageFields image =
      extract(PngBuilder().text("parameters", kInfotext).break_crc().build());
  EXPECT_EQ(value_of(image, "parameters"), kInfotext);
  EXPECT_TRUE(has_note(image, ErrorCode::kBadChecksum));
  EXPECT_FALSE(image.damage);
}

TEST(Png, ChunkPastTheEndIsReadAsFarAsItGoes) {
  const std::string file = PngBuilder()
                               .text("parameters", kInfotext)
                               .declare_length(5210)
                               .build()
                               .substr(0, 33 + 8 + 11 + 20);
  const ImageFields image = extract(file);
  EXPECT_EQ(value_of(image, "parameters"), kInfotext.substr(0, 20));
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(to_text(*image.damage),
            "truncated: tEXt chunk at byte 33 declares 5210 bytes, file ends "
            "after 72");
  EXPECT_EQ(image.damage->offset, 33u);
}

TEST(Png, CutCompressedTextInflatesAsFarAsItGoes) {
  std::string graph;
  for (int i = 0; i < 2000; ++i) graph += std::to_string(i * 7919) + ", ";
  const std::string file = PngBuilder().ztxt("workflow", graph).build();
  const ImageFields image = extract(std::string_view(file).substr(0, 3000));
  const std::string got = value_of(image, "workflow");
  EXPECT_GT(got.size(), 1000u);
  EXPECT_TRUE(graph.starts_with(got));
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kTruncated);
}

TEST(Png, BrokenCompressionKeepsWhatCameBefore) {
  std::string graph;
  for (int i = 0; i < 2000; ++i) graph += std::to_string(i * 7919) + ", ";
  std::string stream = test::zlib_compressed(graph);
  stream.resize(stream.size() - 20);
  const ImageFields image =
      extract(PngBuilder().chunk("zTXt", "workflow\0\0"s + stream).build());
  EXPECT_TRUE(graph.starts_with(value_of(image, "workflow")));
  EXPECT_TRUE(has_note(image, ErrorCode::kBadCompression));
}

TEST(Png, GenerationTextInFrontEndsTheWalkAtThePixels) {
  // The rest is further away than the first read reaches.
  const std::string noise(5000, 'x');
  const ImageFields image = extract(PngBuilder(200, 200)
                                        .text("parameters", kInfotext)
                                        .chunk("IDAT", noise)
                                        .text("Software", "behind")
                                        .build());
  EXPECT_EQ(value_of(image, "Software"), "(none)");
}

TEST(Png, OtherTextInFrontDoesNotEndTheWalk) {
  const std::string noise(5000, 'x');
  const ImageFields image = extract(PngBuilder()
                                        .text("Software", "a tool")
                                        .text("Title", "a cat")
                                        .text("Comment", "Created with GIMP")
                                        .text("parameters", "")
                                        .chunk("IDAT", noise)
                                        .text("parameters", kInfotext)
                                        .build());
  EXPECT_EQ(image.fields.back().value, kInfotext);
}

TEST(Png, FirstBytesOfADownloadAreTruncated) {
  // Pixels in small chunks, so that none of them tells that the file was cut.
  PngBuilder png(300, 300);
  png.text("parameters", kInfotext);
  for (int i = 0; i < 100; ++i) png.chunk("IDAT", std::string(1000, 'x'));
  const std::string file = png.build();
  const ImageFields head = extract(std::string_view(file).substr(0, 65536));
  EXPECT_EQ(head.fields, extract(file).fields);
  ASSERT_TRUE(head.damage);
  EXPECT_EQ(head.damage->code, ErrorCode::kTruncated);
  EXPECT_FALSE(extract(file).damage);
}

TEST(Png, FileOfARoundSizeIsNotTruncated) {
  const std::string start =
      PngBuilder().text("parameters", kInfotext).idat().build();
  const std::size_t padding = 8192 - start.size() - 12;
  const std::string file = PngBuilder()
                               .text("parameters", kInfotext)
                               .idat()
                               .chunk("tEXt", std::string(padding, 'x'))
                               .build();
  ASSERT_EQ(file.size(), 8192u);
  EXPECT_FALSE(extract(file).damage);
}

TEST(Png, TrailingDataIsNoDamage) {
  const std::string file =
      PngBuilder().text("parameters", kInfotext).build() + "PK\3\4 archive";
  EXPECT_FALSE(extract(file).damage);
}

TEST(Png, SignatureDamagedByTextMode) {
  std::string file = PngBuilder().text("parameters", kInfotext).build();
  file.erase(4, 1);  // CR LF became LF
  const ImageFields image = extract(file);
  EXPECT_EQ(image.container, Container::kPng);
  EXPECT_EQ(value_of(image, "parameters"), kInfotext);
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
}

TEST(Png, GarbageInsteadOfAChunkIsCorrupt) {
  const ImageFields image = extract(
      PngBuilder().text("Title", "a cat").raw("\1\2\3\4\5\6\7\10").build());
  EXPECT_EQ(value_of(image, "Title"), "a cat");
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
}

TEST(Png, TextWithoutAKeyword) {
  const std::string text(200, 'x');
  const ImageFields image = extract(PngBuilder().chunk("tEXt", text).build());
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].key, "");
  EXPECT_EQ(image.fields[0].value, text);
}

// Sizes, and bits of samples that the type of colour cannot have.
TEST(Png, AHeaderThatDescribesNoImageIsCorrupt) {
  const auto with_header = [](const std::string& header) {
    std::string file = PngBuilder().text("Title", "a cat").build();
    return extract(file.replace(16, header.size(), header));
  };
  const auto size = [](std::uint32_t width, std::uint32_t height) {
    return test::be32(width) + test::be32(height);
  };
  for (const std::string& header :
       {size(8, 0), size(1u << 31, 8), size(8, 8) + "\x08\x01"s,
        size(8, 8) + "\x03\0"s, size(8, 8) + "\x10\x03"s,
        size(8, 8) + "\xFF\0"s, size(8, 8) + "\x08\x09"s,
        size(8, 8) + "\x08\0\0\0\2"s}) {
    const ImageFields image = with_header(header);
    ASSERT_TRUE(image.damage) << testing::PrintToString(header);
    EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
    EXPECT_EQ(value_of(image, "Title"), "a cat");
  }
  EXPECT_FALSE(with_header(size(7, 9) + "\x10\6\0\0\1"s).damage);
  EXPECT_FALSE(with_header(size(7, 9) + "\1\3"s).damage);
}

TEST(Png, ProvenanceChunkIsNoted) {
  const ImageFields image = extract(
      PngBuilder().chunk("caBX", "jumb c2pa OpenAI Media Service API").build());
  EXPECT_TRUE(has_note(image, ErrorCode::kC2pa));
}

}  // namespace
}  // namespace sdmeta
