// Habits of the JSON writers, one test each; whole records are in the goldens.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "parsers/interpret.h"
#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

Interpretation read(std::string key, std::string value,
                    Carrier carrier = Carrier::kPngText) {
  return interpret(fields(std::move(key), std::move(value), carrier), Limits{});
}

Generation generation_of(std::string key, std::string value,
                         Carrier carrier = Carrier::kPngText) {
  return read(std::move(key), std::move(value), carrier)
      .generation.value_or(Generation{});
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Generation generation_of(const Pairs& chunks) {
  ImageFields image;
  image.container = Container::kPng;
  for (const auto& [key, value] : chunks)
    image.fields.push_back({Carrier::kPngText, Encoding::kUtf8, key, value});
  return interpret(image, Limits{}).generation.value_or(Generation{});
}

std::string swarm(const std::string& params) {
  return R"({"sui_image_params": {"prompt": "a", )" + params + "}}";
}

// --- seeds

TEST(Seeds, AreExactToTheLastDigitWhateverTheirForm) {
  const auto seed = [](const std::string& json) {
    return generation_of("parameters", swarm("\"seed\": " + json)).seed;
  };
  EXPECT_EQ(seed("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(seed("9007199254740993"), "9007199254740993");
  EXPECT_EQ(seed("-1"), "-1");
  EXPECT_EQ(seed("\"123\""), "123");
  EXPECT_EQ(seed("1.5e9"), "1500000000");
  EXPECT_EQ(seed("18446744073709551616"), "18446744073709551616");
  EXPECT_EQ(seed("null"), std::nullopt);
  EXPECT_EQ(seed("0"), "0");
}

// --- one bad field costs only that field

TEST(JsonWriters, OneBadNumberCostsOnlyItsField) {
  const Interpretation got = read(
      "parameters",
      swarm(R"("steps": "many", "cfgscale": NaN, "width": 512, "seed": 7)"));
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->steps, std::nullopt);
  EXPECT_EQ(got.generation->cfg_scale, std::nullopt);
  EXPECT_EQ(got.generation->width, 512);
  EXPECT_EQ(got.generation->seed, "7");
  ASSERT_EQ(got.generation->extra.size(), 1u);
  EXPECT_EQ(got.generation->extra[0], (KeyValue{"steps", "many"}));
}

// AI Runner writes percent.
TEST(JsonWriters, StrengthsBeyondOneAreNoStrengths) {
  for (const std::string strength : {"75", "1.01", "-1", "NaN"}) {
    const Generation got = generation_of(
        "parameters", swarm("\"initimagecreativity\": \"" + strength + "\""));
    EXPECT_EQ(got.denoising_strength, std::nullopt) << strength;
    ASSERT_EQ(got.extra.size(), 1u) << strength;
    EXPECT_EQ(got.extra[0], (KeyValue{"initimagecreativity", strength}));
  }
  for (const std::string strength : {"0", "0.6", "1"})
    EXPECT_TRUE(generation_of("parameters",
                              swarm("\"initimagecreativity\": " + strength))
                    .denoising_strength)
        << strength;
}

TEST(JsonWriters, SizesOfZeroAreAbsent) {
  const Generation got =
      generation_of("parameters", swarm(R"("width": 0, "height": 0)"));
  EXPECT_EQ(got.width, std::nullopt);
  EXPECT_EQ(got.height, std::nullopt);
}

TEST(JsonWriters, PlaceholdersAreAbsent) {
  const Generation got = generation_of(
      "parameters", swarm(R"("model": "None", "vae": "unknown", "sampler": "")"));
  EXPECT_EQ(got.model, std::nullopt);
  EXPECT_EQ(got.vae, std::nullopt);
  EXPECT_EQ(got.sampler, std::nullopt);
}

TEST(JsonWriters, AnEmptyNegativePromptIsNotAnAbsentOne) {
  EXPECT_EQ(generation_of("parameters", swarm(R"("negativeprompt": "")"))
                .negative_prompt,
            "");
  EXPECT_EQ(
      generation_of("parameters", swarm(R"("steps": 1)")).negative_prompt,
      std::nullopt);
}

TEST(JsonWriters, UnknownMembersAreKeptInTheWritersOrder) {
  const Generation got = generation_of(
      "parameters", swarm(R"("zebra": [1, {"a": null}], "apple": 2.50)"));
  ASSERT_EQ(got.extra.size(), 2u);
  EXPECT_EQ(got.extra[0], (KeyValue{"zebra", R"([1,{"a":null}])"}));
  EXPECT_EQ(got.extra[1], (KeyValue{"apple", "2.5"}));
}

TEST(JsonWriters, ObjectWrittenAsAJsonStringIsUnwrapped) {
  EXPECT_EQ(generation_of("parameters",
                          R"("{\"sui_image_params\": {\"prompt\": \"a\"}}")")
                .software,
            "swarmui");
}

TEST(JsonWriters, PromptsHaveLfLineEnds) {
  EXPECT_EQ(
      generation_of("parameters-json", R"({"PositivePrompt": "a\r\nb\rc"})")
          .prompt,
      "a\nb\nc");
}

TEST(JsonWriters, TheFirstOfTwoParametersChunksWins) {
  ImageFields image = fields("parameters", swarm(R"("seed": 1)"));
  image.fields.push_back(
      fields("parameters", swarm(R"("seed": 2)")).fields.front());
  const Interpretation got = interpret(image, Limits{});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->seed, "1");
}

// --- SwarmUI

TEST(SwarmUi, NumbersMayBeStringsAndListsCommaJoined) {
  const Generation got = generation_of(
      "parameters",
      swarm(R"("steps": "20", "cfgscale": "7.5", "width": "512",
               "loras": "ink, clay", "loraweights": "0.8,-0.5")"));
  EXPECT_EQ(got.steps, 20);
  EXPECT_EQ(got.cfg_scale, 7.5);
  EXPECT_EQ(got.width, 512);
  ASSERT_EQ(got.loras.size(), 2u);
  EXPECT_EQ(got.loras[1], (Lora{"clay", -0.5, {}, {}, {}}));
}

TEST(SwarmUi, TextEncodersMayHaveWeightsOfTheirOwn) {
  const Generation got = generation_of(
      "parameters",
      swarm(R"("loras": ["ink", "clay"], "loraweights": ["0.8", "0.5"],
               "loratencweights": ["0.2", "0.5"])"));
  ASSERT_EQ(got.loras.size(), 2u);
  EXPECT_EQ(got.loras[0], (Lora{"ink", 0.8, 0.2, {}, {}}));
  EXPECT_EQ(got.loras[1], (Lora{"clay", 0.5, {}, {}, {}}));
  EXPECT_TRUE(got.extra.empty());
}

TEST(SwarmUi, ControlNetsAreToldByTheirInfix) {
  const Generation got = generation_of(
      "parameters",
      swarm(R"("controlnetmodel": "canny", "controlnetstrength": 0.6,
               "controlnetpreprocessor": "Canny", "controlnetstart": 0.1,
               "controlnettwomodel": "None", "controlnettwostrength": 1,
               "controlnetthreemodel": "depth", "controlnetthreeend": "0.9")"));
  ASSERT_EQ(got.controlnets.size(), 2u);
  EXPECT_EQ(got.controlnets[0], (ControlNet{"canny", "Canny", 0.6, 0.1, {}}));
  EXPECT_EQ(got.controlnets[1], (ControlNet{"depth", {}, {}, {}, 0.9}));
}

TEST(SwarmUi, TheSizeMayBeOneText) {
  const Generation got =
      generation_of("parameters", swarm(R"("rawresolution": "832x1216")"));
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.height, 1216);
}

TEST(SwarmUi, ClipSkipCountsFromTheEnd) {
  EXPECT_EQ(
      generation_of("parameters", swarm(R"("clipstopatlayer": -2)")).clip_skip,
      2);
}

TEST(SwarmUi, ParamsThatAreNoObjectAreMalformed) {
  const Interpretation got =
      read("parameters", R"({"sui_image_params": "none"})");
  EXPECT_FALSE(got.generation);
  ASSERT_TRUE(got.error);
  EXPECT_EQ(got.error->code, ErrorCode::kMalformed);
}

// --- Fooocus

TEST(Fooocus, PythonTupleAndSeedStringAreRead) {
  const Generation got = generation_of(
      "parameters",
      R"json({"prompt": "a", "base_model": "m", "styles": "['Fooocus V2']",
              "resolution": "(768, 1280)", "seed": "6952411511246973023"})json");
  EXPECT_EQ(got.width, 768);
  EXPECT_EQ(got.height, 1280);
  EXPECT_EQ(got.seed, "6952411511246973023");
}

// SimpAI, where the model has no styles.
TEST(Fooocus, ItsSchemeNeedsNoStyles) {
  const Generation got = generation_of(
      "UserComment",
      R"json({"Prompt": "a", "Base Model": "m", "Resolution": "(832, 1216)",
              "Metadata Scheme": "simple", "Version": "SimpAI 1",
              "Seed": "7"})json",
      Carrier::kExifIfd);
  EXPECT_EQ(got.software, "fooocus");
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.model, "m");
}

TEST(Fooocus, ThePromptIsTheOneThatWasTyped) {
  const Generation got = generation_of(
      "parameters",
      R"({"prompt": "a", "full_prompt": ["a, masterpiece"], "base_model": "m",
          "negative_prompt": "", "full_negative_prompt": ["ugly"]})");
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.negative_prompt, "");
}

// --- RuinedFooocus

std::vector<Lora> ruined_loras(const std::string& json) {
  return generation_of("parameters", R"({"Prompt": "a", "loras": )" + json +
                                         R"(, "software": "RuinedFooocus"})")
      .loras;
}

TEST(RuinedFooocus, AllThreeShapesOfLorasAreRead) {
  const std::vector<Lora> plain = {{"ink.safetensors", 0.5, {}, {}, {}}};
  const std::vector<Lora> hashed = {{"ink.safetensors", 0.5, {}, "AB12", {}}};
  EXPECT_EQ(ruined_loras(R"("Loras:<ink.safetensors:0.5>,<None:0.5>")"), plain);
  EXPECT_EQ(ruined_loras(R"("<ink.safetensors:0.5>")"), plain);
  EXPECT_EQ(ruined_loras(R"([["AB12", "0.5 - ink.safetensors"]])"), hashed);
  EXPECT_EQ(ruined_loras(
                R"([{"name": "ink.safetensors", "weight": 0.5, "hash": "AB12"}])"),
            hashed);
}

TEST(RuinedFooocus, LoraNamesMayHoldDashesColonsAndBackslashes) {
  EXPECT_EQ(ruined_loras(R"([["AB12", "-1 - a\\b - c.safetensors"]])").at(0).name,
            "a\\b - c.safetensors");
  EXPECT_EQ(ruined_loras(R"("<a: b.safetensors:1>")").at(0).name,
            "a: b.safetensors");
}

// --- NovelAI

TEST(NovelAi, CharacterPromptsAreParts) {
  const Generation got = generation_of(
      "Comment",
      R"({"v4_prompt": {"caption": {"base_caption": "two", "char_captions":
          [{"char_caption": "girl"}, {"char_caption": "boy"}]}},
          "v4_negative_prompt": {"caption": {"base_caption": "bad",
          "char_captions": [{"char_caption": "hat"}]}}})");
  EXPECT_EQ(got.prompt, "two");
  EXPECT_EQ(got.negative_prompt, "bad");
  ASSERT_EQ(got.prompts.size(), 2u);
  EXPECT_EQ(got.prompts[0], (PromptPart{"character", "girl", "hat"}));
  EXPECT_EQ(got.prompts[1], (PromptPart{"character", "boy", {}}));
}

TEST(NovelAi, FourNulsBeforeTheDescriptionAreNotPrompt) {
  const Generation got = generation_of(
      "UserComment",
      R"({"Description": "\u0000\u0000\u0000\u0000a bell", "Software": "NovelAI",
          "Comment": "{\"steps\": 23, \"uc\": \"\"}"})",
      Carrier::kExifIfd);
  EXPECT_EQ(got.prompt, "a bell");
  EXPECT_EQ(got.steps, 23);
}

TEST(NovelAi, DescriptionAloneIsEnough) {
  ImageFields image = fields("Software", "NovelAI");
  image.fields.push_back(fields("Description", "a cat").fields.front());
  const Interpretation got = interpret(image, Limits{});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, "a cat");
}

// --- InvokeAI

TEST(InvokeAi, NullModelIsAbsent) {
  const Generation got =
      generation_of("invokeai_metadata",
                    R"({"positive_prompt": "a", "model": null, "vae": null})");
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.model, std::nullopt);
  EXPECT_EQ(got.vae, std::nullopt);
}

TEST(InvokeAi, BracketsAreTheNegativePromptOfOldVersions) {
  const Generation got =
      generation_of("Dream", R"("a barn [dark] at noon" -s 50 -S 7)");
  EXPECT_EQ(got.prompt, "a barn at noon");
  EXPECT_EQ(got.negative_prompt, "dark");
}

// lstein's PromptFormatter leaves no blank behind any letter.
TEST(InvokeAi, OptionsOfADreamMayBeJoined) {
  const Generation got = generation_of(
      "Dream", R"("an astronaut" -s50 -W512 -H640 -C7.5 -Ak_euler_a -S42)");
  EXPECT_EQ(got.sampler, "k_euler_a");
  EXPECT_EQ(got.steps, 50);
  EXPECT_EQ(got.height, 640);
  EXPECT_EQ(got.seed, "42");
}

TEST(InvokeAi, OldVersionsEnlargedPicturesInASecondStep) {
  const Generation got = generation_of(
      "sd-metadata",
      R"({"image": {"prompt": "a", "postprocessing": [{"type": "gfpgan",
          "strength": 0.8}, {"type": "esrgan", "scale": 2, "strength": 0.7}]}})");
  EXPECT_EQ(got.upscalers, (std::vector<Upscaler>{{"esrgan", 2.0}}));
  ASSERT_EQ(got.extra.size(), 1u);
  EXPECT_EQ(got.extra[0].key, "postprocessing");
}

TEST(InvokeAi, BracketThatNothingClosesIsText) {
  const Generation got = generation_of("Dream", R"("a [barn" -s 50)");
  EXPECT_EQ(got.prompt, "a [barn");
  EXPECT_EQ(got.negative_prompt, std::nullopt);
}

TEST(InvokeAi, QuotesInADreamPromptAreUnescaped) {
  const Generation got = generation_of("Dream", R"("say \"hi\" -s 3" -s 50)");
  EXPECT_EQ(got.prompt, "say \"hi\" -s 3");
  EXPECT_EQ(got.steps, 50);
}

TEST(InvokeAi, QuoteInADreamPromptNeedNotBeEscaped) {
  const Generation got =
      generation_of("Dream", R"("a "red" barn [dark]" -s 50 -S 7 -A k_lms)");
  EXPECT_EQ(got.prompt, "a \"red\" barn");
  EXPECT_EQ(got.negative_prompt, "dark");
  EXPECT_EQ(got.steps, 50);
  EXPECT_EQ(got.sampler, "k_lms");
}

// The first version, dream.py of lstein/stable-diffusion: of a grid, too.
TEST(InvokeAi, DreamMayJoinLettersAndValuesAndSaySeedsBehind) {
  const Generation got = generation_of(
      "Dream",
      R"("a barn" -s50 -b1 -W512 -H704 -C7.5 -mk_lms -g -S42 )"
      "(seeds for individual images: [42, 43])");
  EXPECT_EQ(got.steps, 50);
  EXPECT_EQ(got.sampler, "k_lms");
  EXPECT_EQ(got.seed, "42");
  EXPECT_EQ(got.extra.back(),
            (KeyValue{"seeds", "(seeds for individual images: [42, 43])"}));
}

// 2.2 writes no quotes at all.
TEST(InvokeAi, DreamPromptWithoutQuotesEndsBeforeTheSteps) {
  const Generation got = generation_of(
      "Dream", "a half -size barn [dark] -s 50 -S 7 -W 512 -H 704 -f 0.6");
  EXPECT_EQ(got.software, "invokeai");
  EXPECT_EQ(got.prompt, "a half -size barn");
  EXPECT_EQ(got.negative_prompt, "dark");
  EXPECT_EQ(got.steps, 50);
  EXPECT_EQ(got.seed, "7");
  EXPECT_EQ(got.height, 704);
  EXPECT_EQ(got.denoising_strength, 0.6);
}

TEST(InvokeAi, DreamWithoutOptionsIsNotClaimed) {
  EXPECT_FALSE(read("Dream", "a barn -s x").generation);
  EXPECT_FALSE(read("Dream", "a barn -s ").generation);
  EXPECT_FALSE(read("Dream", "\"a barn\"").generation);
}

// 2.2: the model has another key, the strength too, and a grid has `images`.
TEST(InvokeAi, WhatIsBrokenIsNamed) {
  for (const char* key :
       {"invokeai_metadata", "sd-metadata", "invokeai_graph"}) {
    const Interpretation got = read(key, "{no JSON");
    ASSERT_TRUE(got.error) << key;
    EXPECT_EQ(got.error->detail, std::string(key) + ": is no JSON object");
  }
}

TEST(InvokeAi, GridsOfOldVersionsAreReadByTheirFirstImage) {
  const Generation got = generation_of(
      "sd-metadata",
      R"({"model": "stable diffusion", "model_id": "barn-1.4", "images": [)"
      R"({"prompt": [{"prompt": "a barn", "weight": 1.0}], "steps": 50,)"
      R"( "seed": 7, "sampler": "k_lms", "strength_steps": 0.6}, {"seed": 8}]})");
  EXPECT_EQ(got.prompt, "a barn");
  EXPECT_EQ(got.model, "barn-1.4");
  EXPECT_EQ(got.seed, "7");
  EXPECT_EQ(got.steps, 50);
  EXPECT_EQ(got.denoising_strength, 0.6);
}

TEST(InvokeAi, RegionsAreParts) {
  const std::string canvas =
      R"("canvas_v2_metadata": {"regionalGuidance": [)"
      R"({"positivePrompt": "a cat", "negativePrompt": null},)"
      R"({"positivePrompt": null, "negativePrompt": "fog"},)"
      R"({"positivePrompt": null, "negativePrompt": null}]})";
  const auto parts = [](const std::string& rest) {
    return generation_of("invokeai_metadata",
                         R"({"positive_prompt": "a", )" + rest + "}")
        .prompts;
  };
  const PromptPart cat{"region", "a cat", {}};
  const PromptPart fog{"region", {}, "fog"};
  EXPECT_EQ(parts(canvas), (std::vector<PromptPart>{cat, fog}));
  EXPECT_EQ(parts(canvas + R"(, "regions": [{"positivePrompt": "a cat"}])"),
            std::vector<PromptPart>{cat});
}

TEST(InvokeAi, AdaptersAreControlNetsAndKeepTheirSettings) {
  const Generation got = generation_of(
      "invokeai_metadata",
      R"({"positive_prompt": "a", "controlnets": [{"control_model":)"
      R"( {"name": "canny"}, "control_weight": 0.8, "control_mode": "more"}],)"
      R"( "t2iAdapters": [{"t2i_adapter_model": {"name": "sketch"},)"
      R"( "weight": 0.6, "begin_step_percent": 0, "end_step_percent": 0.5}]})");
  ASSERT_EQ(got.controlnets.size(), 2u);
  EXPECT_EQ(got.controlnets[0].model, "canny");
  EXPECT_EQ(got.controlnets[0].weight, 0.8);
  EXPECT_EQ(got.controlnets[1].model, "sketch");
  EXPECT_EQ(got.controlnets[1].weight, 0.6);
  EXPECT_EQ(got.controlnets[1].end, 0.5);
  ASSERT_EQ(got.extra.size(), 2u);
  EXPECT_NE(got.extra[1].value.find("\"more\""), std::string::npos);
}

// --- Easy Diffusion

TEST(InvokeAi, AHighResolutionFixIsTheHiresPass) {
  const Generation got = generation_of(
      "invokeai_metadata",
      R"({"positive_prompt": "a", "seed": 7, "steps": 9, "width": 512,
          "hrf_enabled": true, "hrf_method": "ESRGAN", "hrf_strength": 0.45,
          "upscale_model": {"name": "4x-Invented"}, "upscale_scale": 2})");
  EXPECT_EQ(got.hires.upscaler, "ESRGAN");
  EXPECT_EQ(got.hires.denoising_strength, 0.45);
  ASSERT_EQ(got.upscalers.size(), 1u);
  EXPECT_EQ(got.upscalers[0].name, "4x-Invented");
  EXPECT_EQ(got.upscalers[0].scale, 2.0);
}

// get_printable_request in easydiffusion/utils/save_utils.py.
TEST(EasyDiffusion, EmbeddingsMayBePathsThatWereFoundInThePrompt) {
  ImageFields image = fields("prompt", "a mill, sharp");
  for (const auto& [key, value] :
       {std::pair("use_stable_diffusion_model", "m"),
        std::pair("use_embedding_models",
                  R"(['C:\\ed\\sharp.pt', '/ed/embeddings/soft.pt'])")})
    image.fields.push_back(fields(key, value).fields.front());
  const Interpretation got = interpret(image, Limits{});
  ASSERT_TRUE(got.generation);
  ASSERT_EQ(got.generation->embeddings.size(), 2u);
  EXPECT_EQ(got.generation->embeddings[0].name, R"(C:\ed\sharp.pt)");
  EXPECT_EQ(got.generation->embeddings[1].name, "/ed/embeddings/soft.pt");
  EXPECT_TRUE(got.generation->extra.empty());
}

TEST(EasyDiffusion, LabelsAreReadLikeKeys) {
  ImageFields image = fields("Prompt", "a mill");
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{
           {"Negative Prompt", "rain"},
           {"Stable Diffusion model", "m"},
           {"Steps", "20"},
           {"Clip Skip", "True"},
           {"LoRA model", "a, b"},
           {"LoRA Strength", "0.5, 1"}})
    image.fields.push_back(fields(key, value).fields.front());
  const Interpretation got = interpret(image, Limits{});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->software, "easy-diffusion");
  EXPECT_EQ(got.generation->negative_prompt, "rain");
  EXPECT_EQ(got.generation->clip_skip, 2);
  ASSERT_EQ(got.generation->loras.size(), 2u);
  EXPECT_EQ(got.generation->loras[1], (Lora{"b", 1.0, {}, {}, {}}));
}

// --- TensorArt

TEST(TensorArt, ItsKeyWithNamesOfPythonIsSomebodyElses) {
  EXPECT_EQ(generation_of("generation_data",
                          R"({"prompt": "a", "negative_prompt": "", "steps": 9,
                              "guidance_scale": 1.5, "seed": 7})")
                .software,
            "unknown-json");
}

TEST(TensorArt, TrailingNulAndUnknownSeedAreNotKept) {
  const Generation got = generation_of(
      "generation_data",
      std::string(R"({"prompt": "a", "seed": "-1", "steps": 3})") + '\0');
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.seed, std::nullopt);
}

// --- texts made to hurt: quadratic work on them would take minutes

// `open`, 60 000 times `item`, its number and `end`, joined by commas, `close`.
std::string repeated(const std::string& open, const std::string& item,
                     const std::string& end, const std::string& close) {
  std::string text = open;
  for (int i = 0; i < 60'000; ++i) {
    if (i > 0) text += ',';
    text += item;
    text += std::to_string(i);
    text += end;
  }
  return text + close;
}

TEST(Hostile, ManyLorasOfSwarmAreLinear) {
  std::string text = R"({"sui_image_params": {"prompt": "a", "loras": )";
  text += repeated("[", "\"lora", "\"", "]");
  text += R"(}, "sui_models": )";
  text += repeated("[", R"({"param":"loras","hash":"0x1","name":"lora)",
                   R"("})", "]}");
  const Generation got = generation_of("parameters", text);
  EXPECT_EQ(got.software, "swarmui");
  EXPECT_GE(got.loras.size(), 60'000u);
}

TEST(Hostile, ManyMembersOfFooocusAreLinear) {
  const Generation got = generation_of(
      "parameters", repeated(R"({"prompt":"a","base_model":"b","styles":"",)",
                             R"("lora_combined_1":"a : )", "\"", "}"));
  EXPECT_EQ(got.software, "fooocus");
}

TEST(Hostile, ManyMembersOfStabilityMatrixAreLinear) {
  const Generation got = generation_of(
      "parameters-json", repeated(R"({"PositivePrompt":"a",)",
                                  R"("key":"value)", "\"", "}"));
  EXPECT_EQ(got.extra.size(), 60'000u);
}

TEST(SwarmUi, EmbeddingsAreListedApartWhereHashesAreSwitchedOff) {
  const std::string text =
      R"({"sui_image_params": {"prompt": "a"}, "sui_extra_data":
          {"used_embeddings": ["bad.safetensors", "sub/neg.safetensors"]})";
  EXPECT_EQ(generation_of("parameters", text + "}").embeddings,
            (std::vector<Embedding>{{"bad.safetensors", {}},
                                    {"sub/neg.safetensors", {}}}));
  EXPECT_EQ(generation_of("parameters",
                          text + R"(, "sui_models": [{"name": "bad.safetensors",
                                 "param": "used_embeddings", "hash": "0x1"}]})")
                .embeddings,
            (std::vector<Embedding>{{"bad.safetensors", "0x1"}}));
}

TEST(InvokeAi, PromptsMayNameLoras) {
  const Generation got = generation_of(
      "sd-metadata",
      R"({"image": {"steps": 5, "prompt": [{"weight": 1, "prompt":
          "a cat withLora(ink,0.7) withLora( oil ) [dog withLora(x]"}]}})");
  EXPECT_EQ(got.prompt, "a cat withLora(ink,0.7) withLora( oil )");
  EXPECT_EQ(got.loras, (std::vector<Lora>{{"ink", 0.7, {}, {}, {}},
                                          {"oil", 1.0, {}, {}, {}}}));
}

// d <- c <- c ..., strings that are joined with themselves, LoRAs in a ring.
TEST(Hostile, GraphsOfInvokeAiWithCyclesAreRead) {
  const auto edge = [](const std::string& from, const std::string& to,
                       const std::string& input) {
    return R"({"source": {"node_id": ")" + from +
           R"(", "field": "value"}, "destination": {"node_id": ")" + to +
           R"(", "field": ")" + input + "\"}}";
  };
  const Generation got = generation_of(
      "invokeai_graph",
      R"({"nodes": {"d": {"steps": 5, "scheduler": "euler"},
          "e": {"prompt": ""}, "s": {"string_left": "a"}, "l": {}}, "edges": [)" +
          edge("e", "d", "positive_conditioning") + ',' +
          edge("s", "e", "prompt") + ',' + edge("s", "s", "string_left") +
          ',' + edge("s", "s", "string_right") + ',' + edge("l", "d", "unet") +
          ',' + edge("l", "l", "unet") + ',' + edge("c", "d", "seed") + ',' +
          edge("c", "c", "value") + "]}");
  EXPECT_EQ(got.software, "invokeai");
  EXPECT_EQ(got.steps, 5);
  EXPECT_EQ(got.seed, std::nullopt);  // found out when the graph ran
}

TEST(InvokeAi, APromptThatTheGraphMadeIsNotInvented) {
  const Generation got = generation_of(
      "invokeai_graph",
      R"({"nodes": {"d": {"steps": 5}, "e": {"prompt": ""}, "x": {}}, "edges": [
          {"source": {"node_id": "e", "field": "conditioning"},
           "destination": {"node_id": "d", "field": "positive_conditioning"}},
          {"source": {"node_id": "x", "field": "item"},
           "destination": {"node_id": "e", "field": "prompt"}}]})");
  EXPECT_EQ(got.steps, 5);
  EXPECT_EQ(got.prompt, std::nullopt);
}

TEST(InvokeAi, AGraphWithoutParametersIsMalformed) {
  for (const char* graph :
       {"{}", R"({"nodes": {"u": {"type": "esrgan"}}, "edges": []})"}) {
    const Interpretation got = read("invokeai_graph", graph);
    EXPECT_FALSE(got.generation) << graph;
    ASSERT_TRUE(got.error) << graph;
    EXPECT_EQ(got.error->code, ErrorCode::kMalformed) << graph;
  }
}

std::string invoke_edge(const std::string& from, const std::string& to,
                        const std::string& input) {
  return R"(,{"source": {"node_id": ")" + from +
         R"(", "field": "x"}, "destination": {"node_id": ")" + to +
         R"(", "field": ")" + input + "\"}}";
}

// Each loader once had all of the list, and each edge was a LoRA.
TEST(Hostile, AListThatManyLoadersShareIsReadOnce) {
  std::string nodes = R"("d": {"steps": 5}, "p": {"prompt": "a"})"
                      R"(, "l": {"lora": {"name": "ink"}, "weight": 0.5})";
  std::string edges;
  std::string above = "d";
  for (int i = 0; i < 100; ++i) {
    std::string loader = "c";
    loader += std::to_string(i);
    nodes += R"(, ")" + loader + R"(": {})";
    edges += invoke_edge(loader, above, "unet") +
             invoke_edge("list", loader, "loras") +
             invoke_edge("l", "list", "item");
    above = loader;
  }
  const Generation got = generation_of(
      "invokeai_graph", "{\"nodes\": {" + nodes + "}, \"edges\": [null" +
                            invoke_edge("p", "d", "positive_conditioning") +
                            edges + "]}");
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.loras, (std::vector<Lora>{{"ink", 0.5, {}, {}, {}}}));
}

TEST(Hostile, NodesThatShareALongNameOfALoraCopyItOnce) {
  std::string nodes = R"("d": {"steps": 5}, "c": {}, "l": {"lora": ")" +
                      std::string(2u << 20, 'x') + "\"}";
  std::string edges = invoke_edge("p", "d", "positive_conditioning") +
                      invoke_edge("c", "d", "unet") +
                      invoke_edge("list", "c", "loras");
  for (int i = 0; i < 50; ++i) {
    std::string item = "i";
    item += std::to_string(i);
    edges += invoke_edge(item, "list", "item") + R"(,{"source": {"node_id": "l",
        "field": "lora"}, "destination": {"node_id": ")" +
             item + R"(", "field": "lora"}})";
  }
  EXPECT_EQ(
      generation_of("invokeai_graph", "{\"nodes\": {" + nodes +
                                          "}, \"edges\": [null" + edges + "]}")
          .loras.size(),
      1u);
}

TEST(InvokeAi, ControlNetsMayBeLayersOfTheCanvas) {
  const Generation got = generation_of(
      "invokeai_metadata",
      R"({"positive_prompt": "a", "canvas_v2_metadata": {"controlLayers": [
          {"isEnabled": true, "controlAdapter": {"weight": 0.75,
           "model": {"name": "canny"}, "beginEndStepPct": [0, 0.5]}},
          {"isEnabled": false, "controlAdapter": {"model": {"name": "off"}}},
          {"isEnabled": true, "controlAdapter": {"model": null}}]}})");
  ASSERT_EQ(got.controlnets.size(), 1u);
  EXPECT_EQ(got.controlnets[0], (ControlNet{"canny", {}, 0.75, 0.0, 0.5}));
}

// --- Midjourney

TEST(Midjourney, DashesBetweenWordsAreProse) {
  const Generation got = generation_of(
      "Description",
      "a boat -- adrift --5 --q 2 --niji 6 --no a, b --raw Job ID: "
      "2f1c9a34-0b1d-4c3e-9f00-aabbccddeeff");
  EXPECT_EQ(got.software, "midjourney");
  EXPECT_EQ(got.prompt, "a boat -- adrift --5");
  EXPECT_EQ(got.negative_prompt, "a, b");
  EXPECT_EQ(got.extra,
            (std::vector<KeyValue>{
                {"q", "2"},
                {"niji", "6"},
                {"raw", ""},
                {"Job ID", "2f1c9a34-0b1d-4c3e-9f00-aabbccddeeff"}}));
}

TEST(Midjourney, ArgumentsMayBeginALine) {
  const Generation got = generation_of("Description",
                                       "a boat\n--seed 7\n--ar 2:3\tJob ID: "
                                       "2f1c9a34-0b1d-4c3e-9f00-aabbccddeeff");
  EXPECT_EQ(got.prompt, "a boat");
  EXPECT_EQ(got.seed, "7");
  ASSERT_EQ(got.extra.size(), 2u);
  EXPECT_EQ(got.extra[0], (KeyValue{"ar", "2:3"}));
}

TEST(Midjourney, WithoutTheNumberOfAJobNothingIsClaimed) {
  for (const char* text :
       {"a boat --v 6", "a boat Job ID: 7",
        "Job ID: 2f1c9a34-0b1d-4c3e-9f00-aabbccddeeff was mine"})
    EXPECT_EQ(generation_of("Description", text).software, "") << text;
}

// --- WanGP

TEST(WanGp, WeightsThatAreNoNumbersCostNoLora) {
  const Generation got = generation_of(
      "comment",
      R"({"type": "WanGP v9.1 by X", "prompt": "a", "activated_loras":
          ["a", "https://x.org/b.safetensors?token=1", "c"],
          "loras_multipliers": "1;0\n0.8"})");
  ASSERT_EQ(got.loras.size(), 3u);
  EXPECT_EQ(got.loras[0], (Lora{"a", {}, {}, {}, {}}));
  EXPECT_EQ(got.loras[1], (Lora{"b.safetensors", 0.8, {}, {}, {}}));
  EXPECT_EQ(got.loras[2], (Lora{"c", {}, {}, {}, {}}));
}

TEST(WanGp, OtherJsonBesideItMayHaveAType) {
  EXPECT_EQ(generation_of({{"info", R"({"type": "x"})"},
                           {"comment", R"({"type": "WanGP v9.1 by X",
                                           "prompt": "a", "seed": 7})"}})
                .software,
            "wangp");
}

// --- any other

TEST(GenericJson, OneWordThatAnybodyMayUseTellsNoWriter) {
  for (const char* member :
       {R"("sampler_type": "ode")", R"("solver_type": "midpoint")",
        R"("nologo": true)", R"("loraList": [])"}) {
    const Generation got = generation_of(
        "x", R"({"prompt": "a", "seed": 1, "sampler": "Euler a", )" +
                 std::string(member) + "}");
    EXPECT_EQ(got.software, "unknown-json") << member;
    EXPECT_EQ(got.sampler, "Euler a") << member;
  }
}

TEST(GenericJson, PromptsMayBeInPartsWithWeights) {
  const Generation got = generation_of(
      "x", R"({"text_prompts": [{"text": "a", "weight": 1},
                                {"text": "fog", "weight": -1},
                                {"text": "b"}], "seed": 1, "steps": 2})");
  EXPECT_EQ(got.prompt, "a\nb");
  EXPECT_EQ(got.negative_prompt, "fog");
  ASSERT_EQ(got.extra.size(), 1u);
  EXPECT_EQ(got.extra[0].key, "text_prompts");
  EXPECT_EQ(
      generation_of("x", R"({"prompts": [[1, "a"]], "seed": 1, "steps": 2})")
          .prompt,
      "a");
  EXPECT_EQ(
      generation_of("x", R"({"prompts": ["a", "b"], "seed": 1, "steps": 2})")
          .software,
      "");
}

TEST(GenericJson, WhatALoraHasNoFieldForKeepsTheListInExtra) {
  const Generation whole = generation_of(
      "x", R"({"prompt": "a", "seed": 1, "steps": 2,
               "loras": [{"name": "ink", "model": 0.8}]})");
  ASSERT_EQ(whole.loras.size(), 1u);
  EXPECT_EQ(whole.loras[0], (Lora{"ink", 0.8, {}, {}, {}}));
  EXPECT_TRUE(whole.extra.empty());
  const Generation got = generation_of(
      "x", R"({"prompt": "a", "seed": 1, "steps": 2,
               "loras": [{"name": "ink", "weight": 0.8, "clip": 1}]})");
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.extra,
            (std::vector<KeyValue>{
                {"loras", R"([{"name":"ink","weight":0.8,"clip":1}])"}}));
}

// Cremage's and mflux's.
TEST(GenericJson, FilesOfLorasAndTheirWeightsMayBeTwoLists) {
  const auto read = [](const std::string& lists) {
    return generation_of(
        "x", R"({"prompt": "a", "seed": 1, "cfg": 2, )" + lists + "}");
  };
  const std::vector<Lora> both = {{"ink.bin", 0.8, {}, {}, {}},
                                  {"moss", 1.0, {}, {}, {}}};
  EXPECT_EQ(
      read(R"("lora_paths": ["ink.bin", "moss"], "lora_scales": [0.8, 1])")
          .loras,
      both);
  EXPECT_EQ(read(R"("sampling_iterations": 9, "lora_models": "ink.bin,moss",
                    "lora_weights": "0.8,1.0")")
                .loras,
            both);
  const Generation none = read(
      R"("sampling_iterations": 9, "lora_models": "", "lora_weights": "1.0,1.0")");
  EXPECT_TRUE(none.loras.empty());
  EXPECT_EQ(none.extra, (std::vector<KeyValue>{{"lora_weights", "1.0,1.0"}}));
  EXPECT_EQ(read(R"("lora_paths": [{"file": "ink"}])").extra,
            (std::vector<KeyValue>{{"lora_paths", R"([{"file":"ink"}])"}}));
}

TEST(GenericJson, RequestsToTheApiOfA1111AreRead) {
  const auto read = [](const std::string& members) {
    return generation_of(
        "parameters",
        R"({"prompt": "a", "seed": 7, "sampler_index": "DPM++ 2M Karras",
            "hr_scale": 2.0, "hr_upscaler": "Latent", "hr_second_pass_steps": 0,
            "override_settings": {"sd_model_checkpoint": "barn"})" +
            members + "}");
  };
  const Generation got = read(R"(, "enable_hr": true)");
  EXPECT_EQ(got.sampler, "DPM++ 2M");
  EXPECT_EQ(got.scheduler, "Karras");
  EXPECT_EQ(got.model, "barn");
  EXPECT_EQ(got.hires.upscale, 2.0);
  EXPECT_EQ(got.hires.upscaler, "Latent");
  EXPECT_EQ(got.hires.steps, std::nullopt);
  EXPECT_EQ(read(R"(, "enable_hr": false)").hires, Hires{});
}

TEST(GenericJson, NeedsAPromptAndTwoMoreParameters) {
  EXPECT_EQ(
      generation_of("x", R"({"prompt": "a", "seed": 1, "steps": 2})").software,
      "unknown-json");
  EXPECT_EQ(generation_of("x", R"({"prompt": "a", "seed": 1})").software, "");
  EXPECT_EQ(generation_of("x", R"({"seed": 1, "steps": 2, "cfg": 3})").software,
            "");
}

TEST(GenericJson, TextIsThePromptOnlyWhereNothingIsCalledPrompt) {
  const Generation got = generation_of(
      "x", R"({"text": "b", "prompt": "a", "seed": 1, "steps": 2})");
  EXPECT_EQ(got.prompt, "a");
  ASSERT_EQ(got.extra.size(), 1u);
  EXPECT_EQ(got.extra[0], (KeyValue{"text", "b"}));
}

// --- programs that nobody knows

TEST(GenericChunks, LabelsAreReadWhateverTheirProgram) {
  const Generation got =
      generation_of({{"Scheduler", "EulerAncestralDiscreteScheduler"},
                     {"Prompt", "a paper boat"},
                     {"Negative Prompt", "fog"},
                     {"Seed", "7"},
                     {"CFG Scale", "7.5"},
                     {"Inference Step Count", "25"},
                     {"Eta", "1.5"}});
  EXPECT_EQ(got.software, "unknown-chunks");
  EXPECT_EQ(got.prompt, "a paper boat");
  EXPECT_EQ(got.negative_prompt, "fog");
  EXPECT_EQ(got.seed, "7");
  EXPECT_EQ(got.steps, 25);
  EXPECT_EQ(got.cfg_scale, 7.5);
  EXPECT_EQ(got.extra, (std::vector<KeyValue>{{"Eta", "1.5"}}));
}

TEST(GenericChunks, ASeedBesideAPromptIsEnough) {
  const Generation got =
      generation_of({{"prompt", "a boat drifts"}, {"seed", "31337"}});
  EXPECT_EQ(got.software, "unknown-chunks");
  EXPECT_EQ(got.prompt, "a boat drifts");
  EXPECT_EQ(got.seed, "31337");
  for (const Pairs& chunks :
       {Pairs{{"text", "hello"}, {"seed", "1"}},
        Pairs{{"Prompt", "Press any key"}, {"Seed", "1"}}})
    EXPECT_EQ(generation_of(chunks).software, "") << chunks[0].first;
}

// As image.rs and video.rs of mold write them.
TEST(Mold, JsonAndChunksAreNamedAlike) {
  const std::string json =
      R"({"prompt":"a","model":"m:q8","seed":7,"steps":4,"version":"0.5.0"})";
  const Generation comment = generation_of("Comment", "mold:parameters " + json,
                                           Carrier::kJpegComment);
  EXPECT_EQ(comment.software, "mold");
  EXPECT_EQ(comment.software_version, "0.5.0");
  EXPECT_EQ(comment.model, "m:q8");
  EXPECT_EQ(generation_of({{"mold:prompt", "a"},
                           {"mold:seed", "7"},
                           {"mold:parameters", json}}),
            comment);
  const Generation animation = generation_of(
      {{"mold:prompt", "a"}, {"mold:seed", "7"}, {"mold:fps", "24"}});
  EXPECT_EQ(animation.software, "mold");
  EXPECT_EQ(animation.seed, "7");
  EXPECT_EQ(animation.extra, (std::vector<KeyValue>{{"mold:fps", "24"}}));
}

TEST(GenericChunks, JsonBesideThemStaysInExtra) {
  const Generation got = generation_of({{"prompt", "a"},
                                        {"seed", "7"},
                                        {"regions", R"({"count": 2})"},
                                        {"workflow", R"({"nodes": []})"}});
  EXPECT_EQ(got.extra, (std::vector<KeyValue>{{"regions", R"({"count": 2})"}}));
}

// Diffusers' names are anybody's.
TEST(EasyDiffusion, ChunksWithAModelOfAnotherNameAreSomebodyElses) {
  const Generation got = generation_of({{"Prompt", "a"},
                                        {"Negative Prompt", "b"},
                                        {"Guidance Scale", "9"},
                                        {"Inference Steps", "50"},
                                        {"Seed", "7"},
                                        {"Model", "barn"}});
  EXPECT_EQ(got.software, "unknown-chunks");
  EXPECT_EQ(got.steps, 50);
  EXPECT_EQ(got.model, "barn");
}

TEST(GenericJson, ThePromptMayStandInAChunkOfItsOwn) {
  const Generation got =
      generation_of({{"prompt", "a boat drifts"},
                     {"negative_prompt", "fog"},
                     {"parameters", R"({"steps": 20, "seed": 7, "cfg": 2.5})"}});
  EXPECT_EQ(got.prompt, "a boat drifts");
  EXPECT_EQ(got.negative_prompt, "fog");
  EXPECT_EQ(got.steps, 20);
  EXPECT_EQ(got.seed, "7");
  EXPECT_TRUE(got.extra.empty());
  const Generation whole = generation_of(
      {{"prompt", "a boat drifts"},
       {"parameters", R"({"prompt": "a hill", "steps": 20, "seed": 7})"}});
  EXPECT_EQ(whole.prompt, "a hill");
}

TEST(GenericChunks, APromptAndAModelAreNotEnough) {
  ImageFields image;
  image.container = Container::kPng;
  for (const std::string key : {"Prompt", "Model", "Seed"})
    image.fields.push_back({Carrier::kPngText, Encoding::kUtf8, key, "a word"});
  EXPECT_FALSE(interpret(image, Limits{}).generation);
}

TEST(GenericJson, EveryToolHasItsOwnWordsForTheSame) {
  const auto read_as = [](const std::string& pair) {
    return generation_of(
        "some", R"({"prompt": "a", "seed": 7, "width": 512, )" + pair + "}");
  };
  for (const char* key :
       {"steps", "Steps", "num_inference_steps", "num_steps", "ddim_steps",
        "step_count", "inference_steps", "Inference Steps"})
    EXPECT_EQ(read_as('"' + std::string(key) + "\": 9").steps, 9) << key;
  for (const char* key : {"cfg_scale", "cfgScale", "CfgScale", "CFG scale",
                          "CFG Scale", "CFGScale", "cfg", "guidance_scale",
                          "guidanceScale", "Guidance Scale", "scale"})
    EXPECT_EQ(read_as('"' + std::string(key) + "\": 2.5").cfg_scale, 2.5)
        << key;
  for (const char* key :
       {"negative_prompt", "negativePrompt", "NegativePrompt", "negativeprompt",
        "Negative Prompt", "Negative prompt", "negative-prompt", "negative",
        "Negative"})
    EXPECT_EQ(read_as('"' + std::string(key) + "\": \"b\"").negative_prompt,
              "b")
        << key;
  for (const char* key :
       {"model", "Model", "model_name", "model_id", "checkpoint", "base_model",
        "base_model_name", "sd_model_name"})
    EXPECT_EQ(read_as('"' + std::string(key) + "\": \"m\"").model, "m") << key;
  for (const char* key : {"scheduler", "Scheduler", "schedule_type"})
    EXPECT_EQ(read_as('"' + std::string(key) + "\": \"karras\"").scheduler,
              "karras")
        << key;
}

// What civitai's API calls `meta`, written back by who downloaded the image.
TEST(GenericJson, CivitaisRecordOfAnImageFillsFields) {
  const Generation got = generation_of("parameters", R"({
      "prompt": "a heron <lora:ink:0.7>", "negativePrompt": "blurry",
      "Size": "512x768", "seed": 123, "steps": 30, "cfgScale": 7,
      "sampler": "DPM++ 2M Karras", "clipSkip": 2, "Model": "river_8",
      "Model hash": "879db523c3", "Denoising strength": "0.4",
      "Hires upscale": "2", "Hires upscaler": "Latent", "Hires steps": "10",
      "hashes": {"model": "879db523c3", "lora:ink": "aabbccddee"},
      "resources": [
        {"type": "model", "name": "river_8", "hash": "879db523c3"},
        {"type": "lora", "name": "ink", "weight": 0.7, "hash": "aabbccddee"}],
      "civitaiResources": [{"type": "checkpoint", "modelVersionId": 290640}]})");
  EXPECT_EQ(got.model_hash, "879db523c3");
  EXPECT_EQ(got.denoising_strength, 0.4);
  EXPECT_EQ(got.hires.upscale, 2.0);
  EXPECT_EQ(got.hires.upscaler, "Latent");
  EXPECT_EQ(got.hires.steps, 10);
  EXPECT_EQ(got.loras, (std::vector<Lora>{{"ink", 0.7, {}, "aabbccddee", {}}}));
  ASSERT_EQ(got.civitai_resources.size(), 1u);
  EXPECT_EQ(got.civitai_resources[0].model_version_id, 290640u);
  EXPECT_TRUE(got.extra.empty());
}

TEST(GenericJson, ALoraOfTheListIsNotOneOfThePromptsAsWell) {
  for (const std::string list :
       {R"([{"name": "ink.safetensors", "weight": 0.7}])",
        R"({"ink.safetensors": 0.7})"})
    EXPECT_EQ(generation_of("parameters",
                            R"({"prompt": "a heron <lora:ink:0.7>", "seed": 1,
                                "steps": 3, "loras": )" +
                                list + "}")
                  .loras,
              (std::vector<Lora>{{"ink.safetensors", 0.7, {}, {}, {}}}));
  EXPECT_EQ(generation_of({{"prompt", "a heron <lora:ink:0.7>"},
                           {"parameters", R"({"steps": 20, "seed": 7})"}})
                .loras,
            (std::vector<Lora>{{"ink", 0.7, {}, {}, {}}}));
}

TEST(GenericJson, CivitaisListOfAGraphsLorasIsRead) {
  const Generation got = generation_of("parameters", R"({
      "prompt": "a heron", "seed": 1, "steps": 3, "additionalResources": [
        {"type": "lora", "name": "ink.safetensors", "strength": 0.7,
         "strengthClip": 1}]})");
  EXPECT_EQ(got.loras,
            (std::vector<Lora>{{"ink.safetensors", 0.7, 1.0, {}, {}}}));
  EXPECT_TRUE(got.extra.empty());
}

TEST(GenericJson, CivitaisListsOfAGraphsFilesAreRead) {
  const Generation got = generation_of("parameters", R"({
      "prompt": "a heron", "seed": 1, "steps": 3, "models": ["m.safetensors"],
      "vaes": ["v.pt"], "upscalers": ["4x.pth", "2x.pth"],
      "controlNets": ["canny.safetensors"]})");
  EXPECT_EQ(got.model, "m.safetensors");
  EXPECT_EQ(got.vae, "v.pt");
  EXPECT_EQ(got.upscalers,
            (std::vector<Upscaler>{{"4x.pth", {}}, {"2x.pth", {}}}));
  ASSERT_EQ(got.controlnets.size(), 1u);
  EXPECT_EQ(got.controlnets[0].model, "canny.safetensors");
  EXPECT_TRUE(got.extra.empty());
}

TEST(GenericJson, OfSeveralModelsOfAGraphNoneIsChosen) {
  const Generation got = generation_of("parameters", R"({
      "prompt": "a heron", "seed": 1, "steps": 3, "models": ["m", "n"],
      "vaes": ["v", "w"]})");
  EXPECT_EQ(got.model, std::nullopt);
  EXPECT_EQ(got.vae, std::nullopt);
  EXPECT_EQ(got.extra, (std::vector<KeyValue>{{"models", R"(["m","n"])"},
                                              {"vaes", R"(["v","w"])"}}));
}

// Requests to the AI Horde and many other services.
TEST(GenericJson, APromptMayStandBesideItsParameters) {
  const Generation got = generation_of("parameters", R"({
      "prompt": "a heron", "params": {"steps": 30, "sampler_name": "k_euler",
        "cfg_scale": 7.5, "seed": "7", "loras": [{"name": "ink", "model": 0.7}]},
      "models": ["m"], "nsfw": false, "headers": {"a": "b"}})");
  EXPECT_EQ(got.prompt, "a heron");
  EXPECT_EQ(got.steps, 30);
  EXPECT_EQ(got.sampler, "k_euler");
  EXPECT_EQ(got.seed, "7");
  EXPECT_EQ(got.model, "m");
  EXPECT_EQ(got.loras, (std::vector<Lora>{{"ink", 0.7, {}, {}, {}}}));
  EXPECT_EQ(got.extra, (std::vector<KeyValue>{{"nsfw", "false"}}));
}

TEST(InfotextInJson, IsReadWhereverItStands) {
  for (const char* json :
       {R"({"infotext": "TEXT", "id": 7})",
        R"({"id": 7, "info": {"prompt": "a", "infotexts": ["TEXT"]}})",
        R"({"id": 7, "rows": ["{\"parameters\": \"ESCAPED\"}"]})"}) {
    std::string text = json;
    const auto put = [&text](std::string_view mark, std::string_view value) {
      if (const std::size_t at = text.find(mark); at != text.npos)
        text.replace(at, mark.size(), value);
    };
    put("TEXT",
        R"(a heron <lora:ink:0.7>\nSteps: 20, Sampler: Euler, Seed: 7)");
    put("ESCAPED",
        R"(a heron <lora:ink:0.7>\\nSteps: 20, Sampler: Euler, Seed: 7)");
    const Generation got = generation_of("note", text);
    EXPECT_EQ(got.prompt, "a heron <lora:ink:0.7>") << text;
    EXPECT_EQ(got.seed, "7") << text;
    EXPECT_EQ(got.loras, (std::vector<Lora>{{"ink", 0.7, {}, {}, {}}})) << text;
    EXPECT_EQ(got.extra, (std::vector<KeyValue>{{"id", "7"}})) << text;
  }
}

TEST(GenericJson, ResourcesOfOtherKindsStayInExtra) {
  for (const std::string list :
       {R"([{"type":"hypernet","name":"x","weight":0.5}])", R"({"cpu":4})",
        R"(["a"])", R"([{"type":"model","name":"other","hash":"ab"}])"}) {
    const Generation got = generation_of(
        "parameters",
        R"({"prompt": "a", "seed": 1, "steps": 3, "model": "m", "resources": )" +
            list + "}");
    EXPECT_EQ(got.extra, (std::vector<KeyValue>{{"resources", list}}));
    EXPECT_EQ(got.model_hash, std::nullopt);
  }
}

TEST(GenericJson, ParametersMayStandOneLevelDown) {
  const Generation got = generation_of(
      "Comment",
      R"({"version": 2, "request": {"id": "x"}, "params": {"prompt": "a boat", )"
      R"("seed": 7, "steps": 20, "tiling": false}})");
  EXPECT_EQ(got.software, "unknown-json");
  EXPECT_EQ(got.prompt, "a boat");
  EXPECT_EQ(got.seed, "7");
  EXPECT_EQ(got.extra, (std::vector<KeyValue>{{"tiling", "false"},
                                              {"version", "2"}}));
}

}  // namespace
}  // namespace sdmeta
