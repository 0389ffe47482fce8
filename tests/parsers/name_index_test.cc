// Look-ups in a fixed list of names.
#include "parsers/name_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sdmeta {
namespace {

TEST(NameIndex, FindsWhatWasPutIn) {
  std::vector<std::string> names = {"", "a", "seed", "noise_seed", "seed_noise"};
  for (int i = 0; i < 200; ++i) names.push_back("input_" + std::to_string(i));
  NameIndex index(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) index[names[i]] = i + 1;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_NE(index.find(names[i]), nullptr) << names[i];
    EXPECT_EQ(*index.find(names[i]), i + 1);
  }
}

TEST(NameIndex, HasNothingUnderOtherNames) {
  NameIndex index(2);
  index["sampler_name"] = 1;
  EXPECT_EQ(index.find("sampler_names"), nullptr);
  EXPECT_EQ(index.find(""), nullptr);
}

TEST(NameIndex, NamesWithTheSameEndsAreTold) {
  NameIndex index(2);
  index["strength_1_model_strength"] = 1;
  index["strength_2_model_strength"] = 2;
  EXPECT_EQ(*index.find("strength_1_model_strength"), 1u);
  EXPECT_EQ(*index.find("strength_2_model_strength"), 2u);
}

TEST(KeyIndex, FindsNamesInAnyCase) {
  const std::vector<std::string> names = {"a", "z@[`{", "seed", "cfg scale",
                                          "ultimate sd upscale upscaler"};
  const KeyIndex index(
      names, [](const std::string& name) { return std::string_view(name); });
  EXPECT_EQ(*index.find("A"), 0u);
  EXPECT_EQ(*index.find("Z@[`{"), 1u);
  EXPECT_EQ(*index.find("SEED"), 2u);
  EXPECT_EQ(*index.find("CFG scale"), 3u);
  EXPECT_EQ(*index.find("Ultimate SD Upscale upscaler"), 4u);
}

TEST(KeyIndex, OnlyLettersHaveCase) {
  const std::vector<std::string> names = {"z@[`{",
                                          "ultimate sd upscale upscaler"};
  const KeyIndex index(
      names, [](const std::string& name) { return std::string_view(name); });
  EXPECT_EQ(index.find("z`[`{"), nullptr);
  EXPECT_EQ(index.find("z@{`{"), nullptr);
  EXPECT_EQ(index.find("z@[@{"), nullptr);
  EXPECT_EQ(index.find("z@[`\xDB"), nullptr);
  EXPECT_EQ(index.find("ultimate sd_upscale upscaler"), nullptr);
}

}  // namespace
}  // namespace sdmeta
