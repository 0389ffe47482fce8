#include "parsers/civitai_resources.h"

#include <gtest/gtest.h>

#include "parsers/air.h"

namespace sdmeta {
namespace {

std::optional<CivitaiResource> read(std::string_view json) {
  const JsonDocument document = parse_json(json, Limits());
  return read_civitai_resource(document.root());
}

CivitaiResource lora_resource(std::uint64_t id, double weight,
                              std::string name) {
  CivitaiResource resource;
  resource.type = "lora";
  resource.model_version_id = id;
  resource.weight = weight;
  resource.name = std::move(name);
  return resource;
}

Lora tagged(std::string name, double weight) {
  Lora lora;
  lora.name = std::move(name);
  lora.weight = weight;
  return lora;
}

TEST(Air, HasFivePartsAndAVersion) {
  const auto air = parse_air("urn:air:sdxl:lora:civitai:328553@368189");
  ASSERT_TRUE(air);
  EXPECT_EQ(air->ecosystem, "sdxl");
  EXPECT_EQ(air->type, "lora");
  EXPECT_EQ(air->source, "civitai");
  EXPECT_EQ(air->model_id, 328553u);
  EXPECT_EQ(air->model_version_id, 368189u);
}

TEST(Air, PrefixesMayBeLeftOut) {
  EXPECT_TRUE(parse_air("air:sd1:checkpoint:civitai:4201@130072"));
  EXPECT_TRUE(parse_air("sd1:checkpoint:civitai:4201@130072"));
}

TEST(Air, LayerFormatAndFileFollow) {
  const auto air =
      parse_air("urn:air:flux1:checkpoint:civitai:618692@691639:unet.gguf");
  ASSERT_TRUE(air);
  EXPECT_EQ(air->model_version_id, 691639u);
  EXPECT_EQ(air->tail, ":unet.gguf");
}

TEST(Air, IdsOfOtherSourcesAreNeverNumbers) {
  const auto air =
      parse_air("urn:air:qwen:checkpoint:huggingface:org/model.v2@12");
  ASSERT_TRUE(air);
  EXPECT_EQ(air->id, "org/model.v2");
  EXPECT_EQ(air->model_id, std::nullopt);
  EXPECT_EQ(air->model_version_id, std::nullopt);
}

TEST(Air, IdsAloneAreReadToo) {
  const auto air = parse_air_ids("328553@368189");
  ASSERT_TRUE(air);
  EXPECT_EQ(air->model_id, 328553u);
  EXPECT_EQ(air->model_version_id, 368189u);
  EXPECT_TRUE(parse_air_ids("328553"));
  for (const std::string_view text :
       {"", "@", "1@", "@2", "1@2@3", "{model_id}@{model_version}",
        "model.safetensors", "urn:air:sdxl:lora:civitai:1@2"})
    EXPECT_FALSE(parse_air_ids(text)) << text;
}

TEST(Air, OtherTextIsNone) {
  for (const std::string_view text :
       {"", "urn:air:", "model.safetensors", "urn:air:sdxl:lora:civitai:",
        "a b:c:d:1", "C:\\models\\x:y:z:1"})
    EXPECT_FALSE(parse_air(text)) << text;
}

TEST(CivitaiResource, ReadsTheSitesOwnShape) {
  const auto resource =
      read(R"({"type":"lora","weight":0.8,"modelVersionId":12,)"
           R"("modelName":"Ink","modelVersionName":"v2"})");
  ASSERT_TRUE(resource);
  EXPECT_EQ(resource->type, "lora");
  EXPECT_EQ(resource->weight, 0.8);
  EXPECT_EQ(resource->model_version_id, 12u);
  EXPECT_EQ(resource->name, "Ink");
  EXPECT_EQ(resource->version_name, "v2");
}

TEST(CivitaiResource, ReadsTheShapeOfComfyUISavers) {
  const auto resource = read(
      R"({"modelName":"Ink","versionName":"v2",)"
      R"("air":"urn:air:sdxl:lora:civitai:1@22"})");
  ASSERT_TRUE(resource);
  EXPECT_EQ(resource->type, "lora");
  EXPECT_EQ(resource->model_version_id, 22u);
  EXPECT_EQ(resource->version_name, "v2");
}

TEST(CivitaiResource, AnItemThatNamesNothingIsNone) {
  EXPECT_FALSE(read(R"({"weight":1})"));
  EXPECT_FALSE(read("3"));
}

TEST(MergeCivitaiResources, OneForEachVersion) {
  std::vector<CivitaiResource> resources = {lora_resource(5, 0.8, "Ink")};
  resources[0].weight.reset();
  merge_civitai_resources(resources, {lora_resource(5, 0.6, "Other"),
                                      lora_resource(6, 1, "New")});
  ASSERT_EQ(resources.size(), 2u);
  EXPECT_EQ(resources[0].name, "Ink");
  EXPECT_EQ(resources[0].weight, 0.6);
  EXPECT_EQ(resources[1].name, "New");
}

TEST(ApplyCivitaiResources, TheOnlyCheckpointNamesTheModel) {
  Generation generation;
  CivitaiResource checkpoint;
  checkpoint.type = "checkpoint";
  checkpoint.name = "Marsh XL";
  generation.civitai_resources = {checkpoint};
  apply_civitai_resources(generation);
  EXPECT_EQ(generation.model, "Marsh XL");
}

TEST(ApplyCivitaiResources, TwoCheckpointsNameNone) {
  Generation generation;
  CivitaiResource checkpoint;
  checkpoint.type = "checkpoint";
  checkpoint.name = "Marsh XL";
  generation.civitai_resources = {checkpoint, checkpoint};
  apply_civitai_resources(generation);
  EXPECT_EQ(generation.model, std::nullopt);
}

TEST(ApplyCivitaiResources, VersionIdsFollowNames) {
  Generation generation;
  generation.loras = {tagged("ink", 0.8), tagged("oil", 0.8)};
  generation.civitai_resources = {lora_resource(1, 0.8, "Oil"),
                                  lora_resource(2, 0.8, "Ink")};
  apply_civitai_resources(generation);
  EXPECT_EQ(generation.loras[0].model_version_id, 2u);
  EXPECT_EQ(generation.loras[1].model_version_id, 1u);
}

TEST(ApplyCivitaiResources, VersionIdsFollowWeightsOnlyIfUnambiguous) {
  Generation generation;
  generation.loras = {tagged("a", 0.8), tagged("b", 0.5), tagged("c", 0.5)};
  generation.civitai_resources = {lora_resource(1, 0.8, "x"),
                                  lora_resource(2, 0.5, "y")};
  apply_civitai_resources(generation);
  EXPECT_EQ(generation.loras[0].model_version_id, 1u);
  EXPECT_EQ(generation.loras[1].model_version_id, std::nullopt);
  EXPECT_EQ(generation.loras[2].model_version_id, std::nullopt);
}

TEST(ApplyCivitaiResources, AResourceThatANameFitsIsNotFoundByWeight) {
  Generation generation;
  generation.loras = {tagged("a", 0.8), tagged("ink", 0.5)};
  generation.civitai_resources = {lora_resource(1, 0.8, "Ink")};
  apply_civitai_resources(generation);
  EXPECT_EQ(generation.loras[0].model_version_id, std::nullopt);
  EXPECT_EQ(generation.loras[1].model_version_id, 1u);
}

// ComfyUI-Image-Saver takes the tags out of the prompt and keeps the weights
// here.
TEST(ApplyCivitaiResources, AWeightNobodyElseKnowsIsTheResources) {
  Generation generation;
  generation.loras = {{"Ink", std::nullopt, {}, "0123456789", {}}};
  generation.civitai_resources = {
      {"lora", 2, 0.7, "ink", std::nullopt, std::nullopt}};
  apply_civitai_resources(generation);
  EXPECT_EQ(generation.loras[0], (Lora{"Ink", 0.7, {}, "0123456789", 2}));
}

TEST(ApplyCivitaiResources, LorasThatCivitaiDoesNotKnowStandBesideTheOthers) {
  Generation generation;
  generation.loras = {{"Own", std::nullopt, {}, "0123456789", {}}};
  generation.civitai_resources = {lora_resource(7, 0.4, "Ink")};
  apply_civitai_resources(generation);
  ASSERT_EQ(generation.loras.size(), 2u);
  EXPECT_EQ(generation.loras[0].weight, std::nullopt);
  EXPECT_EQ(generation.loras[1].name, "Ink");
  EXPECT_EQ(generation.loras[1].weight, 0.4);
}

TEST(ApplyCivitaiResources, ResourcesBesideTagsAddNoLoras) {
  Generation generation;
  generation.loras = {tagged("ink", 0.8)};
  generation.civitai_resources = {lora_resource(1, 0.8, "Ink"),
                                  lora_resource(2, 0.4, "Oil")};
  apply_civitai_resources(generation);
  EXPECT_EQ(generation.loras.size(), 1u);
}

// Save Image of ComfyUI-Lora-Manager.
TEST(ApplyCivitaiResources, WithoutNamesWeightsFollowTheOrderOfTheHashes) {
  Generation generation;
  generation.loras = {{"Ink", std::nullopt, {}, "0123456789", {}},
                      {"Oil", std::nullopt, {}, "1123456789", {}}};
  CivitaiResource checkpoint;
  checkpoint.type = "checkpoint";
  generation.civitai_resources = {
      checkpoint,
      {"lora", 4, 0.8, std::nullopt, "v2", std::nullopt},
      {"lora", 6, 0.5, std::nullopt, "v2", std::nullopt}};
  apply_civitai_resources(generation);
  EXPECT_EQ(generation.loras[0], (Lora{"Ink", 0.8, {}, "0123456789", 4}));
  EXPECT_EQ(generation.loras[1], (Lora{"Oil", 0.5, {}, "1123456789", 6}));
}

TEST(ApplyCivitaiResources, WithoutNamesUnequalCountsTellNoOrder) {
  Generation generation;
  generation.loras = {{"Ink", std::nullopt, {}, "0123456789", {}},
                      {"Oil", std::nullopt, {}, "1123456789", {}}};
  generation.civitai_resources = {
      {"lora", 4, 0.8, std::nullopt, "v2", std::nullopt}};
  apply_civitai_resources(generation);
  EXPECT_EQ(generation.loras[0].weight, std::nullopt);
  EXPECT_EQ(generation.loras.size(), 2u);
}

TEST(ApplyCivitaiResources, LorasNoTagNamesAreTakenFromThem) {
  Generation generation;
  generation.civitai_resources = {lora_resource(7, 0.4, "Ink")};
  apply_civitai_resources(generation);
  ASSERT_EQ(generation.loras.size(), 1u);
  EXPECT_EQ(generation.loras[0].name, "Ink");
  EXPECT_EQ(generation.loras[0].weight, 0.4);
  EXPECT_EQ(generation.loras[0].model_version_id, 7u);
}

}  // namespace
}  // namespace sdmeta
