#include "pipeline/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace sdmeta {
namespace {

const std::vector<std::string> kWords = {"extract", "show", "schema", "--raw"};

TEST(ClosestWord, OneSlipOfTheFingerIsFound) {
  for (const char* slip :
       {"extrct", "exract", "extractt", "extarct", "extrbct"})
    EXPECT_EQ(closest_word(slip, kWords), "extract") << slip;
  EXPECT_EQ(closest_word("shwo", kWords), "show");
  EXPECT_EQ(closest_word("shema", kWords), "schema");
}

TEST(ClosestWord, AnotherWordIsNotMeant) {
  for (const char* other : {"", "x", "convert", "help", "images"})
    EXPECT_EQ(closest_word(other, kWords), std::nullopt) << other;
  EXPECT_EQ(closest_word(std::string(100000, 'e'), kWords), std::nullopt);
}

}  // namespace
}  // namespace sdmeta
