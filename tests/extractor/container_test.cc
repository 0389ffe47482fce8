#include "extractor/container.h"

#include <gtest/gtest.h>

#include "tests/support/image_builder.h"
#include "tests/support/pixel_images.h"

namespace sdmeta {
namespace {

using namespace std::literals;
using test::extract;

ErrorCode damage_of(std::string_view file) {
  const ImageFields image = extract(file);
  return image.damage ? image.damage->code : ErrorCode::kUnreadable;
}

// Quirk 58: there is no name to be misled by, only bytes.
TEST(Container, IsToldByItsBytes) {
  EXPECT_EQ(extract(test::PngBuilder().build()).container, Container::kPng);
  EXPECT_EQ(extract(test::JpegBuilder().build()).container, Container::kJpeg);
  EXPECT_EQ(extract(test::WebpBuilder().lossy(8, 8).build()).container,
            Container::kWebp);
  EXPECT_EQ(extract(test::GifBuilder().build()).container, Container::kGif);
}

// Quirk 58.
TEST(Container, ErrorPagesAreNoImages) {
  EXPECT_EQ(damage_of("<!DOCTYPE html><html>404</html>"),
            ErrorCode::kNotAnImage);
  EXPECT_EQ(damage_of("\xEF\xBB\xBF \r\n<html>"), ErrorCode::kNotAnImage);
  EXPECT_EQ(damage_of("{\"error\": \"not found\"}"), ErrorCode::kNotAnImage);
  EXPECT_EQ(damage_of("<?xml version='1.0'?><Error>AccessDenied</Error>"),
            ErrorCode::kNotAnImage);
}

// Quirk 58.
TEST(Container, EmptyFileIsNoImage) {
  const ImageFields image = extract("");
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(to_text(*image.damage), "not_an_image: empty file");
  EXPECT_EQ(image.container, Container::kUnknown);
}

TEST(Container, OtherDataIsNoImage) {
  EXPECT_EQ(damage_of("some text"), ErrorCode::kNotAnImage);
  EXPECT_EQ(damage_of(std::string(5000, '\0')), ErrorCode::kNotAnImage);
  EXPECT_EQ(damage_of("x"), ErrorCode::kNotAnImage);
}

TEST(Container, KnownFormatsThatAreNotReadAreNamed) {
  const auto damage_text = [](std::string_view file) {
    const ImageFields image = extract(file);
    return image.damage ? to_text(*image.damage) : "none"s;
  };
  EXPECT_EQ(damage_text("PK\3\4 and so on"),
            "unsupported_format: zip archive (as an argument, its members are "
            "read)");
  EXPECT_EQ(damage_text(std::string(257, 'n') + "ustar"),
            "unsupported_format: tar archive (as an argument, its members are "
            "read)");
  for (const std::string_view magic :
       {"\x1F\x8B\x08"sv, "\x28\xB5\x2F\xFD"sv, "\x51\x2A\x4D\x18"sv,
        "BZh91AY&SY"sv, "\x04\x22\x4D\x18"sv})
    EXPECT_EQ(damage_text(magic), "unsupported_format: compressed data");
  EXPECT_EQ(damage_text("8BPS\0\1"s), "unsupported_format: Photoshop document");
  EXPECT_EQ(damage_text("%PDF-1.7"), "unsupported_format: PDF");
  EXPECT_EQ(damage_text("RIFF\0\0\0\0AVI LIST"s),
            "unsupported_format: RIFF audio or video");
  EXPECT_EQ(damage_text("<svg xmlns='http://www.w3.org/2000/svg'/>"),
            "unsupported_format: SVG");
  EXPECT_EQ(damage_text("P6\n# made by hand\n8 8\n255\n"),
            "unsupported_format: Netpbm");
  EXPECT_EQ(damage_text("qoif\0\0\0\x08"s), "unsupported_format: QOI");
}

// Its cousins hold images of formats that are read.
TEST(Container, WhatStandsInAnotherFormatIsNotTheFile) {
  const std::string jng = "\x8BJNG\r\n\x1A\n" + std::string(40, '\0') +
                          test::JpegBuilder().jfif().build();
  EXPECT_EQ(damage_of(jng), ErrorCode::kUnsupportedFormat);
  const std::string mng = "\x8AMNG\r\n\x1A\n" + std::string(40, '\0') +
                          test::PngBuilder().build().substr(8);
  EXPECT_EQ(damage_of(mng), ErrorCode::kUnsupportedFormat);
}

TEST(Container, CutInsideItsMagicIsTruncated) {
  for (const std::string& file :
       {test::PngBuilder().build(), test::JpegBuilder().build(),
        test::WebpBuilder().lossy(8, 8).build(), test::GifBuilder().build()}) {
    for (const std::size_t size : {2u, 3u, 5u, 7u}) {
      EXPECT_EQ(damage_of(file.substr(0, size)), ErrorCode::kTruncated)
          << file.substr(0, 4) << " cut to " << size;
    }
  }
}

// 5 x -3 pixels of 24 bits: rows of 16 bytes, from top to bottom. The size of
// the file, which many state wrongly, is not asked.
std::string bmp() {
  return "BM" + test::le32(9999) + test::le32(0) + test::le32(54) +
         test::le32(40) + test::le32(5) + test::le32(-3u) + test::le16(1) +
         test::le16(24) + std::string(24, '\0') + std::string(48, 'x');
}

TEST(Bmp, HasASizeAndNoText) {
  const ImageFields image = extract(bmp());
  EXPECT_EQ(image.container, Container::kBmp);
  EXPECT_EQ(image.width, 5u);
  EXPECT_EQ(image.height, 3u);
  EXPECT_FALSE(image.damage);
  EXPECT_EQ(damage_of(bmp().replace(18, 4, test::le32(0))),
            ErrorCode::kCorrupt);
}

TEST(Bmp, WithoutAllItsPixelsIsTruncated) {
  const std::string whole = bmp();
  for (const std::size_t size : {20u, 30u, 101u})
    EXPECT_EQ(damage_of(whole.substr(0, size)), ErrorCode::kTruncated) << size;
  // Packed pixels have no size of their own.
  std::string packed = whole.substr(0, 80);
  EXPECT_FALSE(extract(packed.replace(30, 4, test::le32(1))).damage);
  const std::string oldest = "BM" + std::string(8, '\0') + test::le32(26) +
                             test::le32(12) + test::le16(5) + test::le16(3) +
                             test::le16(1) + test::le16(8) +
                             std::string(24, 'x');
  EXPECT_FALSE(extract(oldest).damage);
  EXPECT_EQ(damage_of(oldest.substr(0, 49)), ErrorCode::kTruncated);
}

// The body of an answer that was saved as it came.
TEST(Container, ImagesPackedByGzipAreRead) {
  const std::string png =
      test::PngBuilder().text("parameters", "a cat\nSteps: 20").build();
  const std::string packed = test::gzip(png);
  const ImageFields image = extract(packed);
  EXPECT_EQ(image.container, Container::kPng);
  EXPECT_EQ(test::value_of(image, "parameters"), "a cat\nSteps: 20");
  EXPECT_TRUE(test::has_note(image, ErrorCode::kIrregular));
  EXPECT_FALSE(image.damage);
  EXPECT_EQ(image.bytes, packed.size());
  const ImageFields cut = extract(packed.substr(0, packed.size() - 12));
  ASSERT_TRUE(cut.damage);
  EXPECT_EQ(cut.damage->code, ErrorCode::kTruncated);
  EXPECT_EQ(test::value_of(cut, "parameters"), "a cat\nSteps: 20");
  ExtractOptions options;
  options.limits.max_member_bytes = 100;
  const ImageFields large = extract(packed, options);
  EXPECT_TRUE(large.has_passed_limit);
}

TEST(Container, OtherDataPackedByGzipIsNotRead) {
  for (const std::string& data :
       {"GIF89a"s + std::string(251, '\0') + "ustar", "some text"s,
        test::gzip(test::PngBuilder().build())})
    EXPECT_EQ(damage_of(test::gzip(data)), ErrorCode::kUnsupportedFormat);
}

std::string base64(std::string_view bytes, std::string_view digits) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view three = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8 |
             (k < three.size() ? static_cast<std::uint8_t>(three[k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += k > three.size() ? '=' : digits[bits >> (18 - 6 * k) & 63];
  }
  return text;
}
const std::string kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// What an interface handed on, or a page's address of an image.
TEST(Container, ImagesAsBase64AreRead) {
  const std::string png =
      test::PngBuilder().text("parameters", "a \xFF\xFE cat").build();
  const std::string text = base64(png, kAlphabet + "+/");
  std::string lines;
  for (std::size_t i = 0; i < text.size(); i += 76)
    lines += text.substr(i, 76) + "\r\n";
  for (const std::string& file :
       {text, lines, base64(png, kAlphabet + "-_"),
        "data:image/png;base64," + text,
        "\"data:image/png;name=a.png;base64," + text + "\"\n"}) {
    const ImageFields image = extract(file);
    EXPECT_EQ(image.container, Container::kPng) << file;
    EXPECT_EQ(test::value_of(image, "parameters"), "a ÿþ cat") << file;
    EXPECT_TRUE(test::has_note(image, ErrorCode::kIrregular));
    EXPECT_FALSE(image.damage) << file;
    EXPECT_EQ(image.bytes, file.size());
  }
  const std::string jpeg = test::JpegBuilder()
                               .jfif()
                               .segment(0xFE, "a dog")
                               .segment(0xEF, std::string(3000, 'x'))
                               .build();
  const std::string jpeg_text = base64(jpeg, kAlphabet + "+/");
  EXPECT_EQ(damage_of(jpeg_text.substr(0, 2000)), ErrorCode::kTruncated);
  std::string broken = jpeg_text;
  broken[3000] = '!';
  EXPECT_EQ(test::value_of(extract(broken), "Comment"), "a dog");
  EXPECT_TRUE(extract(broken).damage);
  ExtractOptions options;
  options.limits.max_member_bytes = 1000;
  EXPECT_TRUE(extract(jpeg_text, options).has_passed_limit);
}

TEST(Container, OtherDataAsBase64IsNotRead) {
  for (const std::string& data :
       {base64("no image at all", kAlphabet + "+/"),
        "data:text/plain;base64," + base64("some text", kAlphabet + "+/"),
        "/9j/ is how many of them begin"s, "data:image/png;base64,"s, "iVA"s,
        "/workspace/cats/black\n/workspace/cats/white\n"s}) {
    EXPECT_EQ(damage_of(data), ErrorCode::kNotAnImage) << data;
  }
}

// No viewer shows them.
TEST(Container, ImagesWithoutAPictureAreBroken) {
  const std::string signature = test::PngBuilder().build().substr(0, 8);
  const std::string header = test::PngBuilder().build().substr(8, 25);
  const std::string end =
      test::PngBuilder().build().substr(test::PngBuilder().build().size() - 12);
  for (const std::string& file :
       {signature + end, signature + header + end,
        test::PngBuilder(0, 8).build(), "\xFF\xD8\xFF\xD9"s,
        test::WebpBuilder().build(),
        test::WebpBuilder().extended(8, 8, 0).build()}) {
    const ErrorCode code = damage_of(file);
    EXPECT_TRUE(code == ErrorCode::kCorrupt || code == ErrorCode::kTruncated)
        << testing::PrintToString(file) << ": " << error_name(code);
  }
}

class FailingSource final : public ByteSource {
 public:
  std::uint64_t size() const noexcept override { return 100000; }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override {
    if (offset > 0) return Error{ErrorCode::kUnreadable, "i/o error", offset};
    const std::string start = test::PngBuilder().text("Title", "a cat").build();
    const std::size_t count = std::min(out.size(), start.size() - 24);
    std::copy_n(start.begin(), count, out.begin());
    return count;
  }
};

TEST(Extract, ReadErrorIsUnreadableAndKeepsWhatWasFound) {
  FailingSource source;
  const ImageFields image = extract_fields(source, {});
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(to_text(*image.damage), "unreadable: i/o error");
  EXPECT_EQ(test::value_of(image, "Title"), "a cat");
}

}  // namespace
}  // namespace sdmeta
