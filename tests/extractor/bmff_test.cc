#include "extractor/bmff.h"

#include <gtest/gtest.h>

#include "tests/support/box_builder.h"
#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace test;
using namespace std::string_literals;

const std::string kComment = "a lighthouse\nSteps: 20, Seed: 7";
const std::string kPacket =
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3."
    "org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" "
    "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmp:CreatorTool=\"Tool\"/>"
    "</rdf:RDF></x:xmpmeta>";

std::string tiff_block() {
  return TiffBuilder(ByteOrder::kLittle)
      .exif_ifd(0x9286, TiffType::kUndefined, "ASCII\0\0\0"s + kComment)
      .build();
}

HeifOptions with_both() {
  HeifOptions options;
  options.exif = be32(0) + tiff_block();
  options.xmp = kPacket;
  return options;
}

void expect_both(const ImageFields& image) {
  EXPECT_EQ(value_of(image, "UserComment"), kComment);
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "Tool");
  EXPECT_FALSE(image.damage) << to_text(*image.damage);
  EXPECT_TRUE(image.notes.empty()) << notes_of(image);
}

TEST(Heif, ExifAndXmpItemsAreReadFromTheFile) {
  const ImageFields image = extract(heif(with_both()));
  EXPECT_EQ(image.container, Container::kAvif);
  expect_both(image);
}

TEST(Heif, ItemsMayStandInIdat) {
  for (const std::uint32_t version : {1u, 2u}) {
    HeifOptions options = with_both();
    options.iloc_version = version;
    options.is_in_idat = true;
    expect_both(extract(heif(options)));
  }
}

TEST(Heif, ItemsMayBeSplitIntoExtents) {
  for (const std::uint32_t version : {0u, 1u, 2u}) {
    HeifOptions options = with_both();
    options.iloc_version = version;
    options.infe_version = version == 2 ? 3 : 2;
    options.is_split = true;
    expect_both(extract(heif(options)));
  }
}

TEST(Heif, SizeIsThatOfThePrimaryItem) {
  const ImageFields image = extract(heif(with_both()));
  EXPECT_EQ(image.width, 640u);
  EXPECT_EQ(image.height, 480u);
}

TEST(Heif, QuarterTurnSwapsTheSides) {
  HeifOptions options = with_both();
  options.quarter_turns = 3;
  const ImageFields image = extract(heif(options));
  EXPECT_EQ(image.width, 480u);
  EXPECT_EQ(image.height, 640u);
}

TEST(Heif, Quirk10_ExifOffsetMayBeZeroSixOrGarbage) {
  const std::string block = tiff_block();
  for (const std::string& payload :
       {be32(0) + block, be32(6) + "Exif\0\0"s + block,
        be32(0) + "Exif\0\0"s + block, be32(0xDEADBEEF) + block, block,
        "Exif\0\0"s + block, be32(40) + std::string(40, 'x') + block}) {
    HeifOptions options;
    options.exif = payload;
    EXPECT_EQ(value_of(extract(heif(options)), "UserComment"), kComment)
        << payload.substr(0, 12);
  }
}

// As programs leave it that take metadata away.
TEST(Heif, BlankExifIsNoDamage) {
  for (const std::string& payload :
       {std::string(40, '\0'), be32(0), be32(6) + "Exif\0\0"s, "Exif\0\0"s,
        be32(6) + "Exif\0\0"s + std::string(40, '\0')}) {
    HeifOptions options;
    options.exif = payload;
    const ImageFields image = extract(heif(options));
    EXPECT_FALSE(image.damage) << testing::PrintToString(payload);
    EXPECT_TRUE(image.fields.empty());
  }
}

TEST(Heif, ExifItemMayHoldXmp) {
  HeifOptions options;
  options.exif = be32(0) + kPacket;
  const ImageFields image = extract(heif(options));
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "Tool");
  EXPECT_FALSE(image.damage);
}

TEST(Heif, BrandsTellAvifFromHeif) {
  const auto container_of = [](std::string_view major,
                               std::string_view others) {
    return extract(ftyp(major, others)).container;
  };
  EXPECT_EQ(container_of("avif", "mif1miaf"), Container::kAvif);
  EXPECT_EQ(container_of("mif1", "heicmif1"), Container::kHeif);
  EXPECT_EQ(container_of("mif1", "mif1avif"), Container::kAvif);
  EXPECT_EQ(container_of("heic", "mif1"), Container::kHeif);
  EXPECT_EQ(container_of("isom", "iso2avc1"), Container::kMp4);
  EXPECT_EQ(container_of("mp42", ""), Container::kMp4);
  EXPECT_EQ(container_of("qt  ", ""), Container::kMov);
}

// Each item would be read again and again from the same bytes.
TEST(Heif, MoreTextItemsThanAnImageHasAreNoted) {
  std::string entries, locations = "\x44\0"s + be16(40);
  for (std::uint32_t id = 1; id <= 40; ++id) {
    entries += full_box("infe", 2, be16(id) + be16(0) + "Exif\0"s);
    locations += be16(id) + be16(0) + be16(1) + be32(0) + be32(0);
  }
  const std::string items =
      full_box("iinf", 0, be16(40) + entries) + full_box("iloc", 0, locations);
  const ImageFields image = extract(ftyp("avif") + full_box("meta", 0, items));
  EXPECT_TRUE(has_note(image, ErrorCode::kTooManyFields)) << notes_of(image);
}

// As exiftool leaves an item that it takes away.
TEST(Heif, AnItemWithoutBytesIsNoText) {
  const std::string entry = full_box("infe", 2, be16(1) + be16(0) + "Exif\0"s);
  const auto with_widths = [&](std::string_view widths,
                               const std::string& extent) {
    const std::string items =
        full_box("iinf", 0, be16(1) + entry) +
        full_box("iloc", 0,
                 std::string(widths) + be16(1) + be16(1) + be16(0) + be16(1) +
                     extent) +
        box("iprp", box("ipco", full_box("ispe", 0, be32(8) + be32(8))));
    return ftyp("avif") + full_box("meta", 0, items) + box("mdat", "pixels");
  };
  const ImageFields image =
      extract(with_widths("\x44\0"s, be32(0x80) + be32(0)));
  EXPECT_FALSE(image.damage) << image.damage->detail;
  EXPECT_EQ(notes_of(image), "");
  // Where no length is stated, all that follows is meant.
  EXPECT_TRUE(extract(with_widths("\x40\0"s, be32(0x80))).damage);
}

TEST(Heif, ItemLongerThanAFieldIsCutWithANote) {
  ExtractOptions options;
  options.limits.max_field_bytes = 100;
  HeifOptions made;
  made.exif = be32(0) + tiff_block() + std::string(200, '\0');
  const ImageFields image = extract(heif(made), options);
  EXPECT_TRUE(has_note(image, ErrorCode::kFieldTooLarge)) << notes_of(image);
}

TEST(Heif, SurvivesEveryCutAndEveryChangedByte) {
  HeifOptions options = with_both();
  options.is_split = true;
  const std::string file = heif(options);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const ImageFields image = extract(file.substr(0, size));
    EXPECT_TRUE(image.damage) << size;
  }
  for_each_changed_byte(file, [](const std::string& changed) {
    EXPECT_LE(extract(changed).fields.size(), 4u);
  });
}

std::string movie(std::string_view moov_payload) {
  return ftyp("isom") + box("mdat", std::string(5000, 'p')) +
         box("moov", moov_payload);
}

TEST(Movie, Quirk60_ClassicCommentIsReadFromItunesList) {
  const std::string meta =
      full_box("meta", 0,
               full_box("hdlr", 0, be32(0) + "mdir" + std::string(13, '\0')) +
                   box("ilst", box("\xA9"
                                   "cmt",
                                   utf8_data(kComment))));
  const ImageFields image = extract(movie(box("udta", meta)));
  EXPECT_EQ(image.container, Container::kMp4);
  ASSERT_NE(field_of(image, "©cmt"), nullptr);
  EXPECT_EQ(field_of(image, "©cmt")->carrier, Carrier::kMp4Ilst);
  EXPECT_EQ(field_of(image, "©cmt")->value, kComment);
}

TEST(Movie, Quirk60_KeysNameTheValuesOfFfmpegsTags) {
  const ImageFields image =
      extract(movie(mdta_meta({{"prompt", "{\"1\":{}}"}, {"workflow", "{}"}})));
  ASSERT_EQ(image.fields.size(), 2u);
  EXPECT_EQ(image.fields[0], (RawField{Carrier::kMp4Mdta, Encoding::kUtf8,
                                       "prompt", "{\"1\":{}}"}));
  EXPECT_EQ(image.fields[1].key, "workflow");
}

TEST(Movie, Quirk60_MoovMayStandAtTheEndOrInFront) {
  const std::string moov = box("moov", mdta_meta({{"prompt", "{}"}}));
  const std::string mdat = box("mdat", std::string(70000, 'p'));
  for (const std::string& file :
       {ftyp("isom") + mdat + moov, ftyp("isom") + moov + mdat,
        ftyp("isom") + long_box("mdat", std::string(9000, 'p')) + moov})
    EXPECT_EQ(value_of(extract(file), "prompt"), "{}");
}

TEST(Movie, MetaMayBeAPlainBoxAsInQuickTime) {
  std::string meta = mdta_meta({{"prompt", "{}"}});
  meta = box("meta", meta.substr(12));
  EXPECT_EQ(value_of(extract(movie(meta)), "prompt"), "{}");
}

TEST(Movie, UserDataTextsOfQuickTimeAreRead) {
  const std::string text =
      box("\xA9"
          "cmt",
          be16(5) + be16(0x55C4) + "hello");
  const ImageFields image =
      extract(ftyp("qt  ") + box("moov", box("udta", text + be32(0))));
  EXPECT_EQ(image.container, Container::kMov);
  EXPECT_EQ(value_of(image, "©cmt"), "hello");
  EXPECT_FALSE(image.damage);
}

TEST(Movie, NamedEntriesHaveTheirNameAsKey) {
  const std::string entry =
      box("----", full_box("mean", 0, "com.apple.iTunes") +
                      full_box("name", 0, "workflow") + utf8_data("{}"));
  const std::string meta = full_box("meta", 0, box("ilst", entry));
  EXPECT_EQ(value_of(extract(movie(box("udta", meta))), "workflow"), "{}");
}

TEST(Movie, PicturesAndNumbersAreNoText) {
  const std::string picture =
      box("covr", box("data", be32(13) + be32(0) + "\xFF\xD8\xFF"));
  const std::string number =
      box("trkn", box("data", be32(0) + be32(0) + "\0\0\0\1"s));
  const std::string meta = full_box("meta", 0, box("ilst", picture + number));
  EXPECT_TRUE(extract(movie(box("udta", meta))).fields.empty());
}

TEST(Movie, SizeIsThatOfTheFirstTrackWithOne) {
  for (const std::uint32_t version : {0u, 1u}) {
    const ImageFields image =
        extract(movie(box("trak", track_header(version, 0, 0)) +
                      box("trak", track_header(version, 832, 1216))));
    EXPECT_EQ(image.width, 832u);
    EXPECT_EQ(image.height, 1216u);
  }
}

TEST(Movie, QuickTimeWithoutBrandsIsKnownByItsFirstBox) {
  EXPECT_EQ(extract(box("moov", mdta_meta({{"prompt", "{}"}}))).container,
            Container::kMov);
}

TEST(Movie, LastBoxOfSizeZeroReachesToTheEnd) {
  const std::string moov = box("moov", mdta_meta({{"prompt", "{}"}}));
  const ImageFields image =
      extract(ftyp("isom") + moov + lying_box("mdat", 0, "pixels"));
  EXPECT_EQ(value_of(image, "prompt"), "{}");
  EXPECT_FALSE(image.damage);
}

TEST(Movie, DownloadThatBrokeOffIsTruncatedAndKeepsItsTags) {
  const ImageFields image =
      extract(ftyp("isom") + box("moov", mdta_meta({{"prompt", "{}"}})) +
              lying_box("mdat", 1000000, "pixels"));
  EXPECT_EQ(value_of(image, "prompt"), "{}");
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kTruncated);
  EXPECT_EQ(image.damage->detail,
            "box 'mdat' declares 1000000 bytes, file ends after 14");
}

TEST(Movie, BoxSmallerThanItsHeaderIsCorrupt) {
  const ImageFields image = extract(ftyp("isom") + lying_box("moov", 4, ""));
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
}

TEST(Movie, BoxLongerThanItsParentIsCorruptAndRead) {
  const std::string list = lying_box("ilst", 500,
                                     box("\xA9"
                                         "cmt",
                                         utf8_data("hello")));
  const ImageFields image = extract(
      ftyp("isom") + box("moov", box("udta", full_box("meta", 0, list))) +
      box("free", std::string(600, '\0')));
  EXPECT_EQ(value_of(image, "©cmt"), "hello");
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
}

TEST(Movie, WalkEndsAtTheLimitOfBoxes) {
  std::string boxes;
  for (int i = 0; i < 100; ++i) boxes += box("free", "");
  ExtractOptions options;
  options.limits.max_chunks = 50;
  const ImageFields image = extract(ftyp("isom") + boxes, options);
  EXPECT_TRUE(has_note(image, ErrorCode::kTooManyFields)) << notes_of(image);
}

TEST(Movie, TableThatCannotBeOfAFileIsCutWithANote) {
  const std::string keys = full_box("keys", 0, std::string(5u << 20, '\0'));
  const ImageFields image =
      extract(movie(full_box("meta", 0, keys + box("ilst", ""))));
  EXPECT_TRUE(has_note(image, ErrorCode::kFieldTooLarge)) << notes_of(image);
}

TEST(Movie, SurvivesEveryCutAndEveryChangedByte) {
  const std::string file =
      ftyp("isom") +
      box("moov", box("trak", track_header(0, 8, 8)) +
                      mdta_meta({{"prompt", "{}"}, {"workflow", "{}"}}));
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_LE(extract(file.substr(0, size)).fields.size(), 2u);
  for_each_changed_byte(file, [](const std::string& changed) {
    EXPECT_LE(extract(changed).fields.size(), 2u);
  });
}

}  // namespace
}  // namespace sdmeta
