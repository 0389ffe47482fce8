// Downloads break off anywhere.
#include <gtest/gtest.h>

#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;

struct Original {
  std::string name;
  std::string file;
};

std::vector<Original> originals() {
  const std::string text = "a cat\nSteps: 20, Sampler: Euler a, Seed: 1";
  const std::string exif = test::exif_with_comment(
      ByteOrder::kBig,
      "UNICODE\0"s + test::utf16(u"a cat, Steps: 20", ByteOrder::kBig));
  const std::string xmp = test::xmp_packet(
      "xmp:CreatorTool='a tool'", "<xmp:Label>" + text + "</xmp:Label>");
  return {
      {"png", test::PngBuilder()
                  .text("parameters", text)
                  .ztxt("prompt", text)
                  .itxt("Comment", "猫 犬")
                  .compressed_itxt("workflow", text)
                  .exif(exif)
                  .idat(8)
                  .itxt("XML:com.adobe.xmp", xmp)
                  .build()},
      {"jpeg",
       test::JpegBuilder().jfif().exif(exif).xmp(xmp).comment(text).build()},
      {"webp", test::WebpBuilder()
                   .extended(8, 8, 0x0C)
                   .lossy(8, 8)
                   .chunk("EXIF", exif)
                   .chunk("XMP ", xmp)
                   .build()},
      {"gif",
       test::GifBuilder().comment(text).frame().comment("again").build()},
      {"tiff", test::TiffBuilder(ByteOrder::kLittle)
                   .ifd0(0x010E, test::TiffType::kAscii, text)
                   .ifd0(0x0131, test::TiffType::kAscii, "a tool, any tool")
                   .build()},
  };
}

// Quirk 57.
TEST(Cuts, EveryCutIsSeenAndInventsNothing) {
  for (const Original& original : originals()) {
    const ImageFields whole = test::extract(original.file);
    ASSERT_FALSE(whole.damage) << original.name;
    for (std::size_t size = 0; size < original.file.size(); ++size) {
      const ImageFields cut =
          test::extract(std::string_view(original.file).substr(0, size));
      ASSERT_TRUE(cut.damage) << original.name << " cut to " << size;
      ASSERT_LE(cut.fields.size(), whole.fields.size());
      for (std::size_t i = 0; i < cut.fields.size(); ++i) {
        const std::string& full = whole.fields[i].value;
        ASSERT_EQ(cut.fields[i].key, whole.fields[i].key);
        ASSERT_TRUE(full.starts_with(cut.fields[i].value))
            << original.name << " cut to " << size << ": "
            << cut.fields[i].value;
      }
    }
  }
}

// What lies in the part that is there is found as in the whole.
TEST(Cuts, TextBeforeTheCutIsWhole) {
  for (const Original& original : originals()) {
    const ImageFields whole = test::extract(original.file);
    const ImageFields cut = test::extract(
        std::string_view(original.file).substr(0, original.file.size() - 1));
    if (original.name == "tiff") continue;  // its values end with the file
    EXPECT_EQ(cut.fields, whole.fields) << original.name;
    EXPECT_EQ(cut.width, whole.width) << original.name;
  }
}

}  // namespace
}  // namespace sdmeta
