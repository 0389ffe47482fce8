#include "extractor/verify.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/pixel_images.h"

namespace sdmeta {
namespace {

using test::jpeg_of;
using test::JpegLayout;
using test::picture;
using test::png_of;
using test::PngLayout;
using test::webp_of;
using test::WebpLayout;

using File = std::vector<std::uint8_t>;

std::optional<Error> verify(const File& file, Container container,
                            const Limits& limits = {}) {
  MemorySource source(file);
  return verify_pixels(source, container, limits);
}

struct Sample {
  const char* name;
  Container container;
  File (*make)();
};

class VerifySamples : public testing::TestWithParam<Sample> {
 protected:
  std::optional<Error> verify_file(const File& file) const {
    return verify(file, GetParam().container);
  }
};

TEST_P(VerifySamples, SoundImageHasNothingToReport) {
  const std::optional<Error> got = verify_file(GetParam().make());
  EXPECT_FALSE(got) << to_text(*got);
}

TEST_P(VerifySamples, DownloadThatBrokeOffIsTruncated) {
  File file = GetParam().make();
  file.resize(file.size() * 2 / 3);
  const std::optional<Error> got = verify_file(file);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->code, ErrorCode::kTruncated) << to_text(*got);
}

TEST_P(VerifySamples, EveryCutIsFound) {
  const File whole = GetParam().make();
  for (std::size_t size = 0; size + 2 < whole.size(); size += 7)
    EXPECT_TRUE(verify_file(File(whole.begin(), whole.begin() + size))) << size;
}

TEST_P(VerifySamples, PixelsBeyondTheLimitAreNotJudged) {
  Limits limits;
  limits.max_pixels = 100;
  limits.max_decoder_bytes = 100;
  const std::optional<Error> got =
      verify(GetParam().make(), GetParam().container, limits);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->code, ErrorCode::kFieldTooLarge) << to_text(*got);
}

INSTANTIATE_TEST_SUITE_P(
    Verify, VerifySamples,
    testing::Values(
        Sample{"png", Container::kPng,
               [] { return png_of(picture(90, 70, 4)); }},
        Sample{
            "interlaced_png", Container::kPng,
            [] { return png_of(picture(90, 70, 3), PngLayout::kInterlaced); }},
        Sample{"jpeg", Container::kJpeg,
               [] { return jpeg_of(picture(90, 70, 3)); }},
        Sample{"progressive_jpeg", Container::kJpeg,
               [] {
                 return jpeg_of(picture(90, 70, 3), JpegLayout::kProgressive);
               }},
        Sample{
            "lossless_webp", Container::kWebp,
            [] { return webp_of(picture(90, 70, 4), WebpLayout::kLossless); }},
        Sample{"lossy_webp", Container::kWebp,
               [] { return webp_of(picture(90, 70, 3), WebpLayout::kLossy); }}),
    [](const testing::TestParamInfo<Sample>& test) {
      return std::string(test.param.name);
    });

TEST(Verify, ZeroesInTheMiddleOfAPngAreCorrupt) {
  File file = png_of(picture(90, 70, 4));
  std::fill_n(file.begin() + file.size() / 2, 64, 0);
  const std::optional<Error> got = verify(file, Container::kPng);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->code, ErrorCode::kCorrupt) << to_text(*got);
}

TEST(Verify, MarkerInTheMiddleOfAJpegScanIsCorrupt) {
  File file = jpeg_of(picture(90, 70, 3));
  file[file.size() / 2] = 0xFF;
  file[file.size() / 2 + 1] = 0xD9;
  const std::optional<Error> got = verify(file, Container::kJpeg);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->code, ErrorCode::kCorrupt) << to_text(*got);
}

TEST(Verify, BytesBehindTheEndOfAJpegAreHarmless) {
  File file = jpeg_of(picture(90, 70, 3));
  file.insert(file.end(), 5000, 'x');
  EXPECT_FALSE(verify(file, Container::kJpeg));
}

TEST(Verify, FillBytesBeforeTheEndMarkerOfAJpegAreHarmless) {
  File file = jpeg_of(picture(90, 70, 3));
  file.insert(file.end() - 2, 6, 0);
  EXPECT_FALSE(verify(file, Container::kJpeg));
  file.insert(file.end() - 2, 5000, 0);
  EXPECT_FALSE(verify(file, Container::kJpeg));
}

// As downloads in parts have where one did not come: the decoder reads zeros,
// or the wrong bytes, as coefficients, and is done before the file is.
TEST(Verify, HolesInAJpegScanAreCorrupt) {
  const File sound = jpeg_of(picture(200, 200, 3));
  const auto middle =
      sound.begin() + static_cast<std::ptrdiff_t>(sound.size() / 2);
  File zeros = sound;
  std::fill_n(zeros.begin() + (middle - sound.begin()), sound.size() / 4, 0);
  File twice = sound;
  twice.insert(twice.begin() + (middle - sound.begin()), middle - 500, middle);
  for (const File& file : {zeros, twice}) {
    const std::optional<Error> got = verify(file, Container::kJpeg);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->code, ErrorCode::kCorrupt) << to_text(*got);
  }
}

// A scan costs its writer a few bytes and its reader a visit of every block.
TEST(Verify, JpegOfTooManyScansForItsSizeIsNotFollowed) {
  const File file = jpeg_of(picture(90, 70, 3), JpegLayout::kManyScans);
  EXPECT_FALSE(verify(file, Container::kJpeg));
  Limits limits;
  limits.max_pixels = 90 * 70;
  const std::optional<Error> got = verify(file, Container::kJpeg, limits);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->code, ErrorCode::kFieldTooLarge) << to_text(*got);
}

TEST(Verify, OtherContainersAreLeftToTheirReaders) {
  EXPECT_FALSE(verify(File(10, 0), Container::kGif));
}

}  // namespace
}  // namespace sdmeta
