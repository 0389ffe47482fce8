#include "extractor/stealth.h"

#include <gtest/gtest.h>

#include "extractor/png_rows.h"
#include "tests/support/image_builder.h"
#include "tests/support/packed_text.h"
#include "tests/support/pixel_images.h"

namespace sdmeta {
namespace {

using test::gzip;
using test::hide;
using test::picture;
using test::Pixels;
using test::png_of;
using test::PngLayout;
using test::webp_of;
using test::WebpLayout;

const std::string kText =
    "a lighthouse at dusk, 灯台\nNegative prompt: fog\nSteps: 20, Seed: 7";

StealthResult read(const std::vector<std::uint8_t>& file,
                   Container container = Container::kPng,
                   const Limits& limits = {}) {
  MemorySource source(file);
  return read_stealth(source, container, limits);
}

class CountingSource final : public ByteSource {
 public:
  explicit CountingSource(std::span<const std::uint8_t> bytes)
      : memory_(bytes) {}
  std::uint64_t size() const noexcept override { return memory_.size(); }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override {
    Result<std::size_t> got = memory_.read_at(offset, out);
    total += *got;
    return got;
  }
  std::uint64_t total = 0;

 private:
  MemorySource memory_;
};

struct Variant {
  const char* name;
  const char* signature;
  bool is_packed;
  std::uint32_t width;
  std::uint32_t height;
  std::uint32_t channels;
};

class StealthVariants : public testing::TestWithParam<Variant> {
 protected:
  Pixels pixels() const {
    const Variant& variant = GetParam();
    Pixels made = picture(variant.width, variant.height, variant.channels);
    hide(made, variant.signature, variant.is_packed ? gzip(kText) : kText);
    return made;
  }
};

TEST_P(StealthVariants, AreReadFromPng) {
  const StealthResult got = read(png_of(pixels()));
  ASSERT_TRUE(got.found);
  EXPECT_EQ(got.found->text, kText);
  EXPECT_EQ(got.found->carrier,
            std::string_view(GetParam().signature).starts_with("stealth_png")
                ? Carrier::kStealthAlpha
                : Carrier::kStealthRgb);
  EXPECT_TRUE(got.notes.empty());
}

TEST_P(StealthVariants, AreReadFromInterlacedPng) {
  const StealthResult got = read(png_of(pixels(), PngLayout::kInterlaced));
  ASSERT_TRUE(got.found);
  EXPECT_EQ(got.found->text, kText);
}

TEST_P(StealthVariants, AreReadFromLosslessWebp) {
  const StealthResult got =
      read(webp_of(pixels(), WebpLayout::kLossless), Container::kWebp);
  ASSERT_TRUE(got.found);
  EXPECT_EQ(got.found->text, kText);
}

// With less than 120 lines the signature ends in a later column.
INSTANTIATE_TEST_SUITE_P(
    Quirk56, StealthVariants,
    testing::Values(
        Variant{"alpha_info", "stealth_pnginfo", false, 64, 160, 4},
        Variant{"alpha_comp", "stealth_pngcomp", true, 64, 160, 4},
        Variant{"rgb_info", "stealth_rgbinfo", false, 64, 160, 3},
        Variant{"rgb_comp", "stealth_rgbcomp", true, 64, 160, 3},
        Variant{"rgb_beside_alpha", "stealth_rgbcomp", true, 64, 160, 4},
        Variant{"alpha_119_rows", "stealth_pnginfo", false, 64, 119, 4},
        Variant{"rgb_119_rows", "stealth_rgbinfo", false, 64, 119, 3},
        Variant{"alpha_130_rows", "stealth_pngcomp", true, 64, 130, 4},
        Variant{"alpha_1_row", "stealth_pnginfo", false, 1000, 1, 4},
        Variant{"rgb_7_rows", "stealth_rgbcomp", true, 200, 7, 3}),
    [](const testing::TestParamInfo<Variant>& test) {
      return std::string(test.param.name);
    });

TEST(Stealth, SurvivesLossyWebpInTheAlphaChannel) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pngcomp", gzip(kText));
  const StealthResult got =
      read(webp_of(pixels, WebpLayout::kLossy), Container::kWebp);
  ASSERT_TRUE(got.found);
  EXPECT_EQ(got.found->text, kText);
}

// NovelAI puts the length of an error correcting code and the code behind the
// payload, or 0xFFFFFFFF where alpha was just opaque.
TEST(Stealth, Quirk56_ErrorCorrectionBehindThePayloadIsNoText) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pngcomp", gzip(kText), {},
       std::string("\0\0\0\x40", 4) + "ABCDEFGH");
  const StealthResult got = read(png_of(pixels));
  ASSERT_TRUE(got.found);
  EXPECT_EQ(got.found->text, kText);
  EXPECT_TRUE(got.notes.empty());
}

TEST(Stealth, LengthBeyondTheImageGivesWhatIsThereAndANote) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pnginfo", kText, 0xFFFFFFF8u);
  const StealthResult got = read(png_of(pixels));
  ASSERT_TRUE(got.found);
  EXPECT_TRUE(got.found->text.starts_with(kText));
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kTruncated);
}

TEST(Stealth, LengthZeroIsAnEmptyText) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pnginfo", "", 0);
  const StealthResult got = read(png_of(pixels));
  ASSERT_TRUE(got.found);
  EXPECT_EQ(got.found->text, "");
}

TEST(Stealth, GzipThatBreaksOffGivesItsBeginningAndANote) {
  std::string packed = gzip(kText);
  packed.resize(packed.size() - 20);
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pngcomp", packed);
  const StealthResult got = read(png_of(pixels));
  ASSERT_TRUE(got.found);
  EXPECT_TRUE(kText.starts_with(got.found->text));
  EXPECT_GT(got.found->text.size(), 10u);
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kBadCompression);
}

TEST(Stealth, UnpacksNoMoreThanAField) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pngcomp", gzip(std::string(200000, 'x')));
  Limits limits;
  limits.max_field_bytes = 1000;
  const StealthResult got = read(png_of(pixels), Container::kPng, limits);
  ASSERT_TRUE(got.found);
  EXPECT_EQ(got.found->text, std::string(1000, 'x'));
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kFieldTooLarge);
}

TEST(Stealth, PlainTextIsCutAtTheSizeOfAField) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pnginfo", kText);
  Limits limits;
  limits.max_field_bytes = 10;
  const StealthResult got = read(png_of(pixels), Container::kPng, limits);
  ASSERT_TRUE(got.found);
  EXPECT_EQ(got.found->text, kText.substr(0, 10));
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kFieldTooLarge);
}

TEST(Stealth, HitInAnImageOfTooManyPixelsIsNoted) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pnginfo", kText);
  Limits limits;
  limits.max_pixels = 64 * 160 - 1;
  const StealthResult got = read(png_of(pixels), Container::kPng, limits);
  EXPECT_FALSE(got.found);
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kFieldTooLarge);
}

TEST(Stealth, WebpBeyondTheDecodersMemoryIsNoted) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pnginfo", kText);
  Limits limits;
  limits.max_decoder_bytes = 64 * 160 * 4 - 1;
  const StealthResult got =
      read(webp_of(pixels, WebpLayout::kLossless), Container::kWebp, limits);
  EXPECT_FALSE(got.found);
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kFieldTooLarge);
}

TEST(Stealth, OrdinaryImagesAreRefusedInTheirFirstBytes) {
  const std::vector<std::uint8_t> file = png_of(picture(700, 700, 4));
  CountingSource source(file);
  EXPECT_FALSE(read_stealth(source, Container::kPng, {}).found);
  EXPECT_LT(source.total, 40000u);
  EXPECT_GT(file.size(), 200000u);
}

TEST(Stealth, ImageTooSmallForASignatureHasNone) {
  EXPECT_FALSE(read(png_of(picture(4, 4, 4))).found);
}

TEST(Stealth, CutPngGivesNoTextBecauseEveryLineHoldsAPart) {
  Pixels pixels = picture(64, 400, 4);
  hide(pixels, "stealth_pnginfo", kText + std::string(300, '.'));
  std::vector<std::uint8_t> file = png_of(pixels);
  file.resize(file.size() * 3 / 4);
  const StealthResult got = read(file);
  EXPECT_FALSE(got.found);
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kTruncated);
}

// What decoders refuse may hold every bit of the text.
TEST(Stealth, WrongChecksumsAndAMissingEndCostNothing) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pngcomp", gzip(kText));
  const std::vector<std::uint8_t> sound = png_of(pixels);
  const std::size_t first_idat = as_text(sound).find("IDAT");
  const std::size_t last_idat = as_text(sound).rfind("IDAT");
  const std::size_t last_bytes = ByteCursor(sound, last_idat - 4).be32();
  const std::size_t first_bytes = ByteCursor(sound, first_idat - 4).be32();
  std::vector<std::uint8_t> file = sound;
  file[first_idat + 4 + first_bytes] ^= 0xFF;    // CRC of the chunk
  file[last_idat + 4 + last_bytes - 1] ^= 0xFF;  // Adler-32 of the pixels
  ASSERT_TRUE(read(file).found);
  EXPECT_EQ(read(file).found->text, kText);
  constexpr std::size_t kEndBytes = 12;
  file.resize(file.size() - kEndBytes);
  MemorySource source(file);
  const ImageFields image = extract_fields(source, {});
  EXPECT_EQ(test::value_of(image, "parameters"), kText);
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kTruncated);
}

TEST(Stealth, SurvivesEveryCut) {
  Pixels pixels = picture(8, 160, 4);
  hide(pixels, "stealth_pngcomp", gzip(kText));
  for (const Container container : {Container::kPng, Container::kWebp}) {
    const std::vector<std::uint8_t> file =
        container == Container::kPng ? png_of(pixels)
                                     : webp_of(pixels, WebpLayout::kLossless);
    for (std::size_t size = 0; size < file.size(); ++size) {
      const std::vector<std::uint8_t> cut(file.begin(), file.begin() + size);
      const StealthResult got = read(cut, container);
      if (got.found) {
        EXPECT_TRUE(kText.starts_with(got.found->text)) << size;
      }
    }
  }
}

TEST(Stealth, OtherContainersAreNotLookedAt) {
  Pixels pixels = picture(64, 160, 4);
  hide(pixels, "stealth_pnginfo", kText);
  EXPECT_FALSE(read(png_of(pixels), Container::kGif).found);
}

TEST(PngRows, GiveEveryPixelOfEveryPassOnce) {
  const Pixels pixels = picture(13, 9, 3);
  const std::vector<std::uint8_t> file = png_of(pixels, PngLayout::kInterlaced);
  MemorySource source(file);
  PngRows rows(source);
  ASSERT_TRUE(rows.open());
  std::vector<std::uint8_t> seen(pixels.bytes.size());
  std::size_t count = 0;
  while (const std::optional<PixelRow> row = rows.next()) {
    for (std::size_t i = 0; i < row->pixels.size(); ++i, ++count) {
      const std::size_t x = row->x + i / 3 * row->x_step;
      seen[(row->y * 13 + x) * 3 + i % 3] = row->pixels[i];
    }
  }
  EXPECT_EQ(count, pixels.bytes.size());
  EXPECT_EQ(seen, pixels.bytes);
  EXPECT_TRUE(rows.finish());
}

}  // namespace
}  // namespace sdmeta
