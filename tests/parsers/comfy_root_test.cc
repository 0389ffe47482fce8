// Which of the pictures that a ComfyUI graph makes the file holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "parsers/interpret.h"
#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

using Json = nlohmann::ordered_json;

// A picture from a text, up to its decoder `<name>.image`.
Json scene(const std::string& name, std::string_view prompt) {
  return {{name + ".loader",
           {{"class_type", "CheckpointLoaderSimple"},
            {"inputs", {{"ckpt_name", "river.safetensors"}}}}},
          {name + ".text",
           {{"class_type", "CLIPTextEncode"},
            {"inputs", {{"text", prompt}, {"clip", {name + ".loader", 1}}}}}},
          {name + ".sampler",
           {{"class_type", "KSampler"},
            {"inputs",
             {{"model", {name + ".loader", 0}},
              {"positive", {name + ".text", 0}},
              {"seed", 7},
              {"steps", 9}}}}},
          {name + ".image",
           {{"class_type", "VAEDecode"},
            {"inputs", {{"samples", {name + ".sampler", 0}}}}}}};
}

// A node that takes the picture of another.
Json taker(const std::string& id, std::string_view type,
           const std::string& of) {
  return {{id, {{"class_type", type}, {"inputs", {{"images", {of, 0}}}}}}};
}

Json join(std::initializer_list<Json> parts) {
  Json graph = Json::object();
  for (const Json& part : parts) graph.update(part);
  return graph;
}

Interpretation read(const Json& graph) {
  return interpret(fields("prompt", graph.dump()), Limits{});
}

bool is_flagged(const Interpretation& record) {
  return std::any_of(
      record.warnings.begin(), record.warnings.end(),
      [](const Error& it) { return it.code == ErrorCode::kLowConfidence; });
}

std::string prompt_of(const Interpretation& record) {
  return record.generation ? record.generation->prompt.value_or("") : "";
}

TEST(ComfyRoot, OfSeveralPicturesSavedTheChoiceIsNotCertain) {
  const Json both = join({scene("a", "a heron"), scene("b", "a boat"),
                          taker("1", "SaveImage", "a.image"),
                          taker("2", "SaveImage", "b.image")});
  const Interpretation got = read(both);
  EXPECT_EQ(prompt_of(got), "a boat");
  EXPECT_TRUE(is_flagged(got));
  // However much larger the one is.
  EXPECT_TRUE(is_flagged(read(join(
      {scene("a", "a heron"), scene("b", "a boat"),
       taker("1", "ImageSharpen", "a.image"), taker("2", "ImageSharpen", "1"),
       taker("3", "SaveImage", "2"), taker("4", "SaveImage", "b.image")}))));
}

TEST(ComfyRoot, PicturesMadeInOneWayAreOne) {
  const Json alike = join({scene("a", "a heron"), scene("b", "a heron"),
                           taker("1", "SaveImage", "a.image"),
                           taker("2", "SaveImage", "b.image")});
  EXPECT_FALSE(is_flagged(read(alike)));
  Json other_seed = alike;
  other_seed["b.sampler"]["inputs"]["seed"] = 8;
  EXPECT_TRUE(is_flagged(read(other_seed)));
}

TEST(ComfyRoot, PicturesOnTheWayAreNoOthers) {
  Json chain = join({scene("a", "a heron"), scene("b", "a heron at night"),
                     taker("1", "SaveImage", "a.image"),
                     taker("2", "SaveImage", "b.image"),
                     taker("a.again", "VAEEncode", "a.image")});
  chain["a.again"]["inputs"] = {{"pixels", {"a.image", 0}}};
  chain["b.sampler"]["inputs"]["latent_image"] = {"a.again", 0};
  chain["b.sampler"]["inputs"]["denoise"] = 0.4;
  const Interpretation got = read(chain);
  EXPECT_EQ(prompt_of(got), "a heron");
  EXPECT_FALSE(is_flagged(got));
}

TEST(ComfyRoot, APreviewIsNoPictureSaved) {
  const Interpretation got =
      read(join({scene("a", "a heron"), scene("b", "a boat"),
                 taker("1", "SaveImage", "a.image"),
                 taker("2", "PreviewImage", "b.image")}));
  EXPECT_EQ(prompt_of(got), "a heron");
  EXPECT_FALSE(is_flagged(got));
}

// The picture that was loaded may be the scene's, of an earlier run.
TEST(ComfyRoot, ASceneBesideAPictureThatWasOnlyLoadedIsAGuess) {
  const Json loaded = {
      {"1",
       {{"class_type", "LoadImage"}, {"inputs", {{"image", "heron.png"}}}}},
      {"2",
       {{"class_type", "UpscaleModelLoader"},
        {"inputs", {{"model_name", "4x_invented.pth"}}}}},
      {"3",
       {{"class_type", "ImageUpscaleWithModel"},
        {"inputs", {{"upscale_model", {"2", 0}}, {"image", {"1", 0}}}}}},
      {"4", {{"class_type", "SaveImage"}, {"inputs", {{"images", {"3", 0}}}}}}};
  EXPECT_FALSE(is_flagged(read(loaded)));
  for (const Json& scene :
       {scene("a", "a heron"),
        join({scene("a", "a heron"), taker("5", "PreviewImage", "a.image")})}) {
    const Interpretation beside = read(join({loaded, scene}));
    EXPECT_EQ(prompt_of(beside), "a heron");
    EXPECT_TRUE(is_flagged(beside));
    ASSERT_EQ(beside.generation->upscalers.size(), 1u);
    EXPECT_EQ(beside.generation->upscalers[0].name, "4x_invented.pth");
  }
}

TEST(ComfyRoot, WhatAnOutputNobodyListedShowsGoesBeforeAMask) {
  const Json mask = {
      {"1",
       {{"class_type", "LoadImage"}, {"inputs", {{"image", "heron.png"}}}}},
      {"2",
       {{"class_type", "PreviewImage"}, {"inputs", {{"images", {"1", 0}}}}}}};
  const Interpretation got = read(join(
      {mask, scene("a", "a heron"), taker("3", "Somebodys Sink", "a.image")}));
  EXPECT_EQ(prompt_of(got), "a heron");
  EXPECT_FALSE(is_flagged(got));
}

TEST(ComfyRoot, OfABrokenOffGraphTheEndWithMostBehindItCounts) {
  const Json chain = {
      {"1",
       {{"class_type", "CLIPTextEncode"}, {"inputs", {{"text", "a heron"}}}}},
      {"2",
       {{"class_type", "ControlNetLoader"},
        {"inputs", {{"control_net_name", "reeds.pth"}}}}},
      {"3",
       {{"class_type", "ControlNetApply"},
        {"inputs",
         {{"conditioning", {"1", 0}},
          {"control_net", {"2", 0}},
          {"strength", 0.5}}}}}};
  const Json alone = {
      {"4",
       {{"class_type", "SomebodysImageNode"},
        {"inputs",
         {{"prompt", "a boat"}, {"seed", 7}, {"model", "invented-4"}}}}},
      {"5", {{"class_type", "SaveImage"}, {"inputs", {{"prefix", "x"}}}}}};
  const Interpretation got = read(join({chain, alone}));
  ASSERT_TRUE(got.generation);
  ASSERT_EQ(got.generation->controlnets.size(), 1u);
  EXPECT_EQ(got.generation->controlnets[0].model, "reeds.pth");
  EXPECT_EQ(read(alone).generation->model, "invented-4");
}

// Easy-Use and Efficiency: a sampler may be an output.
TEST(ComfyRoot, ASamplerThatSavesItselfIsAnOutput) {
  Json graph = join({scene("a", "a heron"),
                     Json{{"1",
                           {{"class_type", "LoadImage"},
                            {"inputs", {{"image", "heron.png"}}}}}},
                     taker("2", "PreviewImage", "1")});
  graph.erase("a.image");
  graph["a.sampler"]["class_type"] = "KSampler (Efficient)";
  graph["a.sampler"]["inputs"]["vae_decode"] = "true";
  const Interpretation got = read(graph);
  EXPECT_EQ(prompt_of(got), "a heron");
  EXPECT_FALSE(is_flagged(got));
}

TEST(ComfyRoot, APictureOfAServiceIsPainted) {
  const Json service = {
      {"1",
       {{"class_type", "SomebodysImageNode"},
        {"inputs",
         {{"prompt", "a heron"}, {"seed", 7}, {"model", "invented-4"}}}}},
      {"2", {{"class_type", "SaveImage"}, {"inputs", {{"images", {"1", 0}}}}}}};
  const Interpretation got = read(join(
      {service, scene("a", "a boat"), taker("3", "PreviewImage", "a.image")}));
  EXPECT_EQ(prompt_of(got), "a heron");
  EXPECT_FALSE(is_flagged(got));
}

}  // namespace
}  // namespace sdmeta
