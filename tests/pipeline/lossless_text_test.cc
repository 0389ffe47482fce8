#include "pipeline/lossless_text.h"

#include <gtest/gtest.h>

#include <random>

#include "extractor/utf8.h"

namespace sdmeta {
namespace {

TEST(LosslessText, Utf8StandsForItself) {
  EXPECT_EQ(to_lossless_text("prüfung/雪.png"), "prüfung/雪.png");
}

TEST(LosslessText, OtherBytesArePrivateCharacters) {
  EXPECT_EQ(to_lossless_text("caf\xE9.png"), "caf\uEFE9.png");
}

TEST(LosslessText, ThosePrivateCharactersAreWrittenByteByByte) {
  EXPECT_EQ(to_lossless_text("\uEF80"), "\uEFEE\uEFBE\uEF80");
}

TEST(LosslessText, TheirNeighboursStandForThemselves) {
  EXPECT_EQ(to_lossless_text("\uEF7F\uF000"), "\uEF7F\uF000");
}

TEST(LosslessText, AnyBytesComeBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    // Lead and continuation bytes of the stand-ins come up often.
    static constexpr char kPool[] = "a/\xEE\xBE\xBF\x80\xAF\xED\xA0\xF4\x90\xC3";
    for (unsigned i = random() % 8; i > 0; --i)
      bytes += random() % 4 != 0 ? kPool[random() % (sizeof kPool - 1)]
                                 : static_cast<char>(random() % 255 + 1);
    const std::string text = to_lossless_text(bytes);
    ASSERT_TRUE(is_utf8(text)) << testing::PrintToString(bytes);
    ASSERT_EQ(from_lossless_text(text), bytes);
  }
}

TEST(LosslessText, Utf8LengthAgreesWithTheValidator) {
  std::mt19937 random(11);
  for (int round = 0; round < 200000; ++round) {
    std::string bytes;
    const unsigned length = random() % 4 + 1;
    for (unsigned i = 0; i < length; ++i)
      bytes += static_cast<char>(i == 0 ? random() : 0x70 + random() % 0x60);
    const std::size_t first = utf8_length(bytes);
    if (first == length || first == 0) {
      ASSERT_EQ(is_utf8(bytes), first == length);
    }
  }
}

}  // namespace
}  // namespace sdmeta
