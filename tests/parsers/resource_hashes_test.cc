#include "parsers/resource_hashes.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace sdmeta {
namespace {

using Settings = std::vector<KeyValue>;

Generation apply(const Settings& settings, std::vector<Lora> tagged = {},
                 bool are_quoted = true) {
  Generation generation;
  generation.loras = std::move(tagged);
  ResourceSettings resources;
  for (const KeyValue& setting : settings)
    if (!resources.take(setting.key, setting.value, are_quoted))
      generation.extra.push_back(setting);
  resources.apply(generation);
  return generation;
}

Lora lora(std::string name, std::optional<double> weight = std::nullopt,
          std::optional<std::string> hash = std::nullopt,
          std::optional<double> clip_weight = std::nullopt) {
  Lora result;
  result.name = std::move(name);
  result.weight = weight;
  result.hash = std::move(hash);
  result.clip_weight = clip_weight;
  return result;
}

TEST(LoraHashes, HashesAreAttachedByName) {
  EXPECT_EQ(apply({{"Lora hashes", "ink: aabbccddeeff, oil: 001122334455"}},
                  {lora("oil", 0.5), lora("ink", 1.0)})
                .loras,
            (std::vector{lora("oil", 0.5, "001122334455"),
                         lora("ink", 1.0, "aabbccddeeff")}));
}

TEST(LoraHashes, Quirk26NamesHoldCommasColonsAndParentheses) {
  EXPECT_EQ(
      apply({{"Lora hashes",
              "Saga: Part 1, Ink (wash): aabbccddeeff, b: 001122334455"}})
          .loras,
      (std::vector{lora("Saga: Part 1, Ink (wash)", {}, "aabbccddeeff"),
                   lora("b", {}, "001122334455")}));
}

TEST(LoraHashes, EarlyFooocusWritesTriples) {
  EXPECT_EQ(apply({{"Lora hashes", "ink: aabbccddee: 0.5, oil: 0011223344: 1"}})
                .loras,
            (std::vector{lora("ink", 0.5, "aabbccddee"),
                         lora("oil", 1.0, "0011223344")}));
}

TEST(LoraHashes, FooocusWritesWeightsApart) {
  EXPECT_EQ(apply({{"Lora hashes", "ink: aabbccddee, oil: 0011223344"},
                   {"Lora weights", "ink: 0.5, oil: -1"}})
                .loras,
            (std::vector{lora("ink", 0.5, "aabbccddee"),
                         lora("oil", -1.0, "0011223344")}));
}

TEST(LoraHashes, DrawThingsWritesModelsAndWeightsApart) {
  const Generation got = apply({{"LoRA Model", "ink.ckpt"},
                                {"LoRA Weight", "0.5"},
                                {"LoRA 2 Model", "oil.ckpt"},
                                {"LoRA 2 Weight", "-1.0"},
                                {"LoRA 3 Weight", "much"},
                                {"LoRA notes", "x"}});
  EXPECT_EQ(got.loras,
            (std::vector{lora("ink.ckpt", 0.5), lora("oil.ckpt", -1.0)}));
  EXPECT_EQ(got.extra,
            (Settings{{"LoRA 3 Weight", "much"}, {"LoRA notes", "x"}}));
}

TEST(LoraHashes, SdNextWritesNamesAndHashesApart) {
  EXPECT_EQ(apply({{"LoRA networks", "ink, oil"},
                   {"LoRA hashes", "aabbccddee, 0011223344"}})
                .loras,
            (std::vector{lora("ink", {}, "aabbccddee"),
                         lora("oil", {}, "0011223344")}));
}

// Sage Utils and others: `Lora hashes: ink: aabbccddee, oil: 0011223344`.
TEST(LoraHashes, AListWithoutQuotesGoesOnInTheNextSettings) {
  const Generation got = apply({{"Lora hashes", "ink: aabbccddee"},
                                {"oil (v2).safetensors", "0011223344"},
                                {"TI hashes", "bad: aabbccddeeff"},
                                {"worse", "001122334455"},
                                {"VAE hash", "0123456789"},
                                {"later", "0123456789"}},
                               {lora("oil (v2)", 0.5)}, false);
  EXPECT_EQ(got.loras, (std::vector{lora("oil (v2)", 0.5, "0011223344"),
                                    lora("ink", {}, "aabbccddee")}));
  EXPECT_EQ(got.embeddings,
            (std::vector<Embedding>{{"bad", "aabbccddeeff"},
                                    {"worse", "001122334455"}}));
  EXPECT_EQ(got.extra, (std::vector<KeyValue>{{"VAE hash", "0123456789"},
                                              {"later", "0123456789"}}));
}

TEST(LoraHashes, NamesInBracketsStandInTheValueOfTheLast) {
  const Generation got =
      apply({{"Lora hashes", "ink: aabbccddee"},
             {"oil", "0011223344, (wash): 1122334455, [x]: 2233445566"},
             {"Refiner", "None"}},
            {}, false);
  EXPECT_EQ(got.loras, (std::vector{lora("ink", {}, "aabbccddee"),
                                    lora("oil", {}, "0011223344"),
                                    lora("(wash)", {}, "1122334455"),
                                    lora("[x]", {}, "2233445566")}));
  EXPECT_EQ(got.extra, (Settings{{"Refiner", "None"}}));
}

TEST(LoraHashes, AListInQuotesEndsWithThem) {
  const Generation got =
      apply({{"Lora hashes", "ink: aabbccddee"}, {"Init image", "0011223344"}});
  EXPECT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.extra.size(), 1u);
}

TEST(LoraHashes, WhatIsNoHashStaysInExtra) {
  const Generation got = apply({{"Lora hashes", "ink: aabbccddee, what is it"}});
  ASSERT_EQ(got.extra.size(), 1u);
  EXPECT_EQ(got.extra[0].key, "Lora hashes");
}

TEST(TiHashes, GiveEmbeddings) {
  const Generation got = apply({{"TI hashes", "bad, hands: aabbccddeeff"}});
  ASSERT_EQ(got.embeddings.size(), 1u);
  EXPECT_EQ(got.embeddings[0].name, "bad, hands");
  EXPECT_EQ(got.embeddings[0].hash, "aabbccddeeff");
}

TEST(TiHashes, AnEmbeddingThatIsNamedTwiceIsOne) {
  const Generation got =
      apply({{"TI hashes",
              "bad: aabbccddeeff, bad: aabbccddeeff, ink: 001122334455"}});
  ASSERT_EQ(got.embeddings.size(), 2u);
  EXPECT_EQ(got.embeddings[1].name, "ink");
}

TEST(AddNet, WeightAIsTheModelsAndWeightBTheTextEncoders) {
  EXPECT_EQ(apply({{"AddNet Enabled", "True"},
                   {"AddNet Module 1", "LoRA"},
                   {"AddNet Model 1", "ink-v2 final(aabbccddeeff)"},
                   {"AddNet Weight A 1", "0.8"},
                   {"AddNet Weight B 1", "0.4"}})
                .loras,
            std::vector{lora("ink-v2 final", 0.8, "aabbccddeeff", 0.4)});
}

// Peers keep only what stands behind the last dash.
TEST(AddNet, NamesHoldDashesAndParentheses) {
  EXPECT_EQ(apply({{"AddNet Model 1", "a-b (c) - d(aabbccddeeff)"},
                   {"AddNet Weight 1", "1"}})
                .loras,
            std::vector{lora("a-b (c) - d", 1.0, "aabbccddeeff")});
}

TEST(AddNet, Quirk32AMissingWeightIsAbsent) {
  EXPECT_EQ(apply({{"AddNet Model 1", "ink(aabbccddeeff)"}}).loras,
            std::vector{lora("ink", {}, "aabbccddeeff")});
}

TEST(AddNet, WhatNoFieldHoldsStaysInExtra) {
  const Generation got = apply({{"AddNet Enabled", "True"}});
  ASSERT_EQ(got.extra.size(), 1u);
  EXPECT_EQ(got.extra[0].key, "AddNet Enabled");
}

TEST(AddNet, OtherModulesStayInExtra) {
  const Generation got = apply({{"AddNet Module 1", "ControlLLLite"},
                                {"AddNet Model 1", "x(aabbccddeeff)"}});
  EXPECT_TRUE(got.loras.empty());
  EXPECT_EQ(got.extra.size(), 2u);
}

TEST(NumberedLoras, HaveNameHashAndStrengths) {
  EXPECT_EQ(apply({{"Lora_0 Model name", "ink.safetensors"},
                   {"Lora_0 Model hash", "aabbccddee"},
                   {"Lora_0 Strength model", "0.7"},
                   {"Lora_0 Strength clip", "0.7"}})
                .loras,
            std::vector{lora("ink.safetensors", 0.7, "aabbccddee")});
}

TEST(NumberedLoras, NameAndWeightMayBeOneValue) {
  EXPECT_EQ(apply({{"LoRA 1", "ink_1.0.safetensors : 0.1"},
                   {"LoRA 2", "oil"},
                   {"Lora 2 weight", "0.5"}})
                .loras,
            (std::vector{lora("ink_1.0.safetensors", 0.1), lora("oil", 0.5)}));
}

TEST(ListedLoras, AreTagsOrNamesWithOrWithoutWeights) {
  EXPECT_EQ(apply({{"LoRA", "<lora:ink:0.8>, <lora:oil:1>"}}).loras,
            (std::vector{lora("ink", 0.8), lora("oil", 1.0)}));
  EXPECT_EQ(
      apply({{"LoRAs", "ink (0.8), oil (wash): 0.5,chalk"}}).loras,
      (std::vector{lora("ink", 0.8), lora("oil (wash)", 0.5), lora("chalk")}));
  EXPECT_EQ(
      apply({{"Lora", "ink"}, {"LoRA scale", "0.8"}}, {lora("ink", 0.7)}).loras,
      std::vector{lora("ink", 0.7)});
  EXPECT_EQ(apply({{"LoRA", "ink"}, {"LoRA scale", "0.8"}}).loras,
            std::vector{lora("ink", 0.8)});
}

TEST(ListedLoras, ASummaryWithoutQuotesNamesNoneTwice) {
  EXPECT_EQ(apply({{"Lora_0 Model name", "ink.safetensors"},
                   {"Lora_0 Strength model", "0.7"},
                   {"Lora_1 Model name", "oil.safetensors"},
                   {"Lora_1 Strength model", "1"},
                   {"LoRAs", "ink.safetensors: str_0.7"},
                   {"oil.safetensors", "str_1"}})
                .loras,
            (std::vector{lora("ink.safetensors", 0.7),
                         lora("oil.safetensors", 1.0)}));
  const Settings others = {{"Note", "str_7"}, {"Tag", "a: str_5"}};
  EXPECT_EQ(apply(others).extra, others);
}

TEST(ListedLoras, WhatNamesNoFileStaysInExtra) {
  const Settings settings = {{"LoRA", "None"},
                             {"Lora", "0.8"},
                             {"Lora", "True"},
                             {"LoRAs", "[{\"name\": \"ink\"}]"},
                             {"LoRAs", ""},
                             {"LoRA 1", "None"},
                             {"LoRA tags", "ink, wash"},
                             {"LoRA scale", "1"}};
  const Generation got = apply(settings);
  EXPECT_TRUE(got.loras.empty());
  EXPECT_EQ(got.extra, settings);
}

TEST(NumberedLoras, WithoutANameTheyStayInExtra) {
  const Generation got = apply({{"Lora_0 Strength model", "0.7"}});
  EXPECT_TRUE(got.loras.empty());
  ASSERT_EQ(got.extra.size(), 1u);
  EXPECT_EQ(got.extra[0], (KeyValue{"Lora_0 Strength model", "0.7"}));
}

TEST(NumberedEmbeddings, HaveNameAndHash) {
  const Generation got = apply({{"Embedding_0 name", "bad.pt"},
                                {"Embedding_0 hash", "aabbccddee"}});
  ASSERT_EQ(got.embeddings.size(), 1u);
  EXPECT_EQ(got.embeddings[0], (Embedding{"bad.pt", "aabbccddee"}));
}

TEST(Hashes, Quirk26NameModelLorasAndEmbeddings) {
  Generation generation;
  generation.loras = {lora("ink: x", 0.5)};
  EXPECT_TRUE(apply_hashes(
      R"({"model": "aabbccddee", "lora:ink: x": "1111111111",)"
      R"( "embed:bad": "2222222222"})",
      Limits(), generation));
  EXPECT_EQ(generation.model_hash, "aabbccddee");
  EXPECT_EQ(generation.loras, std::vector{lora("ink: x", 0.5, "1111111111")});
  ASSERT_EQ(generation.embeddings.size(), 1u);
  EXPECT_EQ(generation.embeddings[0].hash, "2222222222");
}

TEST(Hashes, WhatNoFieldHoldsIsSaid) {
  Generation generation;
  EXPECT_FALSE(apply_hashes(R"({"vae": "aabbccddee"})", Limits(), generation));
  EXPECT_FALSE(apply_hashes("not json", Limits(), generation));
  generation.model_hash = "0000000000";
  EXPECT_FALSE(apply_hashes(R"({"model": "aabbccddee"})", Limits(), generation));
}

TEST(Hashes, PythonDictionariesAreRead) {
  Generation generation;
  EXPECT_TRUE(
      apply_hashes(R"({'model': 'aabbccddee', "lora:o'er": '1111111111',)"
                   R"( 'lora:o\'er "x"': '2222222222'})",
                   Limits(), generation));
  EXPECT_EQ(generation.model_hash, "aabbccddee");
  EXPECT_EQ(generation.loras,
            (std::vector{lora("o'er", {}, "1111111111"),
                         lora("o'er \"x\"", {}, "2222222222")}));
}

TEST(Hashes, EmbeddingsNamedTwiceAreOne) {
  Generation generation;
  generation.embeddings = {{"bad", std::nullopt}};
  EXPECT_TRUE(
      apply_hashes(R"({"embed:bad": "2222222222"})", Limits(), generation));
  EXPECT_EQ(generation.embeddings,
            (std::vector<Embedding>{{"bad", "2222222222"}}));
}

}  // namespace
}  // namespace sdmeta
