#include "parsers/merge.h"

#include <gtest/gtest.h>

namespace sdmeta {
namespace {

Generation merged(Generation base, Generation other) {
  fill_gaps(base, std::move(other));
  return base;
}

TEST(FillGaps, AbsentFieldsAreFilledAndOthersKept) {
  Generation base;
  base.software = "a1111";
  base.prompt = "a";
  Generation graph;
  graph.software = "comfyui";
  graph.prompt = "b";
  graph.steps = 20;
  const Generation got = merged(base, graph);
  EXPECT_EQ(got.software, "a1111");
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.steps, 20);
}

TEST(FillGaps, PlaceholdersAndEmptyPromptsGiveWay) {
  Generation base;
  base.prompt = "";
  base.model = "unknown";
  base.model_hash = "None";
  base.seed = "-1";
  Generation graph;
  graph.prompt = "b";
  graph.model = "m";
  graph.model_hash = "h";
  graph.seed = "7";
  const Generation got = merged(base, graph);
  EXPECT_EQ(got.prompt, "b");
  EXPECT_EQ(got.model, "m");
  EXPECT_EQ(got.model_hash, "h");
  EXPECT_EQ(got.seed, "7");
}

TEST(FillGaps, EmptyNegativeStaysEmptyWhereTheGraphHasNone) {
  Generation base;
  base.negative_prompt = "";
  EXPECT_EQ(merged(base, {}).negative_prompt, "");
}

TEST(FillGaps, SeedRoundedToADoubleIsReplacedByTheExactOne) {
  Generation base;
  base.seed = "11246505945472473000";
  Generation graph;
  graph.seed = "11246505945472473613";
  EXPECT_EQ(merged(base, graph).seed, "11246505945472473613");
}

TEST(FillGaps, AnotherSeedIsNotARounding) {
  Generation base;
  base.seed = "123456";
  Generation graph;
  graph.seed = "123457";
  EXPECT_EQ(merged(base, graph).seed, "123456");
}

TEST(FillGaps, LorasAreUnitedByBaseNameWithTheGraphsStrength) {
  Generation base;
  base.loras = {{"ink", 0.8, {}, "abcd", {}}, {"only-here", 1.0, {}, {}, {}}};
  Generation graph;
  graph.loras = {{"style\\Ink.safetensors", 0.75, 0.5, {}, {}},
                 {"only-there.safetensors", 0.3, {}, {}, {}}};
  const Generation got = merged(base, graph);
  ASSERT_EQ(got.loras.size(), 3u);
  EXPECT_EQ(got.loras[0], (Lora{"ink", 0.75, 0.5, "abcd", {}}));
  EXPECT_EQ(got.loras[1].name, "only-here");
  EXPECT_EQ(got.loras[2].name, "only-there.safetensors");
}

TEST(FillGaps, LorasUnderASitesPrivateNamesAreNotListedTwice) {
  Generation base;
  base.loras = {{"koi-style", 0.8, {}, {}, {}}};
  Generation graph;
  graph.loras = {{"EMS-77-EMS.safetensors", 0.8, {}, {}, {}}};
  EXPECT_EQ(merged(base, graph).loras.size(), 1u);
  EXPECT_EQ(merged({}, graph).loras.size(), 1u);
}

TEST(FillGaps, WidthIsTakenWithItsHeight) {
  Generation base;
  base.width = 512;
  base.height = 768;
  Generation graph;
  graph.width = 1024;
  graph.height = 1024;
  EXPECT_EQ(merged(base, graph).width, 512);
  EXPECT_EQ(merged({}, graph).height, 1024);
}

TEST(FillGaps, ResourcesOfOneVersionAreOne) {
  CivitaiResource resource;
  resource.model_version_id = 5;
  Generation base;
  base.civitai_resources = {resource};
  resource.name = "again";
  Generation graph;
  graph.civitai_resources = {resource};
  EXPECT_EQ(merged(base, graph).civitai_resources.size(), 1u);
}

}  // namespace
}  // namespace sdmeta
