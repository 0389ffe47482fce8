// Quirks of ComfyUI graphs and what other readers get wrong about them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "parsers/interpret.h"
#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

Interpretation read(std::string_view name) {
  return interpret(
      read_fields_file(std::filesystem::path(SDMETA_FIXTURES) / "comfyui" /
                       (std::string(name) + ".fields")),
      Limits{});
}

Generation made(std::string_view name) {
  Interpretation got = read(name);
  EXPECT_TRUE(got.generation) << name;
  return got.generation.value_or(Generation{});
}

Generation from_graph(std::string_view graph) {
  Interpretation got =
      interpret(fields("prompt", std::string(graph)), Limits{});
  EXPECT_TRUE(got.generation) << graph;
  return got.generation.value_or(Generation{});
}

constexpr std::string_view kPrompt = "a heron by a quiet river, morning mist";

std::string extra_of(const Generation& got, std::string_view key) {
  for (const KeyValue& pair : got.extra)
    if (pair.key == key) return pair.value;
  return {};
}

TEST(ComfyUi, ModelsThatCivitaisLoadersNameByIdsAreRead) {
  const Generation got = made("civitai_loaders");
  EXPECT_EQ(got.software, "comfyui");
  EXPECT_EQ(got.model, "1111@2222");
  ASSERT_EQ(got.loras.size(), 2u);
  EXPECT_EQ(got.loras[0], (Lora{"3333@4444", 0.8, 1.0, {}, 4444}));
  EXPECT_EQ(got.loras[1], (Lora{"reeds.safetensors", 0.5, {}, {}, 6666}));
  EXPECT_EQ(got.civitai_resources.size(), 3u);
}

// One of the two files is not on civitai, and nothing says which.
TEST(ComfyUi, IdsNotedForFewerLorasThanThereAreStayInExtra) {
  const auto loader = [](std::string from, std::string name) {
    return R"({"class_type": "CivitAI_Lora_Loader", "inputs": {
      "lora_air": "", "lora_name": ")" +
           name + R"(", "strength_model": 1, "strength_clip": 1,
      "model": [")" +
           from + R"(", 0]}})";
  };
  ImageFields image =
      fields("prompt",
             R"({"1": {"class_type": "CheckpointLoaderSimple", "inputs": {
             "ckpt_name": "m.safetensors"}},
          "2": )" +
                 loader("1", "a.safetensors") + R"(, "3": )" +
                 loader("2", "b.safetensors") + R"(,
          "4": {"class_type": "KSampler", "inputs": {"model": ["3", 0],
                "steps": 9, "seed": 7}},
          "5": {"class_type": "SaveImage", "inputs": {"images": ["4", 0]}}})");
  image.fields.push_back(fields("workflow", R"({"nodes": [], "links": [],
                             "extra": {"lora_airs": ["5@6"]}})")
                             .fields.front());
  const Generation got =
      interpret(image, Limits{}).generation.value_or(Generation{});
  ASSERT_EQ(got.loras.size(), 2u);
  EXPECT_EQ(got.loras[0].model_version_id, std::nullopt);
  EXPECT_EQ(got.loras[1].model_version_id, std::nullopt);
  EXPECT_EQ(extra_of(got, "lora_airs"), R"(["5@6"])");
}

// The loader's own text encoder, which it cuts short, is not the one in use.
TEST(ComfyUi, AClipSkipIsThatOfTheTextEncoderAlone) {
  const Generation got = from_graph(
      R"({"1": {"class_type": "Efficient Loader", "inputs": {
           "ckpt_name": "m.safetensors", "clip_skip": -2}},
          "2": {"class_type": "CLIPLoader", "inputs": {"clip_name": "t5"}},
          "3": {"class_type": "SomebodysPatch", "inputs": {
                "clip": ["2", 0], "model": ["1", 0]}},
          "4": {"class_type": "CLIPTextEncode", "inputs": {
                "text": "a heron", "clip": ["3", 1]}},
          "5": {"class_type": "KSampler", "inputs": {"model": ["3", 0],
                "positive": ["4", 0], "steps": 9, "seed": 7}},
          "6": {"class_type": "SaveImage", "inputs": {"images": ["5", 0]}}})");
  EXPECT_EQ(got.prompt, "a heron");
  EXPECT_EQ(got.model, "m.safetensors");
  EXPECT_EQ(got.clip_skip, std::nullopt);
}

TEST(ComfyUi, NothingIsSaidOfIdsThatNoEditorNoted) {
  const Generation got = from_graph(
      R"({"1": {"class_type": "CivitAI_Checkpoint_Loader", "inputs": {
           "ckpt_air": "1111@2222", "ckpt_name": "none"}},
          "2": {"class_type": "LoraLoader", "inputs": {
           "lora_name": "reeds.safetensors", "strength_model": 1,
           "strength_clip": 1, "model": ["1", 0], "clip": ["1", 1]}},
          "3": {"class_type": "KSampler", "inputs": {"model": ["2", 0],
                "steps": 9, "seed": 7}},
          "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}})");
  ASSERT_EQ(got.loras.size(), 1u);
  ASSERT_EQ(got.extra.size(), 1u);
  EXPECT_EQ(got.extra[0].key, "node_count");
}

// Image MetaHub's saver, and what civitai's API says about an image.
TEST(ComfyUi, AGraphMayStandBesideThePromptInOneObject) {
  for (const std::string key : {"prompt_api", "comfy"}) {
    const Generation got = from_graph(
        R"({"prompt": "a heron", "workflow": {"nodes": [], "links": []}, ")" +
        key + R"(": {"1": {"class_type": "KSampler", "inputs": {
              "steps": 9, "seed": 7, "positive": ["2", 0]}},
            "2": {"class_type": "CLIPTextEncode", "inputs": {
              "text": "a heron"}},
            "3": {"class_type": "SaveImage", "inputs": {
              "images": ["1", 0]}}}})");
    EXPECT_EQ(got.prompt, "a heron") << key;
    EXPECT_EQ(got.steps, 9) << key;
  }
}

TEST(ComfyUi, TokensThatAreNoJsonAreRead) {
  EXPECT_EQ(made("nan_tokens").steps, 21);
}

TEST(ComfyUi, ThePromptMayContainTheWordNaN) {
  EXPECT_EQ(made("nan_tokens").prompt, "NaN bread, Infinity pool");
}

TEST(ComfyUi, IdsMayBeNamesAndPathsAndLinksNumbers) {
  const Generation got = made("odd_ids");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.width, 832);
}

TEST(ComfyUi, CyclesAndDanglingLinksCostNothingElse) {
  EXPECT_EQ(made("cycles").prompt, kPrompt);
}

TEST(ComfyUi, ATextThatIsUsedTwiceIsReadTwice) {
  const Generation got = from_graph(R"({
    "a": {"class_type": "PrimitiveString", "inputs": {"value": "red"}},
    "b": {"class_type": "StringConcatenate",
          "inputs": {"string_a": ["a", 0], "string_b": ["a", 0],
                     "delimiter": "+"}},
    "p": {"class_type": "StringConcatenate",
          "inputs": {"string_a": ["b", 0], "string_b": ["b", 0],
                     "delimiter": " / "}},
    "q": {"class_type": "CLIPTextEncode", "inputs": {"text": ["p", 0]}},
    "n": {"class_type": "CLIPTextEncode", "inputs": {"text": ["b", 0]}},
    "k": {"class_type": "KSampler",
          "inputs": {"positive": ["q", 0], "negative": ["n", 0], "steps": 2}},
    "s": {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}})");
  EXPECT_EQ(got.prompt, "red+red / red+red");
  EXPECT_EQ(got.negative_prompt, "red+red");
}

TEST(ComfyUi, MembersThatAreNoNodesAreSkipped) {
  EXPECT_EQ(made("civitai_onsite").software, "civitai");
}

TEST(ComfyUi, AZeroedConditioningIsAnEmptyNegative) {
  EXPECT_EQ(made("size_audio").negative_prompt, "");
}

TEST(ComfyUi, OutputSlotsOfControlNetsTellTheSidesApart) {
  const Generation got = from_graph(R"({
    "p": {"class_type": "CLIPTextEncode", "inputs": {"text": "plus"}},
    "n": {"class_type": "CLIPTextEncode", "inputs": {"text": "minus"}},
    "c": {"class_type": "ControlNetApplyAdvanced",
          "inputs": {"positive": ["p", 0], "negative": ["n", 0]}},
    "k": {"class_type": "KSampler",
          "inputs": {"positive": ["c", 1], "negative": ["c", 0],
                     "latent_image": ["l", 0], "seed": 1, "steps": 2}},
    "l": {"class_type": "EmptyLatentImage",
          "inputs": {"width": 64, "height": 64}},
    "s": {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}})");
  EXPECT_EQ(got.prompt, "minus");
  EXPECT_EQ(got.negative_prompt, "plus");
}

TEST(ComfyUi, EqualTextsForTwoEncodersAreOnePrompt) {
  const Generation got = from_graph(R"({
    "w": {"class_type": "PrimitiveString", "inputs": {"value": "one"}},
    "p": {"class_type": "CLIPTextEncodeSDXL",
          "inputs": {"text_g": ["w", 0], "text_l": ["w", 0]}},
    "k": {"class_type": "KSampler",
          "inputs": {"positive": ["p", 0], "negative": ["p", 0], "steps": 2}},
    "s": {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}})");
  EXPECT_EQ(got.prompt, "one");
}

TEST(ComfyUi, TheSamplerNearestTheEmptyLatentIsTheBase) {
  const Generation got = made("hires_latent");
  EXPECT_EQ(got.seed, "740291853");
  EXPECT_EQ(got.hires.steps, 9);
}

TEST(ComfyUi, DetailersAreNotTheBaseUnlessAlone) {
  EXPECT_EQ(made("detailers").steps, 21);
  EXPECT_EQ(made("detailer_alone").denoising_strength, 0.45);
}

TEST(ComfyUi, SamplersNobodyListedAreToldByShape) {
  const Generation got = made("all_unknown");
  EXPECT_EQ(got.sampler, "heun");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.negative_prompt, "blurry, low quality");
}

TEST(ComfyUi, LorasThatAreOffOrIdleAreLeftOut) {
  const std::vector<Lora> loras = made("loras").loras;
  ASSERT_FALSE(loras.empty());
  for (const Lora& lora : loras) {
    EXPECT_EQ(lora.name.find("off"), lora.name.npos) << lora.name;
    EXPECT_NE(lora.name, "idle.safetensors");
    EXPECT_NE(lora.name, "None");
  }
}

TEST(ComfyUi, ALoraOnTheTextEncoderAloneIsKept) {
  const Generation got = from_graph(R"({
    "m": {"class_type": "UNETLoader", "inputs": {"unet_name": "m.sft"}},
    "o": {"class_type": "LoraLoader",
          "inputs": {"lora_name": "x.safetensors", "strength_model": 0.0,
                     "strength_clip": 1.0, "model": ["m", 0]}},
    "k": {"class_type": "KSampler",
          "inputs": {"model": ["o", 0], "positive": ["o", 1],
                     "latent_image": ["o", 0], "steps": 2}},
    "s": {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}})");
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].weight, 0.0);
  EXPECT_EQ(got.loras[0].clip_weight, 1.0);
}

TEST(ComfyUi, LoraStrengthsMayComeByLink) {
  EXPECT_EQ(made("numbers").loras.at(1).weight, 0.02);
}

TEST(ComfyUi, AWorkflowAloneIsRead) {
  EXPECT_EQ(made("ui_plain").sampler, "dpmpp_2m");
}

TEST(ComfyUi, MutedAndBypassedNodesOfAWorkflowAreNotUsed) {
  const Generation got = made("ui_resolved");
  EXPECT_TRUE(got.loras.empty());
  EXPECT_EQ(got.steps, 21);
}

TEST(ComfyUi, SubgraphsOfAWorkflowAreOpened) {
  const Generation got = made("ui_subgraph");
  EXPECT_EQ(got.prompt, "the heron, from outside");
  EXPECT_EQ(got.steps, 33);
}

TEST(ComfyUi, GroupNodesOfAWorkflowAreOpened) {
  EXPECT_EQ(made("ui_group_node").prompt, kPrompt);
}

TEST(ComfyUi, ASeedMayBeWiredAndHave64Bits) {
  EXPECT_EQ(made("seed_seed__rgthree_").seed, "18446744073709551615");
}

TEST(ComfyUi, StaleWidgetTextDoesNotOverrideALink) {
  EXPECT_EQ(made("ui_stale_widget").prompt, kPrompt);
}

TEST(ComfyUi, TextInTheEditorsCopyIsNewerThanTheCacheOfTheGraph) {
  EXPECT_EQ(made("ui_fills_shown_text").prompt,
            "a heron, as the model described it");
}

TEST(ComfyUi, AHundredMegabytesOfWorkflowBesideAGraphAreNotParsed) {
  ImageFields image = fields("prompt", R"({"k": {"class_type": "KSampler",
      "inputs": {"steps": 2, "seed": 1, "positive": "p", "negative": "n"}}})");
  RawField workflow;
  workflow.key = "workflow";
  workflow.value = "{\"nodes\": [" + std::string(100u << 20, ' ');
  image.fields.push_back(std::move(workflow));
  const Interpretation got = interpret(image, Limits{});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->steps, 2);
  EXPECT_TRUE(got.warnings.empty());
}

TEST(ComfyUi, AVideosCommentMayHoldGraphsAsStrings) {
  EXPECT_EQ(made("double_encoded").prompt, kPrompt);
}

// --- what other readers get wrong

TEST(PeerBugs, ComfySitesMetadataWithoutResourcesIsNoError) {
  EXPECT_EQ(made("civitai_double").prompt, "the site's text");
}

TEST(PeerBugs, ComfySeedsAreNotRoundedThroughDouble) {
  EXPECT_EQ(from_graph(R"({"k": {"class_type": "KSampler", "inputs":
      {"seed": 11246505945472473613, "steps": 1}}})")
                .seed,
            "11246505945472473613");
}

TEST(PeerBugs, ComfyDetailerPromptDoesNotWin) {
  EXPECT_EQ(made("detailers").prompt, kPrompt);
}

TEST(PeerBugs, ComfyRefinerPromptDoesNotWin) {
  EXPECT_EQ(made("refiner").prompt, kPrompt);
}

TEST(PeerBugs, ComfyConditioningIsFollowedUnderOtherNames) {
  EXPECT_EQ(made("conditioning_chain").prompt, kPrompt);
}

TEST(PeerBugs, ComfyFirstNodeInTheFileIsNotTheSampler) {
  const Generation got = from_graph(R"({
    "d": {"class_type": "FaceDetailer",
          "inputs": {"image": ["k", 0], "steps": 99, "seed": 2, "cfg": 1}},
    "k": {"class_type": "KSampler", "inputs": {"steps": 20, "seed": 7}},
    "s": {"class_type": "SaveImage", "inputs": {"images": ["d", 0]}}})");
  EXPECT_EQ(got.steps, 20);
}

TEST(PeerBugs, ComfyGraphNeedsNoWorkflowBesideIt) {
  EXPECT_EQ(made("flux_dev").guidance, 3.5);
}

TEST(PeerBugs, ComfyOneMissingValueCostsOnlyThatValue) {
  const Generation got = made("opaque_numbers");
  EXPECT_FALSE(got.seed);
  EXPECT_EQ(got.prompt, kPrompt);
}

TEST(PeerBugs, ComfySamplersWithNewNamesAreKept) {
  EXPECT_EQ(made("schedule_ltxvscheduler").sampler, "er_sde");
}

// A node between the schedule and the sampler had a `value` that was taken for
// the seed, the steps and whatever else was asked for.
TEST(ComfyUi, AValueOfANodeOnTheWayIsNoSeed) {
  const Generation got = made("patched_model");
  EXPECT_EQ(got.seed, "740291853");
  EXPECT_EQ(got.cfg_scale, 2.5);
  EXPECT_FALSE(got.steps);
}

TEST(ComfyUi, AFileOfAPatchIsNotTheModel) {
  EXPECT_EQ(made("patched_model").model, "invented/riverXL_v2.safetensors");
}

// The frame rate beside it was taken for the prompt.
TEST(ComfyUi, AnUnknownPromptIsNotReplacedByANumberBesideIt) {
  EXPECT_FALSE(made("ltx_two_stages").prompt);
}

TEST(ComfyUi, SigmasListedByHandAreSteps) {
  const Generation got = made("ltx_two_stages");
  EXPECT_EQ(got.steps, 6);
  EXPECT_EQ(got.hires.steps, 3);
}

TEST(ComfyUi, AChoiceOfALoraHasTheStrengthOfTheNodeItFeeds) {
  const Generation got = made("ltx_two_stages");
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].name, "chosen_elsewhere.safetensors");
  EXPECT_EQ(got.loras[0].weight, 0.5);
}

TEST(ComfyUi, ArithmeticOnKnownNumbersIsCarriedOut) {
  const Generation got = made("arithmetic");
  EXPECT_EQ(got.seed, "18446744073709551615");
  EXPECT_EQ(got.steps, 21);
  for (const Lora& lora : got.loras)
    EXPECT_EQ(std::stod(lora.name.substr(6)), lora.weight) << lora.name;
}

TEST(ComfyUi, ArithmeticInCirclesIsUnknown) {
  const Generation got = from_graph(R"({
    "a": {"class_type": "JWIntegerAdd", "inputs": {"a": ["b", 0], "b": 1}},
    "b": {"class_type": "JWIntegerAdd", "inputs": {"a": ["a", 0], "b": 1}},
    "k": {"class_type": "KSampler", "inputs": {"steps": ["a", 0], "seed": 7}},
    "s": {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}})");
  EXPECT_FALSE(got.steps);
  EXPECT_EQ(got.seed, "7");
}

TEST(ComfyUi, InputsOfDynamicGroupsAreReadByTheirOwnNames) {
  const Generation got = made("late_core");
  ASSERT_EQ(got.loras.size(), 5u);
  EXPECT_EQ(got.loras[2].name, "second.safetensors");
  EXPECT_EQ(got.loras[2].weight, -0.25);
}

TEST(ComfyUi, ASecondConditioningOfDualGuidanceIsNoPrompt) {
  EXPECT_EQ(made("guiders").prompt, kPrompt);
}

TEST(ComfyUi, WildcardsOfADetailerPipeAreNoPrompts) {
  EXPECT_TRUE(made("ui_pipes").prompts.empty());
}

TEST(ComfyUi, WidgetsNobodyListedAreToldByWhatStandsBesideThem) {
  const Generation got = made("ui_unlisted_widgets");
  EXPECT_EQ(got.seed, "740291853");
  EXPECT_EQ(got.steps, 21);
  EXPECT_EQ(got.sampler, "dpmpp_2m");
  EXPECT_EQ(got.scheduler, "karras");
  EXPECT_EQ(got.denoising_strength, 0.6);
  ASSERT_EQ(got.loras.size(), 5u);
  for (const Lora& lora : got.loras) {
    EXPECT_TRUE(lora.weight) << lora.name;
    EXPECT_NE(lora.weight, 1.0) << lora.name;
  }
}

TEST(ComfyUi, WhatASubgraphShowsOnItsFaceIsItsValue) {
  for (const std::string_view name :
       {"ui_shown_by_list", "ui_shown_by_target", "ui_shown_by_inputs"}) {
    const Generation got = made(name);
    EXPECT_EQ(got.prompt, "the heron, on the face") << name;
    EXPECT_EQ(got.width, 640) << name;
  }
  EXPECT_EQ(made("ui_shown_by_list").steps, 9);
  EXPECT_EQ(made("ui_shown_by_list").seed, "740291853");
  EXPECT_EQ(made("ui_shown_by_target").seed, "8");
  EXPECT_EQ(made("ui_shown_by_inputs").seed, "8");
}

TEST(ComfyUi, ValuesOfASubgraphAreInTheOrderOfItsDefinition) {
  const Generation got = made("ui_subgraph_partial");
  EXPECT_EQ(got.prompt, "a heron at dusk");
  EXPECT_EQ(got.seed, "740291853");
  EXPECT_EQ(got.steps, 21);  // wired: what stands on the face is stale
}

TEST(ComfyUi, WordsThatAreNoInfotextLeaveThePromptToTheGraph) {
  const auto beside = [](std::string graph) {
    ImageFields image = fields("prompt", std::move(graph));
    image.fields.push_back(fields("parameters", "for the wall").fields[0]);
    return interpret(image, Limits{});
  };
  const Interpretation got = beside(R"({
      "1": {"class_type": "CLIPTextEncode", "inputs": {"text": "a heron"}},
      "2": {"class_type": "KSampler",
            "inputs": {"positive": ["1", 0], "latent_image": ["9", 0]}},
      "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}}})");
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->software, "comfyui");
  EXPECT_EQ(got.generation->prompt, "a heron");
  EXPECT_EQ(got.generation->extra[1], (KeyValue{"parameters", "for the wall"}));
  EXPECT_TRUE(got.warnings.empty());
  // Where the graph has none, they are the prompt.
  const Interpretation bare = beside(R"({
      "2": {"class_type": "KSampler", "inputs": {"steps": 4}},
      "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}}})");
  ASSERT_TRUE(bare.generation);
  EXPECT_EQ(bare.generation->prompt, "for the wall");
  EXPECT_FALSE(bare.warnings.empty());
}

TEST(ComfyUi, APrimitiveInsideASubgraphHasTheValueOnItsFace) {
  const Interpretation got = interpret(fields("workflow", R"({"nodes": [
        {"id": 9, "type": "SaveImage", "inputs": [{"name": "images", "link": 1}]},
        {"id": 8, "type": "inner", "inputs": [], "outputs": [{"type": "IMAGE"}],
         "properties": {"proxyWidgets": [["3", "value"]]},
         "widgets_values": [33]}],
       "links": [[1, 8, 0, 9, 0, "IMAGE"]],
       "definitions": {"subgraphs": [{"id": "inner", "nodes": [
         {"id": 3, "type": "PrimitiveNode", "outputs": [{"type": "INT"}],
          "widgets_values": [12, "fixed"]},
         {"id": 4, "type": "KSampler", "outputs": [{"type": "LATENT"}],
          "inputs": [{"name": "steps", "link": 2, "widget": {"name": "steps"}}],
          "widgets_values": [5, "fixed", 20, 7, "euler", "normal", 1]}],
        "links": [
         {"id": 2, "origin_id": 3, "origin_slot": 0, "target_id": 4,
          "target_slot": 0},
         {"id": 3, "origin_id": 4, "origin_slot": 0, "target_id": -20,
          "target_slot": 0}],
        "inputs": [], "outputs": [{"name": "IMAGE"}]}]}})"),
                                       Limits{});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->steps, 33);
}

TEST(ComfyUi, ALinkThatLeadsNowhereLeavesTheWidgetItsValue) {
  EXPECT_EQ(made("ui_link_to_muted").prompt, std::string(kPrompt) + " ");
}

TEST(ComfyUi, WhatALanguageModelWasToldIsNoPrompt) {
  EXPECT_EQ(made("llm_nobody_listed").prompt, kPrompt);
}

TEST(ComfyUi, ABoxThatAPictureIsFittedIntoIsNotItsSize) {
  EXPECT_EQ(made("size_fitted").width, std::nullopt);
  EXPECT_EQ(made("size_divisible").width, 1024);
  EXPECT_EQ(made("size_divisible").height, 1072);
}

TEST(ComfyUi, ResampledSigmasHaveTheSchedulerOfTheirList) {
  EXPECT_EQ(made("sigmas_resampled").steps, 9);
  EXPECT_EQ(made("sigmas_resampled").scheduler, "beta");
}

TEST(ComfyUi, PartsByNumberAreJoinedWhateverTheyAreCalled) {
  EXPECT_EQ(made("text_numbered_parts").prompt,
            std::string(kPrompt) + ", reeds");
}

TEST(ComfyUi, ANodeWithASamplersNumbersAndAPromptDoesEverything) {
  const Generation got = made("all_in_one_prompted");
  EXPECT_EQ(got.steps, 50);
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_FALSE(got.negative_prompt);
  EXPECT_EQ(got.model, "models/heron.ckpt");
}

TEST(ComfyUi, TheEditorsFormOfRes4lyfSaysWhatTheExecutedOneSays) {
  const Generation executed = made("res4lyf_loaders");
  const Generation edited = made("ui_res4lyf");
  EXPECT_EQ(executed.model, "heron_i1.safetensors");
  EXPECT_EQ(executed.width, 1536);
  EXPECT_EQ(executed.controlnets.at(0).model, "union_invented.safetensors");
  EXPECT_EQ(edited.model, executed.model);
  EXPECT_EQ(edited.width, executed.width);
  EXPECT_EQ(edited.steps, executed.steps);
  EXPECT_EQ(edited.cfg_scale, executed.cfg_scale);
  EXPECT_EQ(edited.seed, executed.seed);
  EXPECT_EQ(edited.sampler, executed.sampler);
  EXPECT_EQ(edited.scheduler, executed.scheduler);
}

TEST(ComfyUi, ControlNetsAreFoundWhereverTheyAreApplied) {
  const Generation got = made("controlnets_elsewhere");
  ASSERT_EQ(got.controlnets.size(), 4u);
  const auto has = [&](std::string_view model, double weight) {
    return std::any_of(got.controlnets.begin(), got.controlnets.end(),
                       [&](const ControlNet& net) {
                         return net.model == model && net.weight == weight;
                       });
  };
  EXPECT_TRUE(has("fun_union_invented.safetensors", 0.9));
  EXPECT_TRUE(has("fun_union_invented.safetensors", 0.8));
  EXPECT_TRUE(has("union.safetensors", 0.6));
  EXPECT_TRUE(has("instantid.safetensors", 0.7));
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
  EXPECT_EQ(got.prompt, kPrompt);
}

TEST(ComfyUi, PartsOfATextComeByTheirLetter) {
  EXPECT_EQ(made("ui_parts_by_letter").prompt,
            std::string(kPrompt) + ", reeds");
}

TEST(ComfyUi, ALoraBesideAModelIsLoadedWithoutAStrength) {
  const Generation got = made("loader_of_everything");
  EXPECT_EQ(got.model, "heron_14B.safetensors");
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].name, "distilled.safetensors");
}

TEST(ComfyUi, AClaimThatDoesNotParseIsMalformed) {
  const Interpretation got = interpret(
      fields("prompt", "{\"3\": \"class_type\" what is this"), Limits{});
  EXPECT_FALSE(got.generation);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, ErrorCode::kMalformed);
}

TEST(ComfyUi, NetsHaveTheNamesThatTheirNodesGiveThem) {
  const std::vector<ControlNet> nets = made("controlnets_by_file").controlnets;
  ASSERT_EQ(nets.size(), 6u);
  const auto expect = [&](std::string_view model, double weight,
                          std::optional<double> end) {
    const auto found =
        std::find_if(nets.begin(), nets.end(),
                     [&](const ControlNet& net) { return net.model == model; });
    ASSERT_NE(found, nets.end()) << model;
    EXPECT_EQ(found->weight, weight) << model;
    EXPECT_EQ(found->end, end) << model;
  };
  expect("lines_patch.safetensors", 0.9, 0.5);
  expect("pose_lllite.safetensors", 0.8, 1.0);
  expect("blur_lllite.safetensors", 0.7, std::nullopt);
  expect("wan_depth.safetensors", 0.6, 0.4);
  expect("camera.safetensors", 0.5, 0.3);
  expect("invented/cog-hed", 0.4, 0.9);
}

// The schedule of a second pass is cut from the first's, and so is the model
// that it was made for.
TEST(ComfyUi, AGuidersModelGoesBeforeASchedules) {
  const Generation got = made("guiders_and_schedules");
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
  EXPECT_EQ(extra_of(got, "refiner_model"), "invented/refined.safetensors");
}

TEST(ComfyUi, ALatentAsLargeAsAPictureHasItsSize) {
  using Size = std::pair<std::int64_t, std::int64_t>;
  const auto size = [](std::string_view name) {
    const Generation got = made(name);
    return Size(got.width.value_or(0), got.height.value_or(0));
  };
  EXPECT_EQ(size("size_of_picture_half"), Size(960, 540));
  EXPECT_EQ(size("size_of_picture_unlisted"), Size(960, 540));
  EXPECT_EQ(size("size_of_picture_cropped"), Size(832, 1216));
  EXPECT_EQ(size("size_of_picture_crossed"), Size(1080, 1920));
  EXPECT_EQ(size("size_of_picture_info"), Size(1920, 1080));
  // What is not known stays absent.
  for (const std::string_view name :
       {"size_of_picture_odd", "size_of_picture_area", "size_of_picture_fitted",
        "size_of_bucket", "size_of_hidden_numbers"})
    EXPECT_EQ(size(name), Size(0, 0)) << name;
}

TEST(ComfyUi, TextEncodersOfOtherLoadersAreListed) {
  const Generation got = made("text_encoders_elsewhere");
  std::vector<std::string> names;
  for (const KeyValue& pair : got.extra)
    if (pair.key == "text_encoder") names.push_back(pair.value);
  EXPECT_EQ(names,
            (std::vector<std::string>{"clip_l.safetensors", "t5xxl.safetensors",
                                      "umt5.safetensors"}));
}

TEST(ComfyUi, AnUpscalersFilesAreNoModel) {
  for (const std::string_view name :
       {"upscaled_only", "upscaled_by_unknown_tools"}) {
    const Interpretation got = read(name);
    ASSERT_TRUE(got.generation);
    EXPECT_FALSE(got.generation->model) << name;
    EXPECT_FALSE(got.generation->vae) << name;
    EXPECT_TRUE(got.warnings.empty()) << name;
  }
}

TEST(ComfyUi, SwitchesWhoseWidgetsHaveNoNamesTakeTheirBranch) {
  const Generation got = made("ui_unnamed_switches");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.width, 832);
}

TEST(ComfyUi, WhatAGroupNodeShowsOnItsFaceIsItsValue) {
  const Generation whole = made("ui_group_face_whole");
  EXPECT_EQ(whole.prompt, kPrompt);
  EXPECT_EQ(whole.guidance, 3.5);
  // Which of two widgets a single value belongs to is not known.
  EXPECT_EQ(made("ui_group_face_part").guidance, 30.0);
}

TEST(ComfyUi, PartsMadeApartHaveTheirWords) {
  for (const auto& [name, words] :
       {std::pair("joined_videos", "the heron flies away"),
        std::pair("latent_composition", "a boat in the reeds")}) {
    const Generation got = made(name);
    EXPECT_EQ(got.prompt, kPrompt);
    ASSERT_EQ(got.prompts.size(), 1u) << name;
    EXPECT_EQ(got.prompts[0].role, "branch");
    EXPECT_EQ(got.prompts[0].prompt, words);
    EXPECT_FALSE(got.prompts[0].negative_prompt);
  }
}

TEST(ComfyUi, PartsMadeApartHaveTheirModels) {
  EXPECT_EQ(extra_of(made("joined_videos"), "branch_model"),
            "invented/from_image.safetensors");
}

TEST(ComfyUi, WidgetsThatComeWithAChoiceAreNamedByIt) {
  const Generation got = made("ui_widgets_of_a_choice");
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.height, 1216);
}

TEST(ComfyUi, TheModelOfTheNegativeSideIsKept) {
  const Generation got = made("guider_of_two_models");
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
  EXPECT_EQ(extra_of(got, "negative_model"), "invented/uncond.safetensors");
}

TEST(ComfyUi, SettingsAndFilesAreNoPrompts) {
  EXPECT_TRUE(made("detailer_without_words").prompts.empty());
}

// A graph of the usual nodes, and others that stand between them.
nlohmann::json usual_graph(const nlohmann::json& others) {
  nlohmann::json graph = nlohmann::json::parse(R"({
    "4": {"class_type": "CheckpointLoaderSimple",
          "inputs": {"ckpt_name": "river.safetensors"}},
    "5": {"class_type": "EmptyLatentImage",
          "inputs": {"width": 512, "height": 768, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode",
          "inputs": {"text": "a heron", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode",
          "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "3": {"class_type": "KSampler",
          "inputs": {"seed": 1, "steps": 20, "cfg": 8, "sampler_name": "euler",
                     "scheduler": "normal", "denoise": 1, "model": ["4", 0],
                     "positive": ["6", 0], "negative": ["7", 0],
                     "latent_image": ["5", 0]}},
    "8": {"class_type": "VAEDecode",
          "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}}})");
  graph.merge_patch(others);
  return graph;
}

Generation usual_with(const nlohmann::json& others) {
  return from_graph(usual_graph(others).dump());
}

TEST(ComfyUi, UsualNamesMayBeSpeltInOtherWays) {
  const Generation got = from_graph(R"({
    "m": {"class_type": "HeronFiles", "inputs": {"Ckpt_name": "h.ckpt"}},
    "t": {"class_type": "HeronWords",
          "inputs": {"Positive Prompt": "a heron", "Negative Prompt": "mist"}},
    "k": {"class_type": "HeronPaint",
          "inputs": {"Model": ["m", 0], "Positive": ["t", 0],
                     "Negative": ["t", 1], "Seed": 7, "Steps": 21, "Cfg": 5.5,
                     "Sampler Name": "euler", "Scheduler": "karras",
                     "Latent Image": ["l", 0]}},
    "l": {"class_type": "EmptyLatentImage",
          "inputs": {"width": 512, "height": 768}},
    "s": {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}})");
  EXPECT_EQ(got.model, "h.ckpt");
  EXPECT_EQ(got.prompt, "a heron");
  EXPECT_EQ(got.negative_prompt, "mist");
  EXPECT_EQ(got.seed, "7");
  EXPECT_EQ(got.steps, 21);
  EXPECT_EQ(got.cfg_scale, 5.5);
  EXPECT_EQ(got.sampler, "euler");
  EXPECT_EQ(got.scheduler, "karras");
}

TEST(ComfyUi, NodesThatTellOfAPictureGiveItsWidthFirst) {
  for (const auto& [name, width, height] :
       {std::tuple("Image Info", 0, 1), std::tuple("Get Image Info", 0, 1),
        std::tuple("VHS_VideoInfo", 8, 9),
        std::tuple("VHS_VideoInfoLoaded", 3, 4),
        std::tuple("ImpactImageInfo", 2, 1)}) {
    const Generation got = usual_with(
        {{"10",
          {{"class_type", "EmptyImage"},
           {"inputs", {{"width", 640}, {"height", 960}}}}},
         {"11", {{"class_type", name}, {"inputs", {{"image", {"10", 0}}}}}},
         {"5",
          {{"inputs",
            {{"width", {"11", width}}, {"height", {"11", height}}}}}}});
    EXPECT_EQ(got.width, 640) << name;
    EXPECT_EQ(got.height, 960) << name;
  }
}

TEST(ComfyUi, LatentsScaledBeforeTheFirstPassBeganAtTheirSize) {
  for (const char* name : {"MyLatentUpscaler", "LatentResize",
                           "PerlinUpscaleNoise", "RescaleLatentNoise"})
    for (const char* input : {"samples", "latent"}) {
      const Generation got =
          usual_with({{"10",
                       {{"class_type", name},
                        {"inputs", {{"amount", 1.5}, {input, {"5", 0}}}}}},
                      {"3", {{"inputs", {{"latent_image", {"10", 0}}}}}}});
      EXPECT_EQ(got.width, 512) << name;
      EXPECT_EQ(got.height, 768) << name;
    }
}

// Under a name nobody listed. Small numbers are something else.
TEST(ComfyUi, APickerSaysItsSizeInAnyOfItsTexts) {
  const auto size = [](const char* name, const char* text) {
    const Generation got = usual_with(
        {{"5",
          {{"class_type", "HeronSizes"},
           {"inputs",
            {{name, text}, {"width", nullptr}, {"height", nullptr}}}}}});
    return std::pair(got.width.value_or(0), got.height.value_or(0));
  };
  const auto expected = std::pair<std::int64_t, std::int64_t>(832, 1216);
  EXPECT_EQ(size("size_selected", "832 \u00d7 1216 (2:3)"), expected);
  EXPECT_EQ(size("aspectRatio", "5:8 portrait 832x1216"), expected);
  EXPECT_EQ(size("notes", "12, 24"), decltype(expected)(0, 0));
}

TEST(ComfyUi, ASizeInAnotherTextOrBesideOtherSettingsIsNone) {
  using Json = nlohmann::json;
  const auto width_of = [](const Json& latent) {
    return usual_with({{"5", latent}}).width;
  };
  const auto node = [](const char* name, Json inputs) {
    inputs.update({{"width", nullptr}, {"height", nullptr}});
    return Json{{"class_type", name}, {"inputs", std::move(inputs)}};
  };
  constexpr const char* kSize = "832x1216 (2:3)";
  EXPECT_EQ(width_of(node("HeronSizes", {{"pick", kSize}, {"swap", false}})),
            832);
  for (const Json& other :
       {Json{{"multiplier", 2.0}}, Json{{"swap", true}}, Json{{"way", "3:2"}},
        Json{{"custom_width", 640}}, Json{{"factor", {"1", 0}}}}) {
    Json inputs = {{"pick", kSize}};
    inputs.update(other);
    EXPECT_FALSE(width_of(node("HeronSizes", inputs))) << other;
  }
  EXPECT_FALSE(width_of(node("HeronPictures", {{"file", "wall 832x1216"}})));
  EXPECT_FALSE(
      width_of(node("HeronLatents", {{"file", "noise_832x1216.latent"}})));
  EXPECT_FALSE(width_of(node("HeronSizes", {{"of", "walls/832x1216"}})));
}

TEST(ComfyUi, SidesThatNoPictureHasAreNotScaled) {
  constexpr std::int64_t kHuge = 9'000'000'000'000'000'000;
  const Generation resized = usual_with(
      {{"10",
        {{"class_type", "EmptyImage"},
         {"inputs", {{"width", kHuge}, {"height", kHuge}}}}},
       {"11",
        {{"class_type", "ImageResizeX"},
         {"inputs", {{"image", {"10", 0}}, {"scale_by", 100}}}}},
       {"12",
        {{"class_type", "VAEEncode"}, {"inputs", {{"pixels", {"11", 0}}}}}},
       {"3", {{"inputs", {{"latent_image", {"12", 0}}}}}}});
  EXPECT_FALSE(resized.width);
  const Generation prescaled = usual_with(
      {{"5",
        {{"inputs",
          {{"width", kHuge}, {"height", kHuge}, {"prescale_factor", 99.0}}}}}});
  EXPECT_FALSE(prescaled.width);
}

TEST(ComfyUi, ProseIsNoNameOfAFileOrAStyle) {
  constexpr std::string_view kProse = "a lovely heron on a wall";
  for (const char* name : {"My Style Box", "LoadPromptBox", "Prompt Profile"}) {
    const auto read = [&](std::string_view text) {
      return usual_with({{"10",
                          {{"class_type", name},
                           {"inputs", {{"body", text}, {"number", 3}}}}},
                         {"6", {{"inputs", {{"text", {"10", 0}}}}}}})
          .prompt;
    };
    EXPECT_EQ(read(kProse), kProse) << name;
    EXPECT_FALSE(read("cinematic still")) << name;
    EXPECT_FALSE(read("all my old prompts.txt")) << name;
  }
  const auto encoded =
      usual_with({{"6",
                   {{"class_type", "Style Prompt Encoder"},
                    {"inputs", {{"text", nullptr}, {"body", "a heron"}}}}}});
  EXPECT_EQ(encoded.prompt, "a heron");
}

TEST(ComfyUi, AnEncoderNamedForStylesKeepsItsWordsInTheEditor) {
  const auto got = interpret(fields("workflow", R"({"nodes": [
      {"id": 4, "type": "CheckpointLoaderSimple",
       "widgets_values": ["river.safetensors"]},
      {"id": 6, "type": "Style Prompt Encoder",
       "inputs": [{"name": "clip", "type": "CLIP", "link": 1}],
       "widgets_values": ["a heron"]},
      {"id": 10, "type": "Style Prompt Box",
       "widgets_values": ["fog on a quiet river"]},
      {"id": 7, "type": "CLIPTextEncode",
       "inputs": [{"name": "clip", "type": "CLIP", "link": 2},
                  {"name": "text", "type": "STRING", "link": 6,
                   "widget": {"name": "text"}}],
       "widgets_values": [""]},
      {"id": 3, "type": "KSampler",
       "inputs": [{"name": "model", "type": "MODEL", "link": 3},
                  {"name": "positive", "type": "CONDITIONING", "link": 4},
                  {"name": "negative", "type": "CONDITIONING", "link": 5}],
       "widgets_values": [1, "fixed", 20, 8, "euler", "normal", 1]}],
      "links": [[1, 4, 1, 6, 0, "CLIP"], [2, 4, 1, 7, 0, "CLIP"],
                [3, 4, 0, 3, 0, "MODEL"], [4, 6, 0, 3, 1, "CONDITIONING"],
                [5, 7, 0, 3, 2, "CONDITIONING"], [6, 10, 0, 7, 1, "STRING"]],
      "version": 0.4})"),
                             Limits{});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, "a heron");
  EXPECT_EQ(got.generation->negative_prompt, "fog on a quiet river");
}

TEST(ComfyUi, APromptOfSeveralLinesIsDrawnByLotWhereTheClassSaysSo) {
  constexpr std::string_view kLines = "a heron,\na quiet river";
  const auto read = [&](std::string_view name) {
    return usual_with({{"10",
                        {{"class_type", name},
                         {"inputs", {{"text", kLines}, {"seed", 3}}}}},
                       {"6", {{"inputs", {{"text", {"10", 0}}}}}}})
        .prompt;
  };
  for (const std::string_view name :
       {"Random Prompt Box", "RandomSeedAndPrompt", "ShuffleTokens"})
    EXPECT_EQ(read(name), kLines) << name;
  for (const std::string_view name :
       {"Pick Random Line", "ShuffleLines", "RandomTextChoice"})
    EXPECT_FALSE(read(name)) << name;
}

TEST(ComfyUi, ACheckpointIsTheModelThoughAVaeIsLoadedBesideIt) {
  const auto model = [](std::string_view name, std::string_view input) {
    return from_graph(nlohmann::json{{"1",
                                      {{"class_type", name},
                                       {"inputs",
                                        {{input, "river.safetensors"},
                                         {"prompt", "a heron"}}}}}}
                          .dump())
        .model;
  };
  EXPECT_EQ(model("CheckpointWithVaeBox", "ckpt_name"), "river.safetensors");
  EXPECT_EQ(model("UnetVaeControlNetBox", "unet_name"), "river.safetensors");
  EXPECT_FALSE(model("SomebodysVaeBox", "model_name"));
  EXPECT_FALSE(model("SomebodysPreprocessor", "ckpt_name"));
}

}  // namespace
}  // namespace sdmeta
