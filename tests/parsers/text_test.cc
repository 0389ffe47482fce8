#include "parsers/text.h"

#include <gtest/gtest.h>

#include <string_view>

namespace sdmeta {
namespace {

// "WxH", or "none".
std::string size_of(std::string_view text, std::int64_t min_side = 0) {
  const auto size = pixel_size_in(text, min_side);
  if (!size) return "none";
  return std::to_string(size->width) + "x" + std::to_string(size->height);
}

TEST(PixelSize, IsReadInEveryWritersSpelling) {
  for (const std::string_view text :
       {"832x1216", "832 X 1216", "(832, 1216)", "['832', '1216']",
        "[832,1216]", "832*1216", "832 \u00d7 1216 (13:19)",
        "portrait - 832x1216 (2:3)"})
    EXPECT_EQ(size_of(text), "832x1216") << text;
}

TEST(PixelSize, RatiosArePassedOver) {
  EXPECT_EQ(size_of("2x3 portrait 832x1216", 16), "832x1216");
  EXPECT_EQ(size_of("2:3"), "none");
  EXPECT_EQ(size_of("2x3", 16), "none");
}

TEST(PixelSize, WhatIsNoSizeIsNone) {
  for (const std::string_view text :
       {"", "832", "832x", "x1216", "832 by 1216", "99999999999x5", "832-1216"})
    EXPECT_EQ(size_of(text), "none") << text;
  EXPECT_EQ(size_of("0x0"), "0x0");
}

TEST(Placeholder, IsWhatWritersPutWhereThereIsNothing) {
  for (const std::string_view text :
       {"", "None", "unknown", "N/A", "null", "undefined"})
    EXPECT_TRUE(is_placeholder(text)) << text;
  EXPECT_FALSE(is_placeholder("nullModel"));
}

}  // namespace
}  // namespace sdmeta
