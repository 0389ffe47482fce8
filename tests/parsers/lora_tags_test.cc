#include "parsers/lora_tags.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sdmeta {
namespace {

std::vector<Lora> loras_of(std::string_view prompt) {
  std::vector<Lora> loras;
  add_tagged_loras(prompt, loras);
  return loras;
}

Lora lora(std::string name, std::optional<double> weight,
          std::optional<double> clip_weight = std::nullopt,
          std::optional<std::string> hash = std::nullopt) {
  Lora result;
  result.name = std::move(name);
  result.weight = weight;
  result.clip_weight = clip_weight;
  result.hash = std::move(hash);
  return result;
}

TEST(LoraTags, ATagHasNameAndWeight) {
  EXPECT_EQ(loras_of("a cat <lora:pencil:0.8>, ink"),
            std::vector{lora("pencil", 0.8)});
}

TEST(LoraTags, ATagWithoutWeightWeighsOne) {
  EXPECT_EQ(loras_of("<lora:pencil>"), std::vector{lora("pencil", 1.0)});
}

// Peers read names with a character class that has no parentheses and lose the
// whole tag.
TEST(LoraTags, NamesHoldParenthesesSpacesDotsAndSlashes) {
  EXPECT_EQ(loras_of("<lora:Ink (wash) v1.5 [beta]:0.5>"),
            std::vector{lora("Ink (wash) v1.5 [beta]", 0.5)});
  EXPECT_EQ(loras_of("<lora:styles\\sub/ink.v2:1>"),
            std::vector{lora("styles\\sub/ink.v2", 1.0)});
}

TEST(LoraTags, NamesHoldColons) {
  EXPECT_EQ(loras_of("<lora:Saga: The Return:0.7>"),
            std::vector{lora("Saga: The Return", 0.7)});
}

TEST(LoraTags, NamesHoldAnyScript) {
  EXPECT_EQ(loras_of("<lora:水墨画风:0.6>"), std::vector{lora("水墨画风", 0.6)});
}

TEST(LoraTags, NegativeWeightsAreWeights) {
  EXPECT_EQ(loras_of("<lora:detail:-1.5>"), std::vector{lora("detail", -1.5)});
}

TEST(LoraTags, WeightsMayLackDigitsOrHaveSignAndExponent) {
  EXPECT_EQ(loras_of("<lora:a:.5><lora:b:+0.5><lora:c:1e-1>"),
            (std::vector{lora("a", 0.5), lora("b", 0.5), lora("c", 0.1)}));
}

TEST(LoraTags, TheFirstOfTwoWeightsIsTheTextEncoders) {
  EXPECT_EQ(loras_of("<lora:ink:0.4:0.9>"),
            std::vector{lora("ink", 0.9, 0.4)});
}

TEST(LoraTags, ADynamicDimensionIsNoWeight) {
  EXPECT_EQ(loras_of("<lora:ink:0.4:0.9:32>"),
            std::vector{lora("ink", 0.9, 0.4)});
}

TEST(LoraTags, NamedArgumentsMaySetTheWeights) {
  EXPECT_EQ(loras_of("<lora:ink:te=0.2:unet=0.6>"),
            std::vector{lora("ink", 0.6, 0.2)});
}

TEST(LoraTags, BlockWeightsAreNoPartOfTheName) {
  EXPECT_EQ(loras_of("<lora:ink:0.8:lbw=OUTALL:stop=20>"),
            std::vector{lora("ink", 0.8)});
  EXPECT_EQ(loras_of("<lora:ink:0.8:OUTALL>"), std::vector{lora("ink", 0.8)});
  EXPECT_EQ(loras_of("<lora:ink:1:0,0,0.5,1>"), std::vector{lora("ink", 1.0)});
}

TEST(LoraTags, AScheduleIsNotOneWeight) {
  EXPECT_EQ(loras_of("<lora:ink:0.8@0.5,0@1>"),
            std::vector{lora("ink", std::nullopt)});
}

TEST(LoraTags, AWeightThatNobodyCanReadIsNoPartOfTheName) {
  for (const char* weight :
       {"0,8", "0.5|0.8", "[0.5:0.8:0.2]", "(0.8)", "80%", "0.8-1.2", ""}) {
    const std::string tag = "<lora:ink:" + std::string(weight) + ">";
    EXPECT_EQ(loras_of(tag), std::vector{lora("ink", std::nullopt)}) << tag;
  }
  EXPECT_EQ(loras_of("<lora:ink::0.8>"), std::vector{lora("ink", 0.8)});
  EXPECT_EQ(loras_of("<lora:1:2>"), std::vector{lora("1", 2.0)});
}

TEST(LoraTags, OtherKindsOfLoraAreLoras) {
  EXPECT_EQ(loras_of("<lyco:a:1><LyCORIS:b:1><locon:c:1><DoRA:d:1>").size(),
            4u);
}

TEST(LoraTags, HypernetworksAreNot) {
  EXPECT_TRUE(loras_of("<hypernet:ink:0.5>").empty());
  ASSERT_EQ(find_network_tags("<hypernet:ink:0.5>").size(), 1u);
  EXPECT_TRUE(find_network_tags("<hypernet:ink:0.5>")[0].is_hypernetwork);
}

TEST(LoraTags, OtherAngleBracketsAreText) {
  EXPECT_TRUE(loras_of("a <b> c <3 <lora> <note: x> <lora::1> <lora:x").empty());
}

TEST(LoraTags, AnOpenTagDoesNotSwallowTheNext) {
  EXPECT_EQ(loras_of("<lora:a <lora:b:0.5>"), std::vector{lora("b", 0.5)});
}

TEST(LoraTags, ARepeatedTagIsOneLora) {
  EXPECT_EQ(loras_of("<lora:a:1> and <lora:a:1.0>").size(), 1u);
}

TEST(LoraTags, TheSameNameWithTwoWeightsIsTwoEntries) {
  EXPECT_EQ(loras_of("<lora:a:1> and <lora:a:0.5>").size(), 2u);
}

// Few are compared with each other, many are looked up in a table.
TEST(LoraTags, ManyTagsAreToldApartAsFewAre) {
  const std::string tags = "<lora:a:1> <lora:a:1.0> <lora:a:0.5> <lora:b:1:2>";
  std::string prompt = tags;
  for (int i = 0; i < 100; ++i)
    prompt += "<lora:filler" + std::to_string(i) + ":1>";
  const std::vector<Lora> few = loras_of(tags);
  std::vector<Lora> many = loras_of(prompt);
  ASSERT_EQ(many.size(), few.size() + 100);
  many.resize(few.size());
  EXPECT_EQ(many, few);
}

TEST(MergeLoras, FillsWhatIsMissing) {
  std::vector<Lora> loras = {lora("styles/Ink.safetensors", 0.5)};
  merge_loras(loras, {lora("ink", 0.9, std::nullopt, "aabb")});
  EXPECT_EQ(loras, std::vector{lora("styles/Ink.safetensors", 0.5, std::nullopt,
                                    "aabb")});
}

// A1111 takes colons and commas out of names before it lists hashes.
TEST(MergeLoras, KnowsNamesWithoutTheirColonsAndCommas) {
  std::vector<Lora> loras = {lora("Saga: Part 1, Ink", 1.0)};
  merge_loras(loras, {lora("Saga Part 1 Ink", {}, {}, "aabb")});
  ASSERT_EQ(loras.size(), 1u);
  EXPECT_EQ(loras[0].hash, "aabb");
}

// ComfyUI-ImageMetadataExtension writes underscores in tags and spaces elsewhere.
TEST(MergeLoras, KnowsAFileByItsHash) {
  std::vector<Lora> loras = {lora("my_ink", 0.5, {}, "0A1B2C3D4E")};
  merge_loras(loras, {lora("my ink", {}, {}, "0a1b2c3d4e5f60718293")});
  ASSERT_EQ(loras.size(), 1u);
  EXPECT_EQ(loras[0].name, "my_ink");
}

// https://github.com/AUTOMATIC1111/stable-diffusion-webui, extensions-builtin/
// Lora/network.py: `alias(hash)` in prompts, `alias` in `Lora hashes`.
TEST(MergeLoras, KnowsANameWithItsHashBehind) {
  std::vector<Lora> loras = {lora("ink(0A1B2C3D4E5F)", 0.5)};
  merge_loras(loras, {lora("ink", {}, {}, "0a1b2c3d4e5f")});
  ASSERT_EQ(loras.size(), 1u);
  EXPECT_EQ(loras[0].hash, "0a1b2c3d4e5f");
  merge_loras(loras, {lora("ink(v2)", 1.0)});
  EXPECT_EQ(loras.size(), 2u);
}

TEST(MergeLoras, TwoNewEntriesForOneFileAreOneUnlessTheirWeightsDiffer) {
  std::vector<Lora> loras;
  merge_loras(loras, {lora("ink", {}, {}, "0a1b2c3d4e"), lora("ink", 0.5),
                      lora("oil", 0.5), lora("oil", 1.0)});
  EXPECT_EQ(loras, (std::vector{lora("ink", 0.5, {}, "0a1b2c3d4e"),
                                lora("oil", 0.5), lora("oil", 1.0)}));
}

TEST(MergeLoras, AppendsWhatIsNew) {
  std::vector<Lora> loras = {lora("a", 1.0)};
  merge_loras(loras, {lora("b", 0.5)});
  EXPECT_EQ(loras, (std::vector{lora("a", 1.0), lora("b", 0.5)}));
}

TEST(MergeLoras, MergesManyAsItMergesFew) {
  const std::vector<Lora> first = {lora("styles/Ink.safetensors", 0.5),
                                   lora("Saga: One", {}), lora("wash", 1.0)};
  std::vector<Lora> second = {
      lora("ink", 0.9, {}, "aabb"), lora("INK", {}, {}, "ccdd"),
      lora("saga One", 0.25), lora("new", 1.0), lora("new", 0.5),
      lora("old paint", {}, {}, "0a1b2c3d"),
      lora("old_paint", 0.5, {}, "0A1B2C3D4E")};
  std::vector<Lora> few = first;
  merge_loras(few, second);
  for (int i = 0; i < 100; ++i)
    second.push_back(lora("filler" + std::to_string(i), 1.0));
  std::vector<Lora> many = first;
  merge_loras(many, second);
  ASSERT_EQ(many.size(), few.size() + 100);
  many.resize(few.size());
  EXPECT_EQ(many, few);
}

}  // namespace
}  // namespace sdmeta
