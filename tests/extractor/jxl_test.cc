#include "extractor/jxl.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>

#include "tests/support/box_builder.h"
#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace test;
using namespace std::string_literals;

const std::string kComment = "a lighthouse\nSteps: 20, Seed: 7";
const std::string kSignature = box("JXL ", "\r\n\x87\n");
// 8 x 8: small, eighths less one 0, ratio 1:1.
const std::string kCodestream = "\xFF\x0A\x41\0\0"s;

std::string exif_payload() {
  return be32(0) +
         TiffBuilder(ByteOrder::kBig)
             .exif_ifd(0x9286, TiffType::kUndefined, "ASCII\0\0\0"s + kComment)
             .build();
}

std::string brotli(std::string_view text) {
  std::string packed(BrotliEncoderMaxCompressedSize(text.size()) + 16, '\0');
  std::size_t size = packed.size();
  BrotliEncoderCompress(5, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE,
                        text.size(),
                        reinterpret_cast<const std::uint8_t*>(text.data()),
                        &size, reinterpret_cast<std::uint8_t*>(packed.data()));
  packed.resize(size);
  return packed;
}

std::string file_with(std::string_view boxes) {
  return kSignature + ftyp("jxl ", "jxl ") + std::string(boxes) +
         box("jxlc", kCodestream);
}

TEST(Jxl, ExifBoxIsRead) {
  const ImageFields image = extract(file_with(box("Exif", exif_payload())));
  EXPECT_EQ(image.container, Container::kJxl);
  EXPECT_EQ(value_of(image, "UserComment"), kComment);
  EXPECT_FALSE(image.damage);
  EXPECT_TRUE(image.notes.empty()) << notes_of(image);
}

TEST(Jxl, BoxBehindTheCodestreamIsRead) {
  EXPECT_EQ(
      value_of(extract(kSignature + ftyp("jxl ") + box("jxlc", kCodestream) +
                       box("Exif", exif_payload())),
               "UserComment"),
      kComment);
}

TEST(Jxl, BrotliCompressedBoxIsRead) {
  const ImageFields image =
      extract(file_with(box("brob", "Exif" + brotli(exif_payload()))));
  EXPECT_EQ(value_of(image, "UserComment"), kComment);
  EXPECT_TRUE(image.notes.empty()) << notes_of(image);
}

TEST(Jxl, BrotliBombEndsAtTheSizeOfAField) {
  const std::string bomb = brotli(exif_payload() + std::string(5u << 20, ' '));
  ExtractOptions options;
  options.limits.max_field_bytes = 100000;
  const ImageFields image =
      extract(file_with(box("brob", "Exif" + bomb)), options);
  EXPECT_EQ(value_of(image, "UserComment"), kComment);
  EXPECT_TRUE(has_note(image, ErrorCode::kFieldTooLarge)) << notes_of(image);
}

// 200 boxes of some bytes each, 20 MB unpacked.
TEST(Jxl, ManyBrotliBombsShareOneBudget) {
  const std::string bomb =
      box("brob", "Exif" + brotli(std::string(99999, 'x')));
  std::string boxes;
  for (int i = 0; i < 200; ++i) boxes += bomb;
  ExtractOptions options;
  options.limits.max_field_bytes = 100000;
  options.limits.max_total_field_bytes = 250000;
  options.limits.max_notes = 1000;
  const ImageFields image = extract(file_with(boxes), options);
  std::size_t stopped_at_once = 0;
  for (const Error& note : image.notes)
    if (to_text(note) == "field_too_large: box 'brob': stopped after 0 bytes")
      ++stopped_at_once;
  EXPECT_EQ(stopped_at_once, 197u) << notes_of(image);
}

TEST(Jxl, BrotliThatBreaksOffGivesItsBeginningAndANote) {
  std::string packed = brotli(exif_payload() + std::string(5000, ' '));
  packed.resize(packed.size() - 3);
  const ImageFields image = extract(file_with(box("brob", "Exif" + packed)));
  EXPECT_TRUE(has_note(image, ErrorCode::kBadCompression)) << notes_of(image);
}

TEST(Jxl, SizeIsReadFromTheCodestream) {
  struct Case {
    std::string header;
    std::uint32_t width, height;
  };
  // Bits, lowest first: small?, height, ratio, width (ISO/IEC 18181-1 D.2).
  const auto bits =
      [](std::initializer_list<std::pair<std::uint32_t, int>> numbers) {
        std::string bytes(12, '\0');
        std::size_t at = 0;
        for (const auto& [value, count] : numbers)
          for (int i = 0; i < count; ++i, ++at)
            bytes[at / 8] |= static_cast<char>((value >> i & 1) << at % 8);
        return "\xFF\x0A" + bytes;
      };
  for (const Case& c : std::vector<Case>{
           {bits({{1, 1}, {0, 5}, {1, 3}}), 8, 8},
           {bits({{1, 1}, {7, 5}, {0, 3}, {3, 5}}), 32, 64},
           {bits({{0, 1}, {1, 2}, {1215, 13}, {0, 3}, {1, 2}, {831, 13}}), 832,
            1216},
           {bits({{0, 1}, {1, 2}, {1079, 13}, {5, 3}}), 1920, 1080},
           {bits({{0, 1}, {0, 2}, {299, 9}, {7, 3}}), 600, 300}}) {
    const ImageFields bare = extract(c.header);
    EXPECT_EQ(bare.width, c.width);
    EXPECT_EQ(bare.height, c.height);
    const ImageFields parted =
        extract(kSignature + box("jxlp", be32(0) + c.header));
    EXPECT_EQ(parted.width, c.width);
  }
}

TEST(Jxl, BareCodestreamHasNoText) {
  const ImageFields image = extract(kCodestream);
  EXPECT_EQ(image.container, Container::kJxl);
  EXPECT_TRUE(image.fields.empty());
  EXPECT_FALSE(image.damage);
}

TEST(Jxl, SurvivesEveryCutAndEveryChangedByte) {
  const std::string file =
      file_with(box("brob", "Exif" + brotli(exif_payload())) +
                box("xml ", "<x:xmpmeta/>"));
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_LE(extract(file.substr(0, size)).fields.size(), 1u);
  // A comment whose place is damaged is also found by its looks.
  for_each_changed_byte(file, [](const std::string& changed) {
    EXPECT_LE(extract(changed).fields.size(), 2u);
  });
}

}  // namespace
}  // namespace sdmeta
