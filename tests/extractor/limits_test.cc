// Files made to hurt: every limit is reached, noted, and costs little.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::extract;
using test::has_note;
using test::notes_of;
using test::PngBuilder;

constexpr std::size_t kMegabyte = 1u << 20;

// Bytes that are never held: a start, then as many copies of `filler` as the
// size asks for. Counts what is read.
class SparseSource final : public ByteSource {
 public:
  SparseSource(std::string start, std::string filler, std::uint64_t size)
      : start_(std::move(start)), filler_(std::move(filler)), size_(size) {}

  std::uint64_t size() const noexcept override { return size_; }
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::uint8_t> out) noexcept override {
    const std::size_t count = static_cast<std::size_t>(
        std::min<std::uint64_t>(out.size(), size_ - std::min(offset, size_)));
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t at = offset + i;
      out[i] = static_cast<std::uint8_t>(
          at < start_.size() ? start_[at]
                             : filler_[(at - start_.size()) % filler_.size()]);
    }
    bytes_read += count;
    ++reads;
    return count;
  }

  std::uint64_t bytes_read = 0;
  std::size_t reads = 0;

 private:
  std::string start_;
  std::string filler_;
  std::uint64_t size_;
};

std::string png_start() {
  const std::string file = PngBuilder().build();
  return file.substr(0, 33);
}

ImageFields extract_from(ByteSource& source, const Limits& limits = {}) {
  ExtractOptions options;
  options.stealth = StealthMode::kNever;
  options.limits = limits;
  return extract_fields(source, options);
}

// Quirk 11.
TEST(Limits, CompressionBombIsCutAtTheFieldLimit) {
  const std::string bomb(8 * kMegabyte, 'a');
  ExtractOptions options;
  options.limits.max_field_bytes = kMegabyte;
  const ImageFields image = extract(PngBuilder()
                                        .ztxt("parameters", bomb)
                                        .compressed_itxt("workflow", bomb)
                                        .build(),
                                    options);
  ASSERT_EQ(image.fields.size(), 2u);
  EXPECT_EQ(image.fields[0].value.size(), kMegabyte);
  EXPECT_EQ(image.fields[1].value.size(), kMegabyte);
  EXPECT_TRUE(has_note(image, ErrorCode::kFieldTooLarge));
  EXPECT_FALSE(image.damage);
}

TEST(Limits, FieldOfExactlyTheLimitIsWhole) {
  ExtractOptions options;
  options.limits.max_field_bytes = kMegabyte;
  const ImageFields image = extract(
      PngBuilder().ztxt("parameters", std::string(kMegabyte, 'a')).build(),
      options);
  EXPECT_EQ(image.fields.at(0).value.size(), kMegabyte);
  EXPECT_EQ(notes_of(image), "");
}

TEST(Limits, HundredMegabyteChunkIsReadToTheLimit) {
  constexpr std::uint32_t kLength = 100u << 20;
  SparseSource source(png_start() + test::be32(kLength) + "tEXtworkflow\0"s,
                      "x", 33 + 12 + std::uint64_t{kLength});
  Limits limits;
  limits.max_field_bytes = 4 * kMegabyte;
  const ImageFields image = extract_from(source, limits);
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].value.size(),
            limits.max_field_bytes - "workflow"s.size() - 1);
  EXPECT_TRUE(has_note(image, ErrorCode::kFieldTooLarge));
  EXPECT_LT(source.bytes_read, limits.max_field_bytes + kMegabyte);
}

TEST(Limits, DeclaredGigabytesThatAreNotThereCostNothing) {
  const ImageFields image = extract(PngBuilder()
                                        .text("parameters", "a cat")
                                        .declare_length(0x7FFFFFFF)
                                        .build());
  EXPECT_TRUE(test::value_of(image, "parameters").starts_with("a cat"));
  EXPECT_FALSE(has_note(image, ErrorCode::kFieldTooLarge));
}

// Written as JSON, each would be six times as long.
TEST(Limits, ControlCharactersCountForWhatTheyTakeInTheOutput) {
  ExtractOptions options;
  options.limits.max_field_bytes = 60000;
  const ImageFields image =
      extract(PngBuilder().text("Comment", std::string(40000, '\x01')).build(),
              options);
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].value.size(), 10000u);
  EXPECT_TRUE(has_note(image, ErrorCode::kFieldTooLarge));
  EXPECT_TRUE(image.has_passed_limit);
}

TEST(Limits, SmallFilesHaveNoLargerLimitsThanOthers) {
  Limits limits;
  limits.max_field_bytes = 10;
  EXPECT_EQ(small_file_limits(limits).max_field_bytes, 10u);
  EXPECT_LT(small_file_limits({}).max_field_bytes, Limits().max_field_bytes);
}

TEST(Limits, TotalOfAllFields) {
  ExtractOptions options;
  options.limits.max_total_field_bytes = 1000;
  PngBuilder png;
  for (int i = 0; i < 5; ++i) png.text("Comment", std::string(300, 'x'));
  const ImageFields image = extract(png.build(), options);
  std::size_t total = 0;
  for (const RawField& field : image.fields) {
    total += field.key.size() + field.value.size();
  }
  EXPECT_LE(total, 1000u + 5 * "Comment"s.size());
  EXPECT_TRUE(has_note(image, ErrorCode::kFieldTooLarge));
}

TEST(Limits, NumberOfFields) {
  PngBuilder png;
  for (int i = 0; i < 5000; ++i) png.text("Comment", "x");
  const ImageFields image = extract(png.build());
  EXPECT_EQ(image.fields.size(), Limits{}.max_fields);
  EXPECT_TRUE(has_note(image, ErrorCode::kTooManyFields));
}

TEST(Limits, MillionsOfChunks) {
  const std::string empty_chunk = test::be32(0) + "prIv" + test::be32(0);
  SparseSource source(png_start(), empty_chunk, 100u << 20);
  const ImageFields image = extract_from(source);
  EXPECT_TRUE(has_note(image, ErrorCode::kTooManyFields));
  EXPECT_LT(source.bytes_read, 13u << 20);
}

TEST(Limits, MillionsOfSegments) {
  SparseSource source("\xFF\xD8", "\xFF\xE0\0\2"s, 100u << 20);
  const ImageFields image = extract_from(source);
  EXPECT_TRUE(has_note(image, ErrorCode::kTooManyFields));
}

TEST(Limits, NotesOfOneFile) {
  PngBuilder png;
  for (int i = 0; i < 1000; ++i) png.text("Comment", "x").break_crc();
  EXPECT_EQ(extract(png.build()).notes.size(), Limits{}.max_notes);
}

TEST(Limits, GarbageBetweenJpegSegments) {
  SparseSource source("\xFF\xD8\xFF\xE0\0\2"s, "x", std::uint64_t{1} << 40);
  const ImageFields image = extract_from(source);
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
  EXPECT_LT(source.bytes_read, Limits{}.max_search_bytes + kMegabyte);
}

TEST(Limits, SearchForWhatADamagedPngHasLost) {
  const std::string png = PngBuilder().build();
  SparseSource source(png.substr(0, 33), "x", std::uint64_t{1} << 40);
  const ImageFields image = extract_from(source);
  ASSERT_TRUE(image.damage);
  EXPECT_EQ(image.damage->code, ErrorCode::kCorrupt);
  EXPECT_LT(source.bytes_read, 2 * Limits{}.max_search_bytes + kMegabyte);
}

TEST(Limits, SearchForWhatADamagedWebpHasLost) {
  SparseSource source(test::WebpBuilder().extended(8, 8, 8).build(), "x",
                      std::uint64_t{1} << 32);
  const ImageFields image = extract_from(source);
  EXPECT_LT(source.bytes_read, 2 * Limits{}.max_search_bytes + kMegabyte);
}

TEST(Limits, JoinedJpegSegments) {
  ExtractOptions options;
  options.limits.max_field_bytes = 100000;
  test::JpegBuilder jpeg;
  for (int i = 0; i < 4; ++i) jpeg.comment(std::string(65533, 'x'));
  const ImageFields image = extract(jpeg.build(), options);
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].value.size(), 100000u);
  EXPECT_TRUE(has_note(image, ErrorCode::kFieldTooLarge));
}

TEST(Limits, EntriesOfADirectory) {
  test::TiffBuilder tiff(ByteOrder::kLittle);
  for (int i = 0; i < 5000; ++i)
    tiff.ifd0(0x010F, test::TiffType::kAscii, "abc");
  ExtractOptions options;
  options.limits.max_fields = 10000;
  const ImageFields image = extract(tiff.build(), options);
  EXPECT_EQ(image.fields.size(), Limits{}.max_ifd_entries);
  EXPECT_TRUE(has_note(image, ErrorCode::kTooManyFields));
}

TEST(Limits, NumberOfDirectories) {
  std::string file = "II*\0"s + test::le32(8);
  for (std::uint32_t i = 0; i < 100; ++i) {
    file += test::le16(0) + test::le32(8 + 6 * (i + 1));
  }
  const ImageFields image = extract(file);
  EXPECT_TRUE(has_note(image, ErrorCode::kTooManyFields));
}

// A few kB of tags could otherwise ask for gigabytes of work.
TEST(Limits, ValuesThatShareTheirBytes) {
  const std::uint32_t length = 100000;
  std::string file = "II*\0"s + test::le32(8) + test::le16(4000);
  for (int i = 0; i < 4000; ++i) {
    file += test::le16(0x02BC) + test::le16(1) + test::le32(length) +
            test::le32(8 + 2 + 4000 * 12 + 4);
  }
  file += test::le32(0) + "<" + std::string(length, 'x');
  const ImageFields image = extract(file);
  EXPECT_TRUE(has_note(image, ErrorCode::kBadExif));
}

// Thousands of Exif blocks may each hold a text to look for in all the others.
TEST(Limits, SearchesForLostTexts) {
  const std::string block = "II*\0"s + test::le32(8) + test::le16(0) +
                            test::le32(0) + "\0Steps: 20, Seed: 1\0"s;
  test::PngBuilder png;
  for (int i = 0; i < 100; ++i) png.exif(block);
  ExtractOptions options;
  options.limits.max_search_bytes = 1000;
  EXPECT_TRUE(
      has_note(extract(png.build(), options), ErrorCode::kTooManyFields));
  EXPECT_FALSE(has_note(extract(png.build()), ErrorCode::kTooManyFields));
}

TEST(Limits, AttributesOfOneElement) {
  std::string attributes;
  for (int i = 0; i < 5000; ++i)
    attributes += "xmp:a" + std::to_string(i) + "='' ";
  const ImageFields image =
      extract(test::JpegBuilder().xmp(test::xmp_packet(attributes)).build());
  EXPECT_TRUE(has_note(image, ErrorCode::kBadXmp));
}

TEST(Limits, EndlessGifBlocks) {
  SparseSource source(test::GifBuilder().build().substr(0, 19) + "\x21\xFE",
                      "\1x", std::uint64_t{1} << 40);
  Limits limits;
  limits.max_chunks = 1000;
  const ImageFields image = extract_from(source, limits);
  EXPECT_EQ(test::value_of(image, "Comment").size(), 999u);
  EXPECT_TRUE(has_note(image, ErrorCode::kTooManyFields));
}

// What makes the program fast.
TEST(Reads, InfotextInFrontTakesOne) {
  const std::string head =
      PngBuilder(832, 1216).text("parameters", std::string(2000, 'x')).build();
  const std::size_t idat = head.find("IDAT") - 4;
  SparseSource source(head.substr(0, idat) + test::be32(65536) + "IDAT", "x",
                      2000001);
  EXPECT_EQ(extract_from(source).fields.size(), 1u);
  EXPECT_EQ(source.reads, 1u);
  EXPECT_EQ(source.bytes_read, 4096u);
}

TEST(Reads, LongTextTakesOneMore) {
  const std::string head =
      PngBuilder(832, 1216).text("prompt", std::string(30000, 'x')).build();
  const std::size_t idat = head.find("IDAT") - 4;
  SparseSource source(head.substr(0, idat) + test::be32(65536) + "IDAT", "x",
                      2000001);
  EXPECT_EQ(extract_from(source).fields.size(), 1u);
  EXPECT_EQ(source.reads, 2u);
  EXPECT_LT(source.bytes_read, 34000u);
}

TEST(Reads, PixelsAreHoppedOver) {
  const std::string pixels(1u << 20, 'x');
  PngBuilder png;
  png.text("Software", "a tool");
  for (int i = 0; i < 4; ++i) png.chunk("IDAT", pixels);
  const std::string file = png.text("parameters", "a cat").build();
  SparseSource source(file, "x", file.size());
  EXPECT_EQ(test::value_of(extract_from(source), "parameters"), "a cat");
  EXPECT_LT(source.bytes_read, 8192u);
}

TEST(Reads, JpegScanIsNotRead) {
  const std::string file =
      test::JpegBuilder()
          .exif(test::exif_with_comment(ByteOrder::kBig, "ASCII\0\0\0a cat"s))
          .build();
  SparseSource source(file.substr(0, file.size() - 2), "x", 2000001);
  EXPECT_EQ(extract_from(source).fields.size(), 1u);
  EXPECT_EQ(source.reads, 1u);
}

}  // namespace
}  // namespace sdmeta
