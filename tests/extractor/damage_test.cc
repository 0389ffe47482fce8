// Damage to the structure round a text that is itself whole: the text is read,
// and the record says what was wrong.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/box_builder.h"
#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::extract;
using test::has_note;
using test::JpegBuilder;
using test::notes_of;
using test::PngBuilder;
using test::value_of;
using test::WebpBuilder;

const std::string kInfotext =
    "a paper lantern\nNegative prompt: fog\nSteps: 20, Seed: 7, Size: 64x64";

std::string exif_block() {
  return test::exif_with_comment(
      ByteOrder::kBig,
      "UNICODE\0"s + test::utf16(u"a lantern\nSteps: 20", ByteOrder::kBig));
}
const std::string kComment = "a lantern\nSteps: 20";

std::string with_bytes(std::string file, std::size_t at,
                       const std::string& bytes) {
  return file.replace(at, bytes.size(), bytes);
}

// The text has this value, and something is reported.
void expect_read(const std::string& file, const std::string& key,
                 const std::string& value) {
  const ImageFields image = extract(file);
  EXPECT_EQ(value_of(image, key), value) << notes_of(image);
  EXPECT_TRUE(image.damage || !image.notes.empty());
}

TEST(Damage, PngTextIsAsLongAsItsChunkWhateverThatSays) {
  const std::string data = "parameters\0"s + kInfotext;
  const std::size_t bytes = data.size();
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{5}, bytes / 2, bytes - 1, bytes + 1,
        bytes + 12, bytes + 70, std::size_t{0x7FFFFFFF},
        std::size_t{0xFFFFFFFF}}) {
    SCOPED_TRACE(length);
    expect_read(PngBuilder()
                    .chunk("tEXt", data)
                    .declare_length(static_cast<std::uint32_t>(length))
                    .text("Title", "behind it")
                    .build(),
                "parameters", kInfotext);
  }
}

TEST(Damage, PngTextBehindAChunkOfWrongLength) {
  for (const std::string type : {"pHYs", "tEXt", "prIv", "IDAT"}) {
    for (const std::uint32_t length :
         {0u, 6u, 10u, 40u, 101u, 1u << 20, 0x7FFFFFFFu}) {
      SCOPED_TRACE(type + " " + std::to_string(length));
      expect_read(PngBuilder()
                      .chunk(type, "nine\0byte"s)
                      .declare_length(length)
                      .text("parameters", kInfotext)
                      .build(),
                  "parameters", kInfotext);
    }
  }
}

TEST(Damage, PngTextWhoseChunkHasLostItsHeader) {
  for (const std::string& chunk :
       {PngBuilder().text("parameters", kInfotext).build(),
        PngBuilder().itxt("parameters", kInfotext).build(),
        PngBuilder().ztxt("parameters", kInfotext).build()}) {
    constexpr std::size_t kHeader = 33;  // of the first chunk behind IHDR
    expect_read(with_bytes(chunk, kHeader, std::string(8, '\0')), "parameters",
                kInfotext);
    expect_read(with_bytes(chunk, kHeader + 4, std::string(4, '\0')),
                "parameters", kInfotext);
    expect_read(std::string(chunk).erase(kHeader, 8), "parameters", kInfotext);
    expect_read(std::string(chunk).erase(kHeader, 4), "parameters", kInfotext);
    expect_read(std::string(chunk).erase(kHeader + 4, 4), "parameters",
                kInfotext);
  }
  for (const std::string key : {"Comment", "Description", "Title"}) {
    expect_read(with_bytes(PngBuilder().text(key, kInfotext).build(), 33,
                           std::string(8, '\0')),
                key, kInfotext);
  }
}

TEST(Damage, PngTextWhoseChecksumIsMissing) {
  std::string file =
      PngBuilder().text("parameters", kInfotext).text("Title", "a").build();
  expect_read(file.erase(file.find(kInfotext) + kInfotext.size(), 4),
              "parameters", kInfotext);
}

TEST(Damage, PngTextBehindJunkBehindTheImage) {
  const std::string chunk =
      PngBuilder().text("parameters", kInfotext).build().substr(33);
  EXPECT_EQ(
      value_of(extract(PngBuilder().build() + "junk!" + chunk), "parameters"),
      kInfotext);
}

TEST(Damage, PngTextWhoseChunkHasAnotherType) {
  for (const std::string type : {"text", "TEXT", "tEXu", "uEXt"}) {
    const ImageFields image =
        extract(PngBuilder().chunk(type, "parameters\0"s + kInfotext).build());
    EXPECT_EQ(value_of(image, "parameters"), kInfotext) << type;
  }
}

TEST(Damage, PngKeywordWithoutItsNul) {
  EXPECT_EQ(
      value_of(
          extract(PngBuilder().chunk("tEXt", "parameters" + kInfotext).build()),
          "parameters"),
      kInfotext);
}

TEST(Damage, JunkInFrontOfAPngChunkHoldsNoOther) {
  std::string junk;
  for (int i = 0; i < 70000; ++i)
    junk += static_cast<char>((i * 2654435761u) >> 13);
  expect_read(PngBuilder().raw(junk).text("parameters", kInfotext).build(),
              "parameters", kInfotext);
}

TEST(Damage, JpegTextIsAsLongAsItsSegmentWhateverThatSays) {
  const std::string exif = JpegBuilder().jfif().exif(exif_block()).build();
  const std::string comment = JpegBuilder().jfif().comment(kInfotext).build();
  for (const auto& [file, marker, key, value] :
       std::vector<std::array<std::string, 4>>{
           {exif, "\xFF\xE1", "UserComment", kComment},
           {comment, "\xFF\xFE", "Comment", kInfotext}}) {
    const std::size_t at = file.find(marker) + 2;
    const std::size_t length = ByteCursor(as_bytes(file), at).be16();
    for (const std::size_t wrong :
         {std::size_t{0}, std::size_t{1}, std::size_t{2}, length / 2,
          length - 1, length + 1, length + 40, std::size_t{0xFFFF}}) {
      SCOPED_TRACE(key + " " + std::to_string(wrong));
      expect_read(
          with_bytes(file, at, test::be16(static_cast<std::uint32_t>(wrong))),
          key, value);
    }
  }
}

TEST(Damage, JpegTextBehindASegmentOfWrongLength) {
  const std::string file = JpegBuilder().jfif().exif(exif_block()).build();
  for (const std::uint32_t length : {0u, 3u, 15u, 17u, 19u, 60u, 0xFFFFu}) {
    SCOPED_TRACE(length);
    expect_read(with_bytes(file, 4, test::be16(length)), "UserComment",
                kComment);
  }
}

TEST(Damage, JpegTextWhoseSegmentHasAnotherMarker) {
  const std::string file = JpegBuilder().jfif().exif(exif_block()).build();
  const std::size_t at = file.find("\xFF\xE1");
  for (const std::string& marker :
       {"\xFF\xE5"s, "\xFF\xC4"s, "\xFF\xDA"s, "\xFF\xD9"s, "\xFF\xD0"s,
        "\xFF\0"s, "\xFF\xFF"s, "\x7F\xE1"s, "\0\0"s, "\0\0\0\0"s}) {
    const ImageFields image = extract(with_bytes(file, at, marker));
    EXPECT_EQ(value_of(image, "UserComment"), kComment)
        << testing::PrintToString(marker) << notes_of(image);
  }
}

TEST(Damage, JpegTextWhoseSegmentHasLostItsHeader) {
  for (const std::string& file :
       {JpegBuilder().jfif().exif(exif_block()).build(),
        JpegBuilder().exif(exif_block()).build()}) {
    const std::size_t at = file.find("\xFF\xE1");
    expect_read(std::string(file).erase(at, 4), "UserComment", kComment);
    expect_read(std::string(file).erase(at, 2), "UserComment", kComment);
    expect_read(std::string(file).erase(at + 2, 2), "UserComment", kComment);
  }
}

TEST(Damage, JpegSegmentsOfNoLength) {
  std::string file = JpegBuilder()
                         .jfif()
                         .exif(exif_block())
                         .segment(0xDB, "\0"s + std::string(64, '\1'))
                         .build();
  for (const std::string marker : {"\xFF\xE0", "\xFF\xE1", "\xFF\xDB"})
    file = with_bytes(file, file.find(marker) + 2, "\0\0"s);
  expect_read(file, "UserComment", kComment);
}

TEST(Damage, JpegExifWithoutItsName) {
  const std::string file = JpegBuilder().exif(exif_block()).build();
  for (const std::string& name : {"EXIF\0\0"s, "Exif  "s, "\0\0\0\0\0\0"s}) {
    EXPECT_EQ(value_of(extract(with_bytes(file, file.find("Exif"), name)),
                       "UserComment"),
              kComment);
  }
}

TEST(Damage, ExifCommentThatNoDirectoryLeadsTo) {
  const std::string block = exif_block();
  const std::size_t comment = block.find("UNICODE");
  std::vector<std::string> blocks = {
      with_bytes(block, 0, "II"), with_bytes(block, 0, "XX"),
      with_bytes(block, 0, std::string(8, '\0')),
      with_bytes(block, 4, test::be32(200)), with_bytes(block, 8, "\0\0"s)};
  // From the end of the header to the text: every directory.
  for (std::size_t at = 8; at + 1 < comment; ++at)
    blocks.push_back(with_bytes(block, at, std::string(2, '\x77')));
  for (const std::string& damaged : blocks) {
    EXPECT_EQ(
        value_of(extract(JpegBuilder().exif(damaged).build()), "UserComment"),
        kComment)
        << testing::PrintToString(damaged);
    EXPECT_EQ(value_of(extract(WebpBuilder()
                                   .extended(8, 8, 8)
                                   .lossy(8, 8)
                                   .chunk("EXIF", damaged)
                                   .build()),
                       "UserComment"),
              kComment)
        << testing::PrintToString(damaged);
  }
}

TEST(Damage, ExifCommentWhoseEncodingHasNoName) {
  const std::string block = exif_block();
  EXPECT_EQ(value_of(extract(JpegBuilder()
                                 .exif(with_bytes(block, block.find("UNICODE"),
                                                  "QWERTYUI"))
                                 .build()),
                     "UserComment"),
            kComment);
}

TEST(Damage, BytesOfAThumbnailAreNoText) {
  const std::string block = with_bytes(exif_block(), 0, "XX") +
                            "\0\0\0\0{\"\x90\x81 and a score of bytes\0"s;
  const ImageFields image = extract(JpegBuilder().exif(block).build());
  EXPECT_EQ(value_of(image, "UserComment"), kComment);
  EXPECT_EQ(image.fields.size(), 1u);
}

TEST(Damage, ATextOutsideOfDirectoriesIsNotReadTwice) {
  const ImageFields image =
      extract(JpegBuilder()
                  .exif(test::exif_with_comment(ByteOrder::kBig,
                                                "ASCII\0\0\0just a lantern"s))
                  .build());
  EXPECT_EQ(image.fields.size(), 1u);
  EXPECT_TRUE(image.notes.empty()) << notes_of(image);
}

std::string webp() {
  return WebpBuilder()
      .extended(8, 8, 8)
      .lossy(8, 8)
      .chunk("EXIF", exif_block())
      .build();
}

TEST(Damage, WebpTextBehindAChunkOfWrongLength) {
  const std::string file = webp();
  for (const std::string type : {"VP8X", "VP8 "}) {
    for (const std::uint32_t length :
         {0u, 3u, 8u, 11u, 12u, 14u, 50u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      SCOPED_TRACE(type + std::to_string(length));
      const ImageFields image =
          extract(with_bytes(file, file.find(type) + 4, test::le32(length)));
      EXPECT_EQ(value_of(image, "UserComment"), kComment) << notes_of(image);
    }
  }
}

TEST(Damage, WebpTextWhoseChunkHasAWrongLengthOrType) {
  const std::string file = webp();
  const std::size_t at = file.find("EXIF");
  for (const std::string& damaged :
       {with_bytes(file, at, "\0\0\0\0"s), with_bytes(file, at, "exif"),
        with_bytes(file, at, "EXIG"),
        with_bytes(file, at, std::string(8, '\0')),
        with_bytes(file, at + 4, test::le32(0)),
        with_bytes(file, at + 4, test::le32(40)),
        with_bytes(file, at + 4, test::le32(0x7FFFFFFF))}) {
    const ImageFields image = extract(damaged);
    EXPECT_EQ(value_of(image, "UserComment"), kComment) << notes_of(image);
  }
}

TEST(Damage, WebpWithJunkBetweenItsChunks) {
  const std::string file = webp();
  const std::size_t at = file.find("EXIF");
  for (const std::string& junk :
       {"\0"s, "\0\0"s, "abc"s, std::string(100, '\0'),
        std::string(70000, '\xA5')}) {
    expect_read(std::string(file).insert(at, junk), "UserComment", kComment);
  }
}

TEST(Damage, SignaturesAreNotNeeded) {
  const std::string png = PngBuilder().text("parameters", kInfotext).build();
  const std::string jpeg = JpegBuilder().jfif().exif(exif_block()).build();
  expect_read(with_bytes(png, 0, std::string(8, '\0')), "parameters",
              kInfotext);
  expect_read(with_bytes(jpeg, 0, "\0\0"s), "UserComment", kComment);
  for (const std::size_t bytes : {4, 8, 12}) {
    expect_read(with_bytes(webp(), 0, std::string(bytes, '\0')), "UserComment",
                kComment);
    expect_read(webp().erase(0, bytes), "UserComment", kComment);
  }
  expect_read(with_bytes(webp(), 8, "\0\0\0\0"s), "UserComment", kComment);
  expect_read(with_bytes(webp(), 0, "RIFX"), "UserComment", kComment);
}

TEST(Damage, JunkInFrontOfAnImageMayBeLong) {
  const std::string junk(70000, '\xA5');
  expect_read(junk + PngBuilder().text("parameters", kInfotext).build(),
              "parameters", kInfotext);
  expect_read(junk + JpegBuilder().jfif().exif(exif_block()).build(),
              "UserComment", kComment);
  expect_read(junk + webp(), "UserComment", kComment);
}

std::string avif_with_exif(const std::string& block) {
  test::HeifOptions options;
  options.exif = "\0\0\0\0"s + block;
  return test::heif(options);
}

// As a server's answer that was saved as a whole.
TEST(Damage, AnyFormatIsFoundBehindTheHeadersOfATransfer) {
  const std::string headers =
      "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n";
  const std::string info = "ASCII\0\0\0"s + kInfotext;
  const std::string block = test::exif_with_comment(ByteOrder::kBig, info);
  const std::string graph = "{\"prompt\": \"a paper lantern\"}";
  expect_read(headers + avif_with_exif(block), "UserComment", kInfotext);
  expect_read(
      headers + test::ftyp("isom") +
          test::box("moov",
                    test::box("udta", test::mdta_meta({{"comment", graph}}))),
      "comment", graph);
  expect_read(headers + "\0\0\0\x0CJXL \r\n\x87\n"s + test::ftyp("jxl ") +
                  test::box("Exif", "\0\0\0\0"s + block),
              "UserComment", kInfotext);
  expect_read(headers + test::GifBuilder().comment(kInfotext).build(),
              "Comment", kInfotext);
  expect_read(headers + block, "UserComment", kInfotext);
}

// Programs that read films hold the names of their boxes.
TEST(Damage, ABoxWithoutALengthIsNoFilmBehindJunk) {
  const ImageFields image = extract(
      "\x7F"
      "ELF"s +
      std::string(60, '\0') + "ftypmp42"s + std::string(4, '\0') + "ftypavif"s +
      std::string(60, '\0'));
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kNotAnImage);
}

TEST(Damage, TheFirstOfTwoImagesBehindJunkIsRead) {
  expect_read("junk" + JpegBuilder().jfif().exif(exif_block()).build() +
                  PngBuilder().text("parameters", kInfotext).build(),
              "UserComment", kComment);
}

// A page's picture or a thumbnail may stand in front of the image, and junk may
// look like one.
TEST(Damage, OfSeveralImagesBehindJunkTheOneWithATextIsRead) {
  const std::string png = PngBuilder().text("parameters", kInfotext).build();
  for (const std::string& first :
       {PngBuilder().build(), PngBuilder().build().substr(0, 50),
        JpegBuilder().jfif().build(), "\xFF\xD8\xFF\xE0 and more"s,
        "RIFF\0\0\0\0WEBPVP8 and more"s, "\0\0\0\x0DIHDR and more"s,
        PngBuilder().text("Software", "a viewer").build()}) {
    expect_read("junk" + first + "more junk" + png, "parameters", kInfotext);
    EXPECT_EQ(extract("junk" + first + png).container, Container::kPng);
  }
  EXPECT_EQ(
      extract("junk" + JpegBuilder().jfif().build() + PngBuilder().build())
          .container,
      Container::kJpeg);
}

// Each of many may cost as much as one alone.
TEST(Damage, FewImagesBehindJunkAreTried) {
  std::string many = "junk";
  for (int i = 0; i < 100; ++i) many += JpegBuilder().jfif().build();
  const std::string text = PngBuilder().text("parameters", kInfotext).build();
  EXPECT_TRUE(extract(many + text).fields.empty());
  const std::string file =
      "junk" +
      JpegBuilder().segment(0xFE, "notes\0"s + std::string(5000, 'a')).build() +
      text;
  EXPECT_EQ(extract(file).fields.back().key, "parameters");
  ExtractOptions options;
  options.limits.max_field_bytes = 4000;
  EXPECT_EQ(extract(file, options).fields.back().key, "notes");
}

// What says where the text ends is damaged, too.
void expect_begins(const std::string& file, const std::string& key,
                   const std::string& value) {
  const ImageFields image = extract(file);
  EXPECT_TRUE(value_of(image, key).starts_with(value))
      << value_of(image, key) << notes_of(image);
  EXPECT_TRUE(image.damage);
}

// Every byte above 7F as U+FFFD, as programs do that take a download for text;
// and all of them as UTF-8, and without the eighth bit.
TEST(Damage, FilesThatWereTakenForText) {
  const auto replaced = [](const std::string& file, const auto& high) {
    std::string text;
    for (const char c : file) {
      if (static_cast<unsigned char>(c) < 0x80)
        text += c;
      else
        text += high(static_cast<unsigned char>(c));
    }
    return text;
  };
  const auto lost = [](unsigned) { return "\xEF\xBF\xBD"s; };
  const auto latin1 = [](unsigned c) {
    return std::string{static_cast<char>(0xC0 | c >> 6),
                       static_cast<char>(0x80 | (c & 0x3F))};
  };
  const auto stripped = [](unsigned c) {
    return std::string(1, static_cast<char>(c & 0x7F));
  };
  const std::string png = PngBuilder().text("parameters", kInfotext).build();
  const std::string jpeg = JpegBuilder().jfif().exif(exif_block()).build();
  for (const std::string& file :
       {replaced(jpeg, lost), replaced(jpeg, latin1), replaced(jpeg, stripped),
        replaced(webp(), lost), replaced(webp(), latin1)})
    expect_begins(file, "UserComment", kComment);
  for (const std::string& file :
       {replaced(png, lost), replaced(png, latin1), replaced(png, stripped)})
    expect_begins(file, "parameters", kInfotext);
}

// Bytes in front of them were put in, or lost: the place of the item is wrong.
TEST(Damage, HeifExifThatStandsInAnotherPlace) {
  const std::string block =
      test::exif_with_comment(ByteOrder::kBig, "ASCII\0\0\0"s + kInfotext);
  const std::string file = avif_with_exif(block);
  const std::size_t meta = file.find("meta") - 4;
  const ImageFields image = extract(
      std::string(file).insert(meta, test::box("free", std::string(40, '-'))));
  EXPECT_EQ(value_of(image, "UserComment"), kInfotext) << notes_of(image);
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
}

TEST(Damage, ExifCommentWhoseOffsetCountsFromTheFile) {
  const std::string block = exif_block();
  const std::size_t place = block.find("UNICODE");
  const std::string offset = test::be32(static_cast<std::uint32_t>(place));
  const std::size_t field = block.find(offset);
  ASSERT_NE(field, block.npos);
  for (const std::uint32_t base : {6u, 12u, 30u}) {
    const std::string moved =
        test::be32(static_cast<std::uint32_t>(place) + base);
    expect_read(
        JpegBuilder().jfif().exif(with_bytes(block, field, moved)).build(),
        "UserComment", kComment);
  }
}

TEST(Damage, TextsInBrokenBoxesAreFoundByTheirLooks) {
  const std::string graph = "{\"prompt\": \"a paper lantern\"}";
  const std::string movie =
      test::ftyp("isom") + test::box("moov", "\0\0\0\1"s + graph + "\0"s);
  const std::size_t size_at = movie.find("moov") - 4;
  expect_read(with_bytes(movie, size_at, "\x7F"), "UserComment", graph);
  const std::string gif = test::GifBuilder().comment(kInfotext).frame().build();
  const std::size_t mark = gif.find("!\xFE");
  ASSERT_NE(mark, gif.npos);
  // Its length stays in front of the text.
  const ImageFields image = extract(with_bytes(gif, mark, "\x01\x01"));
  EXPECT_TRUE(value_of(image, "UserComment").ends_with(kInfotext))
      << notes_of(image);
  EXPECT_TRUE(has_note(image, ErrorCode::kIrregular));
  EXPECT_TRUE(image.damage);
}

TEST(Damage, HeifItemsWithoutAPlaceAreFoundByTheirLooks) {
  const std::string file = avif_with_exif(exif_block());
  // The widths of offsets and lengths: the places cannot be read.
  const std::size_t widths = file.find("iloc") + 8;
  expect_read(with_bytes(file, widths, "\xFF\xFF"), "UserComment", kComment);
}

// The length of the box that holds all others is that of none: no item is
// found.
TEST(Damage, HeifWithoutASizeIsBroken) {
  const std::string file = avif_with_exif(exif_block());
  const std::size_t meta = file.find("meta");
  expect_read(with_bytes(file, meta - 4, test::be32(12)), "UserComment",
              kComment);
  EXPECT_TRUE(extract(with_bytes(file, meta, "free")).damage);
}

TEST(Damage, TheEndOfALargeBrokenFileIsSearched) {
  const std::string graph = "{\"prompt\": \"a paper lantern\"}";
  const std::string movie = test::ftyp("isom") +
                            test::box("mdat", std::string(3 << 20, '\1')) +
                            test::box("moov", "\0"s + graph + "\0"s);
  expect_read(with_bytes(movie, movie.find("moov") - 4, "\x7F"), "UserComment",
              graph);
}

}  // namespace
}  // namespace sdmeta
