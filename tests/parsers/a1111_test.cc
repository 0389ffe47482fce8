#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "parsers/parser_table.h"
#include "tests/support/fields_file.h"

namespace sdmeta {

extern const ParserRow a1111_row;

namespace {

constexpr std::string_view kSettings =
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768";

struct Parsed {
  Generation generation;
  std::vector<Error> notes;
};

Parsed parse(const ImageFields& image) {
  const Limits limits;
  const Payloads payloads(image, limits);
  Parsed result;
  const auto is_read =
      a1111_row.read(payloads, result.generation, result.notes);
  EXPECT_TRUE(is_read && *is_read);
  return result;
}

Generation parse(std::string text) {
  return parse(fields("parameters", std::move(text))).generation;
}

Generation parse_settings(const std::string& settings) {
  return parse("a hill\n" + settings);
}

// False leaves the generation as it was.
bool claims(const ImageFields& image) {
  const Limits limits;
  Parsed result;
  const auto is_read =
      a1111_row.read(Payloads(image, limits), result.generation, result.notes);
  EXPECT_TRUE(is_read);
  EXPECT_EQ(*is_read, result.generation != Generation());
  return *is_read;
}

std::string extra(const Generation& generation, std::string_view key) {
  for (const KeyValue& pair : generation.extra)
    if (pair.key == key) return pair.value;
  return "(none)";
}

void add(ImageFields& image, std::string key, std::string value,
         Carrier carrier = Carrier::kPngText) {
  RawField field;
  field.carrier = carrier;
  field.key = std::move(key);
  field.value = std::move(value);
  image.fields.push_back(std::move(field));
}

TEST(A1111, FillsTheFields) {
  const Generation got = parse(
      "a hill\nNegative prompt: fog\nSteps: 20, Sampler: DPM++ 2M, Schedule "
      "type: Karras, CFG scale: 7.5, Seed: 1, Size: 512x768, Model hash: "
      "aabbccddee, Model: hills_v1, VAE: vae.pt, Denoising strength: 0.4, Clip "
      "skip: 2, Hires upscale: 1.5, Hires steps: 10, Hires upscaler: Latent, "
      "Version: v1.10.1");
  EXPECT_EQ(got.software, "a1111");
  EXPECT_EQ(got.software_version, "v1.10.1");
  EXPECT_EQ(got.prompt, "a hill");
  EXPECT_EQ(got.negative_prompt, "fog");
  EXPECT_EQ(got.steps, 20);
  EXPECT_EQ(got.sampler, "DPM++ 2M");
  EXPECT_EQ(got.scheduler, "Karras");
  EXPECT_EQ(got.cfg_scale, 7.5);
  EXPECT_EQ(got.seed, "1");
  EXPECT_EQ(got.width, 512);
  EXPECT_EQ(got.height, 768);
  EXPECT_EQ(got.model, "hills_v1");
  EXPECT_EQ(got.model_hash, "aabbccddee");
  EXPECT_EQ(got.vae, "vae.pt");
  EXPECT_EQ(got.denoising_strength, 0.4);
  EXPECT_EQ(got.clip_skip, 2);
  EXPECT_EQ(got.hires.upscale, 1.5);
  EXPECT_EQ(got.hires.steps, 10);
  EXPECT_EQ(got.hires.upscaler, "Latent");
  EXPECT_TRUE(got.extra.empty());
}

TEST(A1111, BeforeSchedulesTheSamplerNamesThem) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1");
  EXPECT_EQ(got.sampler, "DPM++ 2M");
  EXPECT_EQ(got.scheduler, "Karras");
  EXPECT_TRUE(got.extra.empty());
}

TEST(A1111, EveryOtherPairGoesToExtraInOrder) {
  const Generation got = parse_settings(
      "Steps: 20, Face restoration: CodeFormer, Sampler: Euler, ENSD: 31337, "
      "Seed: 1, ADetailer model: \"face, v2\", Module 1: ae");
  ASSERT_EQ(got.extra.size(), 4u);
  EXPECT_EQ(got.extra[0], (KeyValue{"Face restoration", "CodeFormer"}));
  EXPECT_EQ(got.extra[1], (KeyValue{"ENSD", "31337"}));
  EXPECT_EQ(got.extra[2], (KeyValue{"ADetailer model", "face, v2"}));
  EXPECT_EQ(got.extra[3], (KeyValue{"Module 1", "ae"}));
}

TEST(A1111, KeysAreComparedWithoutCase) {
  const Generation got = parse_settings(
      "Steps: 20, sampler: Euler, CFG Scale: 7, seed: 1, model: x, CLIP skip: 2");
  EXPECT_EQ(got.sampler, "Euler");
  EXPECT_EQ(got.cfg_scale, 7.0);
  EXPECT_EQ(got.model, "x");
  EXPECT_EQ(got.clip_skip, 2);
}

TEST(A1111, TheFirstOfRepeatedKeysIsTheField) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, Size: 512x768, Size: 64x64, Steps: 3");
  EXPECT_EQ(got.width, 512);
  EXPECT_EQ(got.steps, 20);
  EXPECT_EQ(extra(got, "Size"), "64x64");
  EXPECT_EQ(extra(got, "Steps"), "3");
}

TEST(A1111, ABadNumberCostsOnlyItsField) {
  const Parsed got = parse(fields(
      "parameters", "a\nSteps: 20, Sampler: Euler, CFG scale: high, Seed: 1"));
  EXPECT_EQ(got.generation.cfg_scale, std::nullopt);
  EXPECT_EQ(got.generation.seed, "1");
  EXPECT_EQ(extra(got.generation, "CFG scale"), "high");
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kBadNumber);
}

TEST(A1111, NumbersMayHaveADecimalComma) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, CFG scale: 7,5, Denoising strength: 0,35, "
      "Hires upscale: 1,5, Seed: 1");
  EXPECT_EQ(got.cfg_scale, 7.5);
  EXPECT_EQ(got.denoising_strength, 0.35);
  EXPECT_EQ(got.hires.upscale, 1.5);
  EXPECT_EQ(got.seed, "1");
}

TEST(A1111, SidesMayBeSettingsOfTheirOwn) {
  for (const char* sides : {"Width: 512, Height: 768", "Resolution: (512, 768)",
                            "Width: 512, Height: 768, Size: 512x768"}) {
    const Generation got =
        parse_settings("Steps: 20, Sampler: Euler, " + std::string(sides));
    EXPECT_EQ(got.width, 512) << sides;
    EXPECT_EQ(got.height, 768) << sides;
    EXPECT_TRUE(got.extra.empty()) << sides;
  }
  const Generation column =
      parse("prompt: a hill\n\nsteps: 20\ncfg: 7\nwidth: 512 height: 768");
  EXPECT_EQ(column.prompt, "a hill");
  EXPECT_EQ(column.width, 512);
  EXPECT_EQ(column.height, 768);
  EXPECT_TRUE(column.extra.empty());
  const Generation other =
      parse_settings("Steps: 20, Sampler: Euler, Width: 64, Size: 512x768");
  EXPECT_EQ(other.width, 512);
  EXPECT_EQ(extra(other, "Width"), "64");
}

TEST(A1111, KeysMayHaveUnderscores) {
  const Generation got = parse(
      "a hill\nnegative_prompt: fog\nsteps: 20, cfg_scale: 7.5, clip_skip: 2, "
      "model_hash: aabbccddee, seed: 1");
  EXPECT_EQ(got.prompt, "a hill");
  EXPECT_EQ(got.negative_prompt, "fog");
  EXPECT_EQ(got.cfg_scale, 7.5);
  EXPECT_EQ(got.clip_skip, 2);
  EXPECT_EQ(got.model_hash, "aabbccddee");
}

TEST(A1111, LorasListedWithoutQuotesAreNoSettings) {
  const Generation got = parse(
      "a hill <lora:oil:0.5>\nSteps: 20, Sampler: Euler, Seed: 1, Lora hashes: "
      "ink: aabbccddee, oil: 0011223344, Version: v1, Some: 0123456789");
  ASSERT_EQ(got.loras.size(), 2u);
  EXPECT_EQ(got.loras[0].name, "oil");
  EXPECT_EQ(got.loras[0].hash, "0011223344");
  EXPECT_EQ(got.loras[1].name, "ink");
  EXPECT_EQ(got.extra, (std::vector<KeyValue>{{"Some", "0123456789"}}));
}

TEST(A1111, AListOfNumbersIsNoPrompt) {
  for (const char* text : {"[1, 2, 3]", "[[0.5], []]"})
    EXPECT_FALSE(claims(fields("parameters", text))) << text;
  for (const char* text : {"[1girl:2:3]", "\u72ac", "[\u72ac]", ":)", "12, 34"})
    EXPECT_TRUE(claims(fields("parameters", text))) << text;
}

TEST(A1111, WhatScriptsWriteForNothingIsAbsent) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: undefined, Seed: 1, Model: null, Model hash: null");
  EXPECT_EQ(got.sampler, std::nullopt);
  EXPECT_EQ(got.model, std::nullopt);
  EXPECT_EQ(got.model_hash, std::nullopt);
}

TEST(A1111, PlaceholdersAreAbsent) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Undefined, Seed: 1, Model: unknown, Model hash: N/A, "
      "VAE: None");
  EXPECT_EQ(parse_settings("Steps: 20, Model hash: ?, Seed: 1").model_hash,
            std::nullopt);
  EXPECT_EQ(got.sampler, std::nullopt);
  EXPECT_EQ(got.model, std::nullopt);
  EXPECT_EQ(got.model_hash, std::nullopt);
  EXPECT_EQ(got.vae, std::nullopt);
}

TEST(A1111, Quirk16TheFirstRealInfotextOfSeveralIsRead) {
  ImageFields image = fields("parameters", "some words");
  add(image, "parameters", "a hill\n" + std::string(kSettings));
  const Parsed got = parse(image);
  EXPECT_EQ(got.generation.prompt, "a hill");
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kLowConfidence);
}

TEST(A1111, Quirk16EqualTextsAreOne) {
  ImageFields image = fields("parameters", "a hill\n" + std::string(kSettings));
  add(image, "parameters", "a hill\n" + std::string(kSettings));
  EXPECT_TRUE(parse(image).notes.empty());
}

TEST(A1111, Quirk18CarriageReturnsAreDropped) {
  const Generation got =
      parse("a\r\nb\r\nNegative prompt: c\r\n" + std::string(kSettings));
  EXPECT_EQ(got.prompt, "a\nb");
  EXPECT_EQ(got.negative_prompt, "c");
}

TEST(A1111, Quirk18LineEndsMayBeEscaped) {
  const Generation got =
      parse(R"("a \"hill\"\nNegative prompt: fog\nSteps: 20, Sampler: Euler")");
  EXPECT_EQ(got.prompt, "a \"hill\"");
  EXPECT_EQ(got.negative_prompt, "fog");
  EXPECT_EQ(got.steps, 20);
}

TEST(A1111, Quirk21PlainTextIsAPromptOfLowConfidence) {
  const Parsed got = parse(fields("parameters", "a hill at dawn"));
  EXPECT_EQ(got.generation.prompt, "a hill at dawn");
  ASSERT_EQ(got.notes.size(), 1u);
  EXPECT_EQ(got.notes[0].code, ErrorCode::kLowConfidence);
}

TEST(A1111, Quirk24QuotedValuesLoseTheirQuotes) {
  EXPECT_EQ(extra(parse_settings("Steps: 20, Sampler: Euler, Styles: \"a: b, "
                                 "\\\"c\\\"\\nd\", Seed: 1"),
                  "Styles"),
            "a: b, \"c\"\nd");
}

TEST(A1111, Quirk25AnOpenQuoteCostsOnlyItsValue) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, Styles: \"a, Seed: 1, Size: 512x768");
  EXPECT_EQ(got.seed, "1");
  EXPECT_EQ(got.width, 512);
  EXPECT_EQ(extra(got, "Styles"), "\"a");
}

TEST(A1111, AListThatWasCutGivesItsLoras) {
  const Generation got = parse_settings(
      "Steps: 20, Seed: 1, Lora hashes: \"ink: 112233445566, oil: 2233");
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].name, "ink");
  EXPECT_EQ(got.loras[0].hash, "112233445566");
}

TEST(A1111, Quirk26HashesAndLoraHashesAgree) {
  const Generation got = parse(
      "a <lora:Ink (wash), v2:0.7>\nSteps: 20, Sampler: Euler, Model hash: "
      "aabbccddee, Lora hashes: \"Ink (wash) v2: 112233445566\", Hashes: "
      "{\"model\": \"aabbccddee\", \"lora:Ink (wash), v2\": \"112233445566\"}");
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].name, "Ink (wash), v2");
  EXPECT_EQ(got.loras[0].weight, 0.7);
  EXPECT_EQ(got.loras[0].hash, "112233445566");
  EXPECT_TRUE(got.extra.empty());
}

TEST(A1111, HashesThatNoFieldHoldsStayInExtra) {
  for (const char* hashes :
       {R"({"lora:ink": "aabbccddee"})", R"({"embed:bad": "aabbccddee"})"}) {
    const Generation got = parse(
        "a <lora:ink:1>\nSteps: 20, Sampler: Euler, Lora hashes: \"ink: "
        "112233445566\", TI hashes: \"bad: 223344556677\", Hashes: " +
        std::string(hashes));
    EXPECT_EQ(got.loras.at(0).hash, "112233445566");
    EXPECT_EQ(got.embeddings.at(0).hash, "223344556677");
    EXPECT_EQ(extra(got, "Hashes"), hashes);
  }
}

TEST(A1111, Quirk30ABareFlagIsKept) {
  EXPECT_EQ(extra(parse_settings("Steps: 20, Tiling, Sampler: Euler"), "Tiling"),
            "Tiling");
}

TEST(A1111, Quirk31AMissingOrEmptySizeIsAbsent) {
  EXPECT_EQ(parse_settings("Steps: 20, Sampler: Euler").width, std::nullopt);
  const Generation got = parse_settings("Steps: 20, Sampler: Euler, Size: 0x0");
  EXPECT_EQ(got.width, std::nullopt);
  EXPECT_EQ(extra(got, "Size"), "0x0");
}

TEST(A1111, Quirk33SeedsAreExact) {
  for (const std::string seed :
       {"18446744073709551615", "-1", "0", "99999999999999999999999"})
    EXPECT_EQ(parse_settings("Steps: 20, Sampler: Euler, Seed: " + seed).seed,
              seed);
  EXPECT_EQ(parse_settings("Steps: 20, Sampler: Euler, Seed: 1.5e9").seed,
            "1500000000");
  EXPECT_EQ(parse_settings("Steps: 20, Sampler: Euler, Seed: \"123\"").seed,
            "123");
}

// Peers give up at 10 000 characters.
TEST(A1111, Quirk59AMegabyteOfSettingsIsRead) {
  const std::string value(1'000'000, 'x');
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, Custom: " + value + ", Seed: 5");
  EXPECT_EQ(got.seed, "5");
  EXPECT_EQ(extra(got, "Custom"), value);
}

TEST(A1111, FirstPassSizeStaysInExtra) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, Seed: 1, Size: 1024x1024, Denoising strength: "
      "0.7, First pass size: 512x512");
  EXPECT_EQ(got.width, 1024);
  EXPECT_EQ(extra(got, "First pass size"), "512x512");
}

TEST(A1111, AFirstPassMeansThatASecondMadeThePictureAsLargeAsSizeSays) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, Seed: 1, Size: 1024x768, First pass size: "
      "0x0");
  EXPECT_EQ(got.hires.width, 1024);
  EXPECT_EQ(got.hires.height, 768);
}

TEST(A1111, TheSideThatASecondPassWasNotToldIsComputed) {
  using Sides =
      std::pair<std::optional<std::int64_t>, std::optional<std::int64_t>>;
  const auto resized = [](const std::string& to) {
    const Generation got = parse_settings(
        "Steps: 20, Sampler: Euler, Hires resize: " + to + ", Size: 512x768");
    return Sides(got.hires.width, got.hires.height);
  };
  EXPECT_EQ(resized("1001x0"), Sides(1001, 1501));
  EXPECT_EQ(resized("0x1001"), Sides(667, 1001));
  EXPECT_EQ(resized("0x0"), Sides());
}

TEST(A1111, HiresPromptsAreParts) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, Hires prompt: \"sharp, <lora:ink:0.5>\", Hires "
      "negative prompt: soft");
  ASSERT_EQ(got.prompts.size(), 1u);
  EXPECT_EQ(got.prompts[0],
            (PromptPart{"hires", "sharp, <lora:ink:0.5>", "soft"}));
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].name, "ink");
}

TEST(A1111, ControlNetHasItsListAndStaysInExtra) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, ControlNet 0: \"Module: canny, Model: "
      "control_canny [aabbccdd], Weight: 0.8, Resize Mode: Crop and Resize, "
      "Guidance Start: 0, Guidance End: 0.5\"");
  ASSERT_EQ(got.controlnets.size(), 1u);
  EXPECT_EQ(got.controlnets[0].module, "canny");
  EXPECT_EQ(got.controlnets[0].model, "control_canny [aabbccdd]");
  EXPECT_EQ(got.controlnets[0].weight, 0.8);
  EXPECT_EQ(got.controlnets[0].start, 0.0);
  EXPECT_EQ(got.controlnets[0].end, 0.5);
  EXPECT_TRUE(extra(got, "ControlNet 0").starts_with("Module: canny"));
}

TEST(A1111, EarlyControlNetsAreSeparatePairs) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, ControlNet Enabled: True, ControlNet Module: "
      "depth, ControlNet Model: control_depth, ControlNet Weight: 1");
  ASSERT_EQ(got.controlnets.size(), 1u);
  EXPECT_EQ(got.controlnets[0].module, "depth");
  EXPECT_EQ(got.controlnets[0].weight, 1.0);
  EXPECT_EQ(got.extra.size(), 4u);
}

TEST(A1111, EarlyControlNetsGiveTheirRangeInBrackets) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, ControlNet 1: \"preprocessor: depth, model: "
      "control_depth [aabb], weight: 0.5, starting/ending: (0.1, 0.7), pixel "
      "perfect: False, preprocessor params: (512, 1, 64)\"");
  ASSERT_EQ(got.controlnets.size(), 1u);
  EXPECT_EQ(got.controlnets[0].module, "depth");
  EXPECT_EQ(got.controlnets[0].start, 0.1);
  EXPECT_EQ(got.controlnets[0].end, 0.7);
}

// Its LoRAs paint a part of the picture: they are not the picture's.
TEST(A1111, DetailersPromptsArePartsAndStayInExtra) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, ADetailer model: face.pt, ADetailer prompt: "
      "\"a face, <lora:ink:0.5>\", ADetailer negative prompt: fog, ADetailer "
      "model 2nd: hand.pt, ADetailer prompt 2nd: hands, ADetailer negative "
      "prompt 3rd: blur");
  EXPECT_EQ(got.prompts, (std::vector<PromptPart>{
                             {"adetailer", "a face, <lora:ink:0.5>", "fog"},
                             {"adetailer 2nd", "hands", {}},
                             {"adetailer 3rd", {}, "blur"}}));
  EXPECT_TRUE(got.loras.empty());
  EXPECT_EQ(extra(got, "ADetailer prompt 2nd"), "hands");
}

TEST(A1111, UpscalersOfScriptsAreListed) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, Ultimate SD upscale upscaler: 4x-Sharp, "
      "Tiled Diffusion upscaler: R-ESRGAN 4x+, Tiled Diffusion scale factor: "
      "2, "
      "SD upscale upscaler: None");
  EXPECT_EQ(got.upscalers,
            (std::vector<Upscaler>{{"4x-Sharp", {}}, {"R-ESRGAN 4x+", 2.0}}));
}

TEST(A1111, UpscalerOfTiledDiffusionIsReadFromItsSettings) {
  const std::string settings =
      R"({"Method": "Mixture of Diffusers", "Tile tile width": 96, )"
      R"("Upscaler": "4x-Invented", "Upscale factor": 1.5})";
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, Tiled Diffusion: " + settings + ", Seed: 5");
  EXPECT_EQ(got.upscalers, (std::vector<Upscaler>{{"4x-Invented", 1.5}}));
  EXPECT_EQ(extra(got, "Tiled Diffusion"), settings);
  EXPECT_EQ(got.seed, "5");
  for (const char* without :
       {R"({"Method": "MultiDiffusion", "Upscale factor": 2})",
        R"({"Upscaler": "None", "Upscale factor": 2})", "broken", "{"})
    EXPECT_TRUE(parse_settings("Steps: 20, Sampler: Euler, Tiled Diffusion: " +
                               std::string(without))
                    .upscalers.empty())
        << without;
}

TEST(A1111, PostprocessingIsReadBesideTheParameters) {
  ImageFields image = fields("parameters", "a hill\n" + std::string(kSettings));
  add(image, "postprocessing",
      "Postprocess upscale by: 2, Postprocess upscaler: Lanczos");
  const Generation got = parse(image).generation;
  ASSERT_EQ(got.upscalers.size(), 1u);
  EXPECT_EQ(got.upscalers[0], (Upscaler{"Lanczos", 2.0}));
  EXPECT_EQ(got.prompt, "a hill");
}

TEST(A1111, PostprocessingAloneIsReadOnce) {
  const Generation got =
      parse(fields("postprocessing",
                   "Postprocess upscale by: 4, Postprocess upscaler: Nearest, "
                   "Postprocess GFPGAN visibility: 0.7"))
          .generation;
  ASSERT_EQ(got.upscalers.size(), 1u);
  EXPECT_EQ(got.upscalers[0], (Upscaler{"Nearest", 4.0}));
  EXPECT_EQ(got.extra, (std::vector<KeyValue>{
                           {"Postprocess GFPGAN visibility", "0.7"}}));
}

// Of an image that was enlarged twice, parameters come last.
TEST(A1111, PostprocessingInFrontOfTheParametersCostsNoPrompt) {
  const std::string line =
      "Postprocess upscale by: 2, Postprocess upscaler: Lanczos";
  ImageFields image = fields("postprocessing", line);
  add(image, "extras", line);
  add(image, "parameters", "a hill\n" + std::string(kSettings));
  const Parsed got = parse(image);
  EXPECT_EQ(got.generation.prompt, "a hill");
  EXPECT_EQ(got.generation.upscalers,
            (std::vector<Upscaler>{{"Lanczos", 2.0}}));
  EXPECT_TRUE(got.notes.empty());
}

// SD.Next.
TEST(A1111, PostprocessingMayRepeatTheParameters) {
  const std::string text = "a hill, red\n" + std::string(kSettings);
  const std::string line =
      ", Postprocess upscale by: 2, Postprocess upscaler: Lanczos";
  ImageFields image = fields("parameters", text);
  const Generation plain = parse(image).generation;
  add(image, "postprocessing", text + line);
  Generation got = parse(image).generation;
  EXPECT_EQ(got, parse(fields("postprocessing", text + line)).generation);
  EXPECT_EQ(got.upscalers, (std::vector<Upscaler>{{"Lanczos", 2.0}}));
  got.upscalers.clear();
  EXPECT_EQ(got, plain);
}

TEST(A1111, PostprocessingTextsMayRepeatEachOther) {
  const std::string line =
      "Postprocess upscale by: 2, Postprocess upscaler: Lanczos";
  const std::string text = "a hill, red\n" + std::string(kSettings);
  ImageFields image = fields("parameters", text);
  add(image, "postprocessing", line);
  add(image, "extras", text + ", " + line);
  EXPECT_EQ(parse(image).generation.upscalers,
            (std::vector<Upscaler>{{"Lanczos", 2.0}}));
}

// modules/extras.py of 2022: the only `model` of such a file is the upscaler's.
TEST(A1111, ExtrasOf2022NameTheModelOfTheUpscaler) {
  ImageFields image = fields("parameters", "a hill\n" + std::string(kSettings));
  add(image, "extras",
      "GFPGAN visibility:0.7\nUpscale: 2, model:R-ESRGAN 4x+\n"
      "Upscale: 2, visibility: 0.5, model:SwinIR\n");
  const Generation plain =
      parse(fields("parameters", "a hill\n" + std::string(kSettings)))
          .generation;
  const Generation got = parse(image).generation;
  EXPECT_EQ(got.model, plain.model);
  EXPECT_EQ(got.upscalers,
            (std::vector<Upscaler>{{"R-ESRGAN 4x+", 2.0}, {"SwinIR", 2.0}}));
  EXPECT_EQ(extra(got, "GFPGAN visibility"), "0.7");
  EXPECT_EQ(extra(got, "visibility"), "0.5");
}

TEST(A1111, ManyLinesOfExtrasAreLinear) {
  std::string lines;
  for (int i = 0; i < 200'000; ++i) lines += "Upscale: 2, model:x\n";
  ImageFields image = fields("parameters", "a hill\n" + std::string(kSettings));
  add(image, "extras", lines);
  EXPECT_EQ(parse(image).generation.prompt, "a hill");
}

TEST(A1111, TwoPostprocessingLinesAreTwoUpscalers) {
  ImageFields image =
      fields("parameters", "a hill\n" + std::string(kSettings) +
                               "\nPostprocess upscale by: 2, Postprocess "
                               "upscaler: Lanczos");
  add(image, "postprocessing",
      "Postprocess upscale by: 4, Postprocess upscaler: Nearest");
  EXPECT_EQ(parse(image).generation.upscalers,
            (std::vector<Upscaler>{{"Lanczos", 2.0}, {"Nearest", 4.0}}));
}

// GIMP, Photoshop and cameras write comments too.
TEST(A1111, CommentsOfOthersAreNotClaimed) {
  EXPECT_FALSE(claims(fields("Comment", "Created with GIMP")));
  EXPECT_FALSE(
      claims(fields("UserComment", "a day at the sea", Carrier::kExifIfd)));
  EXPECT_FALSE(claims(fields("Description", "Steps: 3", Carrier::kXmp)));
  EXPECT_FALSE(claims(fields("parameters", "")));
  EXPECT_FALSE(claims(fields("parameters", "{\"prompt\": \"a\"}")));
}

TEST(A1111, EveryCarrierIsClaimedForItsContent) {
  const std::string text = "a hill\n" + std::string(kSettings);
  EXPECT_TRUE(claims(fields("UserComment", text, Carrier::kExifIfd)));
  EXPECT_TRUE(claims(fields("UserComment", text, Carrier::kExifIfd0)));
  EXPECT_TRUE(claims(fields("Comment", text, Carrier::kGifComment)));
  EXPECT_TRUE(claims(fields("parameters", text, Carrier::kJpegComment)));
  EXPECT_TRUE(claims(fields("sdcpp:parameters", text, Carrier::kXmp)));
  EXPECT_TRUE(claims(fields("parameters", text, Carrier::kStealthAlpha)));
}

struct Dialect {
  std::string_view settings;  // behind Steps and Sampler
  std::string_view software;
};

TEST(InfotextDialects, TheVersionNamesTheWriter) {
  for (const Dialect& dialect : std::vector<Dialect>{
           {"Version: v1.10.1", "a1111"},
           {"Version: f2.0.1v1.10.1-previous-669-gdfdcbab6", "forge"},
           {"Version: f0.0.17v1.8.0rc-latest-276-g29be1da7", "forge"},
           {"Version: f1.0.0v2-v1.10.1RC-latest-2498-g5120e679", "reforge"},
           {"Version: f1.3.0-v1.10.1RC-latest-1038-g19395bf9", "easy-reforge"},
           {"Version: classic", "forge-classic"},
           {"ADetailer Version: Neo, Version: neo-2.7", "forge-neo"},
           {"Version: neo", "forge-neo"},
           {"Version: Fooocus v2.5.5", "fooocus"},
           {"Version: ComfyUI", "comfyui"},
           {"Version: ComfyUI.LF Nodes", "comfyui"},
           {"Version: v0.3.60-comfyui", "comfyui"},
           {"Version: stable-diffusion.cpp", "stable-diffusion.cpp"},
           {"App: SD.Next, Version: 56a8aea", "sd-next"},
           {"Civitai resources: []", "civitai"},
           {"Civitai metadata: {}", "civitai"},
           {"Version: ComfyUI, Civitai resources: []", "comfyui"},
           {"Model hash: unknown, Model: m", "krita"},
           {"Lora_0 Model name: x", "comfyui"},
           {"Model: x.safetensors, Hashes: {\"model\": \"aabbccddee\"}",
            "comfyui"},
           {"ADetailer version: 24.5.1", "a1111"},
           {"Seed: 1", "a1111"}}) {
    EXPECT_EQ(parse_settings("Steps: 20, Sampler: Euler, " +
                             std::string(dialect.settings))
                  .software,
              dialect.software)
        << dialect.settings;
  }
}

TEST(InfotextDialects, OtherFieldsMayNameTheWriter) {
  ImageFields image = fields("UserComment", "a hill\n" + std::string(kSettings),
                             Carrier::kExifIfd);
  add(image, "Artist", "ai", Carrier::kExifIfd0);
  EXPECT_EQ(parse(image).generation.software, "civitai");

  image = fields("UserComment", "a hill\n" + std::string(kSettings),
                 Carrier::kExifIfd);
  add(image, "Software", "ArtBot - Create images", Carrier::kExifIfd0);
  EXPECT_EQ(parse(image).generation.software, "artbot");
  EXPECT_EQ(parse("a hill\nSteps: 20, Sampler: k_euler, Seed: 1, model: Hill XL")
                .software,
            "artbot");
}

TEST(InfotextDialects, FooocusUsersPromptIsPreferred) {
  const Generation got = parse(
      "cinematic still a hill, detailed\nNegative prompt: anime, fog\n"
      "Steps: 30, Sampler: DPM++ 2M SDE, Seed: 1, Size: 8x8, CFG scale: 4, ADM "
      "Guidance: \"(1.5, 0.8, 0.3)\", Scheduler: karras, Raw prompt: a hill, Raw "
      "negative prompt: , Version: Fooocus v2.5.5");
  EXPECT_EQ(got.prompt, "a hill");
  EXPECT_EQ(got.negative_prompt, "");
  EXPECT_EQ(got.scheduler, "karras");
  EXPECT_EQ(got.software_version, "v2.5.5");
  ASSERT_EQ(got.prompts.size(), 1u);
  EXPECT_EQ(got.prompts[0],
            (PromptPart{"expanded", "cinematic still a hill, detailed",
                        "anime, fog"}));
  EXPECT_EQ(extra(got, "ADM Guidance"), "(1.5, 0.8, 0.3)");
}

TEST(InfotextDialects, DrawThingsStrengthsBeyondOneAreNoStrengths) {
  for (const bool fits : {true, false}) {
    const std::string strength = fits ? "0.6" : "60";
    ImageFields image =
        fields("dc:description",
               "a hill\n" + std::string(kSettings) + ", Strength: " + strength);
    image.fields.push_back(
        {Carrier::kXmp, Encoding::kUtf8, "xmp:CreatorTool", "Draw Things"});
    const Generation got = parse(image).generation;
    EXPECT_EQ(got.software, "draw-things");
    EXPECT_EQ(got.denoising_strength.has_value(), fits);
    EXPECT_EQ(extra(got, "Strength"), fits ? "(none)" : strength);
  }
}

TEST(InfotextDialects, FooocusLeavesTheUsersQuotes) {
  const Generation got = parse(
      "\"a hill\", detailed\nNegative prompt: fog, ice\nSteps: 30, Seed: 1, "
      "Raw "
      "prompt: \"a hill\", Raw negative prompt: \"fog, \\\"ice\\\"\", Version: "
      "Fooocus v2.5.5");
  EXPECT_EQ(got.prompt, "\"a hill\"");
  EXPECT_EQ(got.negative_prompt, "fog, \"ice\"");
}

TEST(InfotextDialects, SdNextNamesItsScheduleSigma) {
  const Generation got = parse_settings(
      "Steps: 20, Size: 8x8, Sampler: Euler a, Seed: 1, App: SD.Next, Version: "
      "56a8aea, Sampler sigma: karras");
  EXPECT_EQ(got.scheduler, "karras");
  EXPECT_EQ(got.software_version, "56a8aea");
  EXPECT_TRUE(got.extra.empty());
}

TEST(InfotextDialects, SdNextHasPromptsForItsRefiner) {
  const Generation got = parse_settings(
      "Steps: 20, Size: 8x8, Sampler: Euler a, Seed: 1, Refiner prompt: \"a, "
      "b\", Refiner negative: fog, App: SD.Next");
  ASSERT_EQ(got.prompts.size(), 1u);
  EXPECT_EQ(got.prompts[0], (PromptPart{"refiner", "a, b", "fog"}));
  EXPECT_TRUE(got.extra.empty());
}

TEST(InfotextDialects, SdNextListsThePartsOfItsControlUnits) {
  const Generation got = parse_settings(
      "Steps: 20, Size: 8x8, Sampler: Euler a, Seed: 1, App: SD.Next, Control "
      "process: Canny;Depth Anything, Control type: ControlNet, Control model: "
      "Canny XL;Depth XL, Control conditioning: 0.8;1.0, Control start: "
      "0.0;0.1, Control end: 1.0;0.9");
  ASSERT_EQ(got.controlnets.size(), 2u);
  EXPECT_EQ(got.controlnets[0],
            (ControlNet{"Canny XL", "Canny", 0.8, 0.0, 1.0}));
  EXPECT_EQ(got.controlnets[1],
            (ControlNet{"Depth XL", "Depth Anything", 1.0, 0.1, 0.9}));
  EXPECT_EQ(extra(got, "Control type"), "ControlNet");
  EXPECT_EQ(extra(got, "Control model"), "Canny XL;Depth XL");
}

TEST(InfotextDialects, SdNextNamesWhatEnlargedThePicture) {
  const auto upscalers = [](const std::string& mode, const std::string& name,
                            const std::string& scale) {
    return parse_settings("Steps: 20, Sampler: Euler a, Seed: 1, App: SD.Next, "
                          "Size after: 16x16, Size mode after: " +
                          mode + ", Size scale after: " + scale +
                          ", Size name after: " + name)
        .upscalers;
  };
  EXPECT_EQ(upscalers("1", "ESRGAN 4x", "2.0"),
            (std::vector<Upscaler>{{"ESRGAN 4x", 2.0}}));
  EXPECT_EQ(upscalers("1", "ESRGAN 4x", "1.0"),
            (std::vector<Upscaler>{{"ESRGAN 4x", {}}}));
  EXPECT_TRUE(upscalers("0", "ESRGAN 4x", "2.0").empty());
  EXPECT_TRUE(upscalers("1", "None", "2.0").empty());
}

TEST(InfotextDialects, StableDiffusionCppPrefersItsJson) {
  const Generation got = parse_settings(
      "Steps: 20, CFG scale: 7.000000, Guidance: 3.500000, Seed: 42, Size: "
      "8x16, Model: m.gguf, RNG: cuda, Sampler: euler_a karras, Skip layers: "
      "[7, 8, ], TE: clip_l.safetensors, TE: t5xxl.gguf, Version: "
      "stable-diffusion.cpp, SDCPP: "
      R"({"schema":"sdcpp.image.params/v1","generator":{"version":"master-1"},)"
      R"("seed":18446744073709551615,"width":8,"height":16,)"
      R"("prompt":{"positive":"a hill, wide","negative":""},)"
      R"("sampling":{"steps":20,"method":"euler_a","scheduler":"karras",)"
      R"("guidance":{"txt_cfg":7.0}},"loras":[{"name":"ink","multiplier":0.5}]})");
  EXPECT_EQ(got.software, "stable-diffusion.cpp");
  EXPECT_EQ(got.software_version, "master-1");
  EXPECT_EQ(got.prompt, "a hill, wide");
  EXPECT_EQ(got.seed, "18446744073709551615");
  EXPECT_EQ(got.sampler, "euler_a");
  EXPECT_EQ(got.scheduler, "karras");
  EXPECT_EQ(got.guidance, 3.5);
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].weight, 0.5);
  EXPECT_EQ(extra(got, "Skip layers"), "[7, 8, ]");
  EXPECT_EQ(extra(got, "Seed"), "42");
}

TEST(InfotextDialects, StableDiffusionCppNamesItsOtherModelsInItsJson) {
  const Generation got = parse_settings(
      "Steps: 20, Seed: 42, Sampler: euler_a, Hires upscale: Model, Version: "
      "stable-diffusion.cpp, SDCPP: "
      R"({"models":{"model":"m.gguf","control_net":"canny.gguf"},)"
      R"("control_strength":0.9,"hires":{"enabled":true,"upscaler":"Model",)"
      R"("model":"4x.pth","scale":2.0}})");
  EXPECT_EQ(got.hires.upscaler, "4x.pth");
  EXPECT_EQ(got.controlnets,
            (std::vector<ControlNet>{{"canny.gguf", {}, 0.9, {}, {}}}));
}

TEST(InfotextDialects, StableDiffusionCppLoadsADiffusionModelByItself) {
  const Generation got = parse_settings(
      "Steps: 20, CFG scale: 1.000000, Guidance: 3.500000, Seed: 42, Size: "
      "8x16, Model: , RNG: cuda, Sampler: euler discrete, TE: t5xxl.gguf, "
      "Unet: "
      "flux1-dev.gguf, Version: stable-diffusion.cpp");
  EXPECT_EQ(got.model, "flux1-dev.gguf");
  EXPECT_EQ(got.sampler, "euler");
  EXPECT_EQ(got.scheduler, "discrete");
}

TEST(InfotextDialects, KritaMayLabelThePrompt) {
  EXPECT_EQ(parse("Prompt: a hill\nNegative prompt: \nSteps: 20, Sampler: Euler, "
                  "CFG scale: 7, Seed: 1, Size: 8x8, Model hash: unknown, "
                  "Model: m")
                .prompt,
            "a hill");
}

TEST(InfotextDialects, ComfyUISaversPlaceholderPromptsAreAbsent) {
  const Generation got = parse(
      "unknown\nNegative prompt: unknown\nSteps: 20, Sampler: "
      "euler_ancestral_karras, CFG scale: 7.0, Seed: 1, Size: 8x8, Version: "
      "ComfyUI");
  EXPECT_EQ(got.prompt, std::nullopt);
  EXPECT_EQ(got.negative_prompt, std::nullopt);
  EXPECT_EQ(got.sampler, "euler_ancestral");
  EXPECT_EQ(got.scheduler, "karras");
}

TEST(CivitaiInfotext, Quirk27ModelNamesHoldBracketsAndQuotes) {
  const Generation got = parse_settings(
      R"(Steps: 20, Sampler: Euler, Seed: 1, Civitai resources: )"
      R"([{"type":"checkpoint","modelVersionId":5,"modelName":"A }], \"B\"",)"
      R"("modelVersionName":"v1"},{"type":"lora","weight":0.8,)"
      R"("modelVersionId":6,"modelName":"C"}], Civitai metadata: {})");
  ASSERT_EQ(got.civitai_resources.size(), 2u);
  EXPECT_EQ(got.civitai_resources[0].name, "A }], \"B\"");
  EXPECT_EQ(got.civitai_resources[1].weight, 0.8);
  EXPECT_EQ(got.model, "A }], \"B\"");
  EXPECT_TRUE(got.extra.empty());
}

// Peers drop everything when the list is not JSON.
TEST(CivitaiInfotext, BrokenResourcesCostOnlyThemselves) {
  const Generation got = parse_settings(
      "Steps: 20, Sampler: Euler, Civitai resources: [{\"type\":, Seed: 1");
  EXPECT_EQ(got.seed, "1");
  EXPECT_EQ(extra(got, "Civitai resources"), "[{\"type\":");
}

TEST(CivitaiInfotext, Quirk28MetadataFillsGaps) {
  const Generation got = parse_settings(
      R"(Steps: 20, Sampler: Undefined, Seed: 1, Size: 0x0, Civitai metadata: )"
      R"({"workflow":"txt2img","sampler":"Euler","cfgScale":4,"steps":99,)"
      R"("aspectRatio":{"value":"2:3","width":832,"height":1216},)"
      R"("resources":[{"modelVersionId":7,"strength":0.5,"type":"lora"}]})");
  EXPECT_EQ(got.steps, 20);
  EXPECT_EQ(got.sampler, "Euler");
  EXPECT_EQ(got.cfg_scale, 4.0);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.height, 1216);
  ASSERT_EQ(got.civitai_resources.size(), 1u);
  EXPECT_EQ(got.civitai_resources[0].weight, 0.5);
  EXPECT_NE(extra(got, "Civitai metadata"), "(none)");
}

TEST(CivitaiInfotext, Quirk29CreatedDateKeepsItsColons) {
  EXPECT_EQ(extra(parse_settings("Steps: 20, Sampler: Euler, Created Date: "
                                 "2026-01-04T01:27:21.2717070Z"),
                  "Created Date"),
            "2026-01-04T01:27:21.2717070Z");
}

// Four tags, two of which peers lose.
TEST(CivitaiInfotext, TagsWithParenthesesSpacesAndNegativeWeightsAreFound) {
  const Generation got = parse(
      "a hill <lora:Ink (wash) v2:0.8> <lora:oil_v1:-0.5> <lora:a b:1> "
      "<lora:plain:0.3>\nSteps: 20, Sampler: Euler, Seed: 1, Civitai "
      "resources: [], Civitai metadata: {}");
  ASSERT_EQ(got.loras.size(), 4u);
  EXPECT_EQ(got.loras[0].name, "Ink (wash) v2");
  EXPECT_EQ(got.loras[1].weight, -0.5);
}

TEST(A1111, PromptsMayBeginWithABraceOrABracket) {
  for (const std::string prompt :
       {"{red|blue} hill", "{{hill}}, sea", "[hill], sea", "[hill:sea:0.5]",
        "[[hill]], sea", "{\"hill\"}"}) {
    for (const std::string rest :
         {"\nNegative prompt: fog\nSteps: 20, Sampler: Euler, Seed: 1",
          "\nNegative prompt: fog\n Steps: 20, Sampler: Euler, Seed: 1",
          "\nNegative prompt: fog\nSampler: Euler, Steps: 20, Seed: 1",
          ".Negative prompt: fog.Steps: 20, Sampler: Euler, Seed: 1",
          "\rNegative prompt: fog\rSteps:20, Sampler:Euler, Seed:1"}) {
      if (prompt.starts_with("{\"") && !rest.starts_with('\n')) continue;
      for (const char* key : {"parameters", "UserComment"}) {
        const Generation got = parse(fields(key, prompt + rest)).generation;
        EXPECT_EQ(got.prompt, prompt) << rest;
        EXPECT_EQ(got.negative_prompt, "fog") << prompt << rest;
        EXPECT_EQ(got.steps, 20) << prompt << rest;
      }
    }
    const std::string without_settings = prompt + "\nNegative prompt: fog";
    EXPECT_EQ(parse(without_settings).prompt, prompt);
    EXPECT_EQ(parse(without_settings).negative_prompt, "fog");
  }
  EXPECT_EQ(parse("{red|blue} hill").prompt, "{red|blue} hill");
}

TEST(A1111, JsonThatWasCutIsNoPrompt) {
  for (const char* text :
       {"{", "[", "[[", R"({"3": {"class_type": "KSam)", R"({"prompt": "a hi)",
        R"({ "seed)", R"(["Prompt", "a hill"], ["St)",
        R"([["Prompt", "a hill. Steps: 20, Sampler: Euler, Seed: 1)",
        R"([{"text": "a hill, Negative prompt: fog, Steps: 20, Seed: 1)"})
    EXPECT_FALSE(claims(fields("parameters", text))) << text;
}

TEST(CivitaiInfotext, BesideAGraphResourcesNameNoLoras) {
  ImageFields image = fields(
      "parameters",
      R"(a
Steps: 20, Sampler: Euler, Seed: 1, Version: ComfyUI, Civitai resources: )"
      R"([{"modelName":"Ink","air":"urn:air:sdxl:lora:civitai:1@2"}])");
  add(image, "prompt", "{}");
  const Generation got = parse(image).generation;
  EXPECT_TRUE(got.loras.empty());
  ASSERT_EQ(got.civitai_resources.size(), 1u);
  EXPECT_EQ(got.civitai_resources[0].model_version_id, 2u);
}

// Whatever tool writes it: the key, its value and the field that holds it.
TEST(A1111, EveryKnownSettingFillsItsField) {
  const auto reads = [](const std::string& pair, auto field, auto expected) {
    const Generation got =
        parse_settings("Steps: 20, Sampler: Euler, Seed: 1, " + pair);
    EXPECT_EQ(field(got), expected) << pair;
    EXPECT_TRUE(got.extra.empty()) << pair;
  };
  const auto number = [&](const std::string& key, auto member) {
    reads(
        key + ": 2.5", [=](const Generation& g) { return g.*member; }, 2.5);
  };
  const auto hires = [&](const std::string& pair, auto member, auto expected) {
    reads(
        pair, [=](const Generation& g) { return g.hires.*member; }, expected);
  };
  const auto prompt = [&](const std::string& key, std::string_view role,
                          auto member) {
    reads(
        key + ": a swan",
        [=](const Generation& g) -> std::optional<std::string> {
          if (g.prompts.size() != 1 || g.prompts[0].role != role) return {};
          return g.prompts[0].*member;
        },
        "a swan");
  };
  for (const char* key : {"CFG scale", "Guidance scale", "CFG"})
    number(key, &Generation::cfg_scale);
  for (const char* key :
       {"Distilled CFG Scale", "Distilled guidance", "Guidance"})
    number(key, &Generation::guidance);
  number("Denoising strength", &Generation::denoising_strength);
  hires("Hires strength: 0.4", &Hires::denoising_strength, 0.4);
  hires("Hires scale: 1.5", &Hires::upscale, 1.5);
  hires("Hires upscale: 1.5", &Hires::upscale, 1.5);
  hires("Hires upscale: Latent", &Hires::upscaler, "Latent");
  hires("Hires upscaler: Latent", &Hires::upscaler, "Latent");
  hires("Hires steps: 9", &Hires::steps, 9);
  hires("Hires size: 96x64", &Hires::width, 96);
  hires("Hires resize: 96x64", &Hires::height, 64);
  prompt("Hires prompt", "hires", &PromptPart::prompt);
  prompt("Hires negative prompt", "hires", &PromptPart::negative_prompt);
  prompt("Detailer prompt", "detailer", &PromptPart::prompt);
  prompt("Detailer negative", "detailer", &PromptPart::negative_prompt);
  for (const char* key : {"Prompt2", "Refiner prompt"})
    prompt(key, "refiner", &PromptPart::prompt);
  for (const char* key : {"Negative2", "Refiner negative"})
    prompt(key, "refiner", &PromptPart::negative_prompt);
  for (const char* key :
       {"SD upscale upscaler", "Tiled Diffusion upscaler",
        "Ultimate SD upscale upscaler", "Postprocess upscaler"})
    reads(
        std::string(key) + ": 4x-Invented",
        [](const Generation& g) {
          return g.upscalers.empty() ? "" : g.upscalers[0].name;
        },
        "4x-Invented");
}

// https://github.com/AUTOMATIC1111/stable-diffusion-webui: `Hypernet`,
// `Hypernet strength`; SD.Next's and Forge's modules are of this kind too.
TEST(A1111, SettingsWithoutAFieldStayInExtraAsWritten) {
  const std::string line =
      "Hypernet: ink_v3, Hypernet strength: 0.8, Use hypernetwork model: None, "
      "Uncond Unet: x.safetensors, Custom Sigmas: [14.6, 2.1, 0.0], "
      "Face restoration: CodeFormer, Eta: 0.67, RNG: CPU, "
      "Module 1: clip_l, Beta schedule alpha: 0.6, Skip Early CFG: 0.1";
  const Generation got = parse_settings(std::string(kSettings) + ", " + line);
  std::string kept;
  for (const KeyValue& pair : got.extra)
    kept += (kept.empty() ? "" : ", ") + pair.key + ": " + pair.value;
  EXPECT_EQ(kept, line);
}

// SaveImageWithMetaDataUniversal, for models with two text encoders.
TEST(A1111, LabelledPromptsOfTwoEncodersAreOne) {
  const auto prompt_of = [](const std::string& prompts) {
    return parse(prompts + "\nNegative prompt: \n" + std::string(kSettings) +
                 ", Denoise: 0.5, Batch index: 0");
  };
  EXPECT_EQ(prompt_of("T5 Prompt: a hill\nCLIP Prompt: a hill").prompt,
            "a hill");
  const Generation two =
      prompt_of("T5 Prompt: a hill,\nfar\nCLIP Prompt: hill");
  EXPECT_EQ(two.prompt, "hill\na hill,\nfar");
  EXPECT_EQ(two.denoising_strength, 0.5);
  EXPECT_EQ(prompt_of("T5 Prompt: a hill").prompt, "T5 Prompt: a hill");
}

TEST(A1111, DenoiseIsTheStrengthWhereNothingElseIs) {
  const Generation got = parse_settings(
      std::string(kSettings) + ", Denoise: 1.0, Denoising strength: 0.3");
  EXPECT_EQ(got.denoising_strength, 0.3);
  EXPECT_EQ(extra(got, "Denoise"), "1.0");
}

TEST(A1111, LabelsAndWeightsInFrontOfStepsAreThePrompts) {
  for (const std::string last :
       {"look: dark, blue,", "(red:1.2), (blue hat:1.3),", "<lora:ink:0.8>,",
        "masterpiece:1.2,", "style: oil, mood: dark,",
        "Close-up: a woman, at night,", "Photo: a dog"}) {
    const Generation got = parse("a hill\n" + last +
                                 " Steps: 20, Sampler: Euler a, Seed: 7");
    EXPECT_TRUE(got.prompt->find(last.substr(0, last.size() - 1)) !=
                std::string::npos)
        << *got.prompt;
    EXPECT_EQ(got.steps, 20) << last;
  }
}

TEST(A1111, WhatSdNextOf2025EnlargesWithIsAnUpscaler) {
  EXPECT_EQ(parse_settings(std::string(kSettings) +
                           ", App: SD.Next, Resize after: 1024x1536, Resize "
                           "name after: 4x-Sharp, Resize scale after: 2.0")
                .upscalers,
            (std::vector<Upscaler>{{"4x-Sharp", 2.0}}));
}

TEST(A1111, LoraManagersRecipeBelowTheSettingsHasItsName) {
  EXPECT_EQ(parse_settings(std::string(kSettings) +
                           " \n Recipe metadata: {\"title\": \"hill\"}")
                .extra,
            (std::vector<KeyValue>{
                {"Recipe metadata", "{\"title\": \"hill\"}"}}));
}

TEST(A1111, SidesMayBeTheFirstLinesOfAColumn) {
  const Generation got = parse(
      "a hill\nWidth: 512\nHeight: 768\nSeed: 7\nSteps: 20\nSampler: Euler");
  EXPECT_EQ(got.prompt, "a hill");
  EXPECT_EQ(got.width, 512);
  EXPECT_EQ(got.height, 768);
  EXPECT_EQ(got.seed, "7");
}

// ComfyUI's WLSH nodes; a prompt may begin with these words by itself.
TEST(A1111, ALabelAboveThePromptIsNoPartOfIt) {
  const Generation got = parse(
      "Positive prompt:\na hill\nNegative prompt:\nfog\nModel: x\nSeed: 1");
  EXPECT_EQ(got.software, "comfyui");
  EXPECT_EQ(got.prompt, "a hill");
  EXPECT_EQ(got.negative_prompt, "fog");
  EXPECT_EQ(got.model, "x");
  EXPECT_EQ(got.seed, "1");
  EXPECT_EQ(parse_settings(std::string(kSettings)).prompt, "a hill");
  EXPECT_EQ(parse("Positive prompt: a hill\n" + std::string(kSettings)).prompt,
            "Positive prompt: a hill");
}

}  // namespace
}  // namespace sdmeta
