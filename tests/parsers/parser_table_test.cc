#include "parsers/parser_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "parsers/interpret.h"
#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

struct Text {
  std::string key;
  std::string value;
  Carrier carrier = Carrier::kPngText;
};

ImageFields image_with(const std::vector<Text>& texts) {
  ImageFields image;
  image.container = Container::kPng;
  for (const Text& text : texts)
    image.fields.push_back(
        {text.carrier, Encoding::kUtf8, text.key, text.value});
  return image;
}

Interpretation interpret_texts(const std::vector<Text>& texts) {
  return interpret(image_with(texts), Limits{});
}

// Software of the image, "error: ..." or "none".
std::string software_of(const std::vector<Text>& texts) {
  const Interpretation got = interpret_texts(texts);
  if (got.generation) return got.generation->software;
  return got.error ? "error: " + got.error->detail : "none";
}

const std::string kInfotext =
    "an infotext prompt\nNegative prompt: bad\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, "
    "Model: m";

const std::string kGraph =
    R"({"1":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"g.safetensors"}},)"
    R"("2":{"class_type":"CLIPTextEncode","inputs":{"clip":["1",1],"text":"a graph prompt"}},)"
    R"("3":{"class_type":"CLIPTextEncode","inputs":{"clip":["1",1],"text":""}},)"
    R"("4":{"class_type":"EmptyLatentImage","inputs":{"width":640,"height":640,"batch_size":1}},)"
    R"("5":{"class_type":"KSampler","inputs":{"model":["1",0],"positive":["2",0],"negative":["3",0],)"
    R"("latent_image":["4",0],"seed":2,"steps":30,"cfg":5,"sampler_name":"euler","scheduler":"karras","denoise":1}},)"
    R"("6":{"class_type":"VAEDecode","inputs":{"samples":["5",0],"vae":["1",2]}},)"
    R"("7":{"class_type":"SaveImage","inputs":{"images":["6",0],"filename_prefix":"x"}}})";

const std::string kNovelAi =
    R"({"steps":28,"scale":5,"seed":3,"sampler":"k_euler","noise_schedule":"karras","uc":"bad"})";

const std::string kSwarm =
    R"({"sui_image_params":{"prompt":"a swarm prompt","seed":4,"steps":20}})";

// --- order: one image for each pair of rows that could both claim it

TEST(ParserTable, NovelAiStandsAboveInfotextOfTheSameImage) {
  EXPECT_EQ(software_of({{"Software", "NovelAI"},
                         {"Description", "a cat"},
                         {"Comment", kNovelAi},
                         {"parameters", kInfotext}}),
            "novelai");
}

TEST(ParserTable, NovelAiStandsAboveFooocusMreWhichAlsoUsesComment) {
  EXPECT_EQ(software_of({{"Comment", kNovelAi}}), "novelai");
  EXPECT_EQ(software_of({{"Comment",
                          R"({"prompt":"a","real_prompt":["b"],"steps":3})"}}),
            "fooocus-mre");
}

TEST(ParserTable, DrawThingsIsNotNovelAiThoughBothHaveUc) {
  EXPECT_EQ(software_of({{"exif:UserComment",
                          R"({"c":"a cove","uc":"fog","scale":7,"seed":1})",
                          Carrier::kXmp}}),
            "draw-things");
}

TEST(ParserTable, InvokeAiStandsAboveInfotext) {
  EXPECT_EQ(software_of({{"parameters", kInfotext},
                         {"invokeai_metadata",
                          R"({"positive_prompt":"a","steps":3})"}}),
            "invokeai");
}

TEST(ParserTable, InvokeAiStandsAboveGenericJson) {
  EXPECT_EQ(
      software_of({{"invokeai_metadata",
                    R"({"positive_prompt":"a","steps":3,"seed":1})"}}),
      "invokeai");
}

TEST(ParserTable, TensorArtStandsAboveItsOwnGraph) {
  EXPECT_EQ(software_of({{"generation_data",
                          R"({"prompt":"a","seed":"-1","steps":3})"},
                         {"prompt", kGraph}}),
            "tensorart");
}

TEST(ParserTable, StabilityMatrixStandsAboveItsOwnInfotextAndGraph) {
  EXPECT_EQ(software_of({{"parameters", kInfotext},
                         {"prompt", kGraph},
                         {"parameters-json",
                          R"({"PositivePrompt":"a","Steps":3})"}}),
            "stability-matrix");
}

TEST(ParserTable, GraphsStandAboveChunksOfWhichOneIsPromptToo) {
  EXPECT_EQ(software_of({{"prompt", "a boat"},
                         {"seed", "7"},
                         {"steps", "20"},
                         {"scale", "7.5"}}),
            "sd-scripts");
  EXPECT_EQ(software_of({{"prompt", kGraph},
                         {"seed", "7"},
                         {"steps", "20"},
                         {"scale", "7.5"}}),
            "comfyui");
}

TEST(ParserTable, MochiDiffusionStandsAboveInfotextWhoseKeysItUses) {
  EXPECT_EQ(software_of({{"Caption",
                          "Metadata Version: 2\nInclude in Image: a boat\n"
                          "Model: m\nSeed: 7\nSteps: 20\n"
                          "Generator: Mochi Diffusion 6.2"}}),
            "mochi-diffusion");
}

TEST(ParserTable, SwarmStandsAboveItsOwnGraph) {
  EXPECT_EQ(software_of({{"prompt", kGraph}, {"parameters", kSwarm}}),
            "swarmui");
}

TEST(ParserTable, SwarmIsFoundInAPromptChunk) {
  EXPECT_EQ(software_of({{"prompt", kSwarm}}), "swarmui");
}

TEST(ParserTable, FooocusIsNotRuinedFooocus) {
  EXPECT_EQ(
      software_of(
          {{"parameters",
            R"({"prompt":"a","base_model":"m","styles":"[]","steps":3})"}}),
      "fooocus");
  EXPECT_EQ(
      software_of({{"parameters",
                    R"({"Prompt":"a","steps":3,"software":"RuinedFooocus"})"}}),
      "ruined-fooocus");
}

TEST(ParserTable, CivitaisMetadataTellsItsGraphsFromOthers) {
  const Text metadata = {"extraMetadata", R"({"prompt":"a","steps":3})"};
  EXPECT_EQ(software_of({{"prompt", kGraph}}), "comfyui");
  EXPECT_EQ(software_of({{"prompt", kGraph}, metadata}), "civitai");
  EXPECT_EQ(software_of({{"prompt", kGraph}, {"parameters", kInfotext}}),
            "comfyui");
}

TEST(ParserTable, ItsVersionTellsWhoseInfotextIs) {
  const Text graph = {"prompt", kGraph};
  const std::string unknown = kInfotext + ", Model hash: unknown";
  EXPECT_EQ(software_of({{"parameters", kInfotext}}), "a1111");
  EXPECT_EQ(software_of({{"parameters", unknown}}), "krita");
  EXPECT_EQ(software_of({graph, {"parameters", unknown}}), "comfyui");
  EXPECT_EQ(software_of({graph, {"parameters", kInfotext + ", Version: neo"}}),
            "forge-neo");
}

TEST(ParserTable, FooocusInfotextSchemeIsInfotext) {
  const Interpretation got = interpret_texts(
      {{"parameters", kInfotext + ", Version: Fooocus v2.5.0"},
       {"fooocus_scheme", "a1111"}});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, "an infotext prompt");
}

TEST(ParserTable, EasyDiffusionChunksAreNotAComfyPrompt) {
  EXPECT_EQ(software_of({{"prompt", "a mill"},
                         {"negative_prompt", ""},
                         {"seed", "1"},
                         {"use_stable_diffusion_model", "m"}}),
            "easy-diffusion");
}

TEST(ParserTable, HfSpaceStandsAboveGenericJson) {
  EXPECT_EQ(
      software_of(
          {{"parameters",
            R"({"prompt":"a","resolution":"64 x 64","Model":"m","seed":1})"}}),
      "hf-space");
}

TEST(ParserTable, GenericJsonIsNotTakenForInfotext) {
  EXPECT_EQ(software_of({{"parameters",
                          R"({"prompt":"a","seed":1,"steps":3})"}}),
            "unknown-json");
}

TEST(ParserTable, JsonWithoutEnoughParametersIsUnrecognized) {
  const Interpretation got =
      interpret_texts({{"Comment", R"({"prompt":"a","title":"b"})"}});
  EXPECT_FALSE(got.generation);
  EXPECT_FALSE(got.error);
  EXPECT_TRUE(got.has_text);
}

TEST(ParserTable, PromptInBracesIsAPromptAndNoJson) {
  const Interpretation got = interpret_texts(
      {{"parameters",
        "{red|blue} dress\nNegative prompt: {a|b}\nSteps: 20, Sampler: Euler, "
        "CFG scale: 7, Seed: 1, Size: 64x64"}});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, "{red|blue} dress");
}

// One payload of each row, as its writer puts it, in the order of the table.
struct RowPayload {
  std::string_view row;
  std::vector<Text> texts;
};

const std::vector<RowPayload>& payload_of_every_row() {
  static const std::vector<RowPayload> kPayloads = {
      {"novelai", {{"Comment", kNovelAi}}},
      {"draw_things",
       {{"exif:UserComment", R"({"c":"a","uc":"b","scale":7,"steps":5})",
         Carrier::kXmp}}},
      {"invokeai", {{"invokeai_metadata", R"({"positive_prompt":"a"})"}}},
      {"tensorart", {{"generation_data", R"({"prompt":"a","steps":5})"}}},
      {"stability_matrix",
       {{"parameters-json", R"({"PositivePrompt":"a","Steps":5})"}}},
      {"swarmui", {{"parameters", kSwarm}}},
      {"fooocus_mre",
       {{"Comment", R"({"prompt":"a","real_prompt":["a"],"base_model":"m"})"}}},
      {"fooocus",
       {{"parameters",
         R"({"prompt":"a","base_model":"m","performance":"Speed"})"}}},
      {"ruined_fooocus",
       {{"parameters", R"({"Prompt":"a","software":"RuinedFooocus"})"}}},
      {"easy_diffusion",
       {{"UserComment", R"({"prompt":"a","use_stable_diffusion_model":"m"})",
         Carrier::kExifIfd}}},
      {"mochi_diffusion",
       {{"Caption-Abstract",
         "Include in Image: a; Seed: 1; Generator: Mochi Diffusion 4.1",
         Carrier::kIptc}}},
      {"koboldcpp",
       {{"parameters",
         "Prompt: a | NegativePrompt: b | Steps: 5 | Seed: 1 | Version: "
         "KoboldCpp"}}},
      {"a1111", {{"parameters", kInfotext + ", Version: v1.10.1"}}},
      {"comfyui", {{"prompt", kGraph}}},
      {"wangp",
       {{"comment",
         R"({"type":"WanGP v9.1 by X","prompt":"a","resolution":"8x8",)"
         R"("num_inference_steps":3})"}}},
      {"hf_space",
       {{"parameters",
         R"({"prompt":"a","resolution":"8 x 8","Model":"m","seed":1})"}}},
      {"midjourney",
       {{"Description",
         "a --v 6 Job ID: 2f1c9a34-0b1d-4c3e-9f00-aabbccddeeff"}}},
      {"black_forest_labs",
       {{"Make", "Black Forest Labs", Carrier::kExifIfd0},
        {"Model", "flux-dev", Carrier::kExifIfd0}}},
      {"generic_chunks",
       {{"prompt", "a"}, {"seed", "1"}, {"steps", "5"}, {"scale", "7"}}},
      {"generic_json",
       {{"UserComment", R"({"prompt":"a","seed":1,"cfg_scale":7})",
         Carrier::kExifIfd}}},
      {"infotext_in_json",
       {{"info", R"({"infotext":"a\nSteps: 5, Sampler: Euler, Seed: 1"})"}}},
  };
  return kPayloads;
}

std::vector<Text> joined(std::vector<Text> texts,
                         const std::vector<Text>& others) {
  texts.insert(texts.end(), others.begin(), others.end());
  return texts;
}

TEST(ParserTable, OfTwoPayloadsTheUpperRowsIsReadWhateverTheirOrder) {
  const auto& payloads = payload_of_every_row();
  ASSERT_EQ(payloads.size(), parser_table().size());
  for (std::size_t upper = 0; upper < payloads.size(); ++upper) {
    const std::vector<Text>& texts = payloads[upper].texts;
    ASSERT_EQ(payloads[upper].row, parser_table()[upper]->name);
    const std::string software = software_of(texts);
    EXPECT_NE(parser_table()[upper]->software.find(software),
              std::string_view::npos)
        << software;
    for (std::size_t lower = upper + 1; lower < payloads.size(); ++lower) {
      const std::vector<Text>& others = payloads[lower].texts;
      EXPECT_EQ(software_of(joined(texts, others)), software)
          << payloads[lower].row;
      EXPECT_EQ(software_of(joined(others, texts)), software)
          << payloads[lower].row;
    }
  }
}

// Models of 2026 are prompted in JSON, and web UIs write that as any prompt.
TEST(ParserTable, APromptThatIsJsonIsAPromptAndIsNotRepaired) {
  const std::string prompt =
      R"({"prompt": "a hill", "seed": 5, "steps": 3, "model": "x"})";
  const Interpretation got = interpret_texts(
      {{"parameters", prompt + "\nNegative prompt: fog\nSteps: 12, Sampler: "
                               "Euler, Seed: 1, Version: neo"}});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->software, "forge-neo");
  EXPECT_EQ(got.generation->prompt, prompt);
  EXPECT_EQ(got.generation->negative_prompt, "fog");
  EXPECT_EQ(got.generation->seed, "1");
  EXPECT_TRUE(got.warnings.empty());
}

TEST(ParserTable, EveryRowIsNamedOnce) {
  std::vector<std::string_view> names;
  for (const ParserRow* row : parser_table()) names.push_back(row->name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

// Is `word` one of the space separated `words`?
bool is_one_of(std::string_view word, std::string_view words) {
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    if (words.substr(0, space) == word) return true;
    words.remove_prefix(std::min(space + 1, words.size()));
  }
  return false;
}

TEST(ParserTable, EveryRowHasTwoFixtures) {
  for (const ParserRow* row : parser_table()) {
    int count = 0;
    for (const auto& path : all_fields_files()) {
      const std::string tool = path.parent_path().filename().string();
      if (is_one_of(tool, row->software)) ++count;
    }
    EXPECT_GE(count, 2) << row->name;
  }
}

TEST(ParserTable, SoftwareOfEveryFixtureIsOneItsRowNames) {
  for (const auto& path : all_fields_files()) {
    const Interpretation got = interpret(read_fields_file(path), Limits{});
    if (!got.generation) continue;
    bool is_named = false;
    for (const ParserRow* row : parser_table())
      is_named |= is_one_of(got.generation->software, row->software);
    EXPECT_TRUE(is_named) << path << ": " << got.generation->software;
  }
}

// --- several payloads in one file

// What converters from PNG write where a container has no keywords.
std::vector<Text> wrapped(const std::vector<Text>& texts) {
  nlohmann::ordered_json json;
  for (const Text& text : texts) json[text.key] = text.value;
  return {{"UserComment", json.dump(), Carrier::kExifIfd}};
}

TEST(Wrapper, ChunksInOneObjectAreReadLikeChunks) {
  for (const std::vector<Text>& texts :
       {std::vector<Text>{{"parameters", kInfotext}},
        {{"parameters", kInfotext}, {"prompt", kGraph}},
        {{"parameters", kSwarm}, {"prompt", kGraph}},
        {{"parameters",
          R"({"prompt": "a", "base_model": "m", "styles": "[]", "steps": 3})"},
         {"fooocus_scheme", "fooocus"}},
        {{"invokeai_metadata", R"({"positive_prompt": "a", "steps": 3})"}},
        {{"sd-metadata", R"({"image": {"prompt": "a [b]", "steps": 3}})"}},
        {{"Dream", R"("a [b]" -s 3 -S 1 -W 64 -H 64)"}},
        {{"generation_data", R"({"prompt": "a", "steps": 3})"}},
        {{"Software", "NovelAI"},
         {"Description", "a"},
         {"Comment", kNovelAi}},
        {{"prompt", "a mill"},
         {"seed", "1"},
         {"use_stable_diffusion_model", "m"}},
        {{"parameters", kInfotext},
         {"parameters-json", R"({"PositivePrompt": "a", "Steps": 1})"},
         {"prompt", kGraph}}}) {
    const Interpretation plain = interpret_texts(texts);
    const Interpretation got = interpret_texts(wrapped(texts));
    ASSERT_TRUE(plain.generation);
    ASSERT_TRUE(got.generation);
    EXPECT_TRUE(*got.generation == *plain.generation);
  }
}

TEST(Merge, InfotextWinsAndTheGraphFillsTheRest) {
  const Interpretation got = interpret_texts(
      {{"parameters",
        "a saver's prompt\nNegative prompt: bad\nSteps: 20, Sampler: Euler a, "
        "CFG scale: 7, Seed: 1, Model: unknown, Version: ComfyUI"},
       {"prompt", kGraph}});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, "a saver's prompt");
  EXPECT_EQ(got.generation->seed, "1");
  EXPECT_EQ(got.generation->model, "g.safetensors");
  EXPECT_EQ(got.generation->width, 640);
  EXPECT_EQ(got.generation->scheduler, "karras");
}

// ComfyUI-Image-Saver: resources in infotext, LoRAs in the graph.
TEST(Merge, LorasOfTheGraphGetTheVersionIdsOfTheInfotext) {
  const std::string infotext =
      "a hill\nSteps: 20, Sampler: Euler, Seed: 1, Version: ComfyUI, Civitai "
      R"(resources: [{"modelName":"Ink","weight":0.8,)"
      R"("air":"urn:air:sdxl:lora:civitai:3@4"},{"modelName":"Oils",)"
      R"("weight":0.4,"air":"urn:air:sdxl:lora:civitai:5@6"}])";
  const std::string graph = R"({
    "m": {"class_type": "UNETLoader", "inputs": {"unet_name": "m.sft"}},
    "a": {"class_type": "LoraLoaderModelOnly",
          "inputs": {"lora_name": "own/ink.safetensors", "strength_model": 0.8,
                     "model": ["m", 0]}},
    "b": {"class_type": "LoraLoaderModelOnly",
          "inputs": {"lora_name": "b.safetensors", "strength_model": 0.4,
                     "model": ["a", 0]}},
    "k": {"class_type": "KSampler", "inputs": {"model": ["b", 0], "steps": 2}},
    "s": {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}})";
  const Interpretation got =
      interpret_texts({{"parameters", infotext}, {"prompt", graph}});
  ASSERT_TRUE(got.generation);
  ASSERT_EQ(got.generation->loras.size(), 2u);
  for (const Lora& lora : got.generation->loras)
    EXPECT_EQ(lora.model_version_id, lora.name == "b.safetensors" ? 6u : 4u)
        << lora.name;
}

TEST(Merge, SwarmIsWholeAndTakesNothingFromItsGraph) {
  const Interpretation got =
      interpret_texts({{"prompt", kGraph}, {"parameters", kSwarm}});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, "a swarm prompt");
  EXPECT_EQ(got.generation->model, std::nullopt);
  EXPECT_EQ(got.generation->width, std::nullopt);
}

TEST(Merge, TensorArtTakesItsSeedFromTheGraph) {
  const Interpretation got = interpret_texts(
      {{"generation_data", R"({"prompt":"a","seed":"-1","steps":3})"},
       {"prompt", kGraph}});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->seed, "2");
  EXPECT_EQ(got.generation->steps, 3);
}

TEST(Merge, NovelAiStealthCopyChangesNothing) {
  const std::vector<Text> chunks = {{"Software", "NovelAI"},
                                    {"Source", "NovelAI Diffusion V4 37442FCA"},
                                    {"Description", "a cat"},
                                    {"Comment", kNovelAi}};
  std::vector<Text> both = chunks;
  both.push_back({"parameters",
                  R"({"Description":"a cat","Software":"NovelAI",)"
                  R"("Source":"NovelAI Diffusion V4 37442FCA",)"
                  R"("Comment":"{\"steps\":28,\"scale\":5,\"seed\":3,\"sampler\":)"
                  R"(\"k_euler\",\"noise_schedule\":\"karras\",\"uc\":\"bad\"}"})",
                  Carrier::kStealthAlpha});
  EXPECT_EQ(interpret_texts(chunks).generation,
            interpret_texts(both).generation);
}

TEST(Merge, ABrokenPayloadIsAWarningWhereAnotherOneIsRead) {
  const Interpretation got = interpret_texts(
      {{"invokeai_metadata", "<html>"}, {"parameters", kInfotext}});
  ASSERT_TRUE(got.generation);
  EXPECT_FALSE(got.error);
  ASSERT_FALSE(got.warnings.empty());
  EXPECT_EQ(got.warnings.front().code, ErrorCode::kMalformed);
}

// --- text of interest

TEST(Interest, WhatEditorsAndCamerasWriteIsNoText) {
  for (const Text& text : std::vector<Text>{
           {"Software", "GIMP 3.0.6", Carrier::kExifIfd0},
           {"DateTime", "2026:01:22 19:41:17", Carrier::kExifIfd0},
           {"Make", "Canon", Carrier::kExifIfd0},
           {"Model", "Canon EOS 90D", Carrier::kExifIfd0},
           {"Comment", "Created with GIMP"},
           {"Comment", "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90",
            Carrier::kJpegComment},
           {"ImageDescription", "OLYMPUS DIGITAL CAMERA", Carrier::kExifIfd0},
           {"Software", "Adobe ImageReady"},
           {"date:create", "2024-01-01T00:00:00+00:00"},
           {"exif:ExifOffset", "123"},
           {"xmpMM:DocumentID", "xmp.did:1234", Carrier::kXmp},
           {"photoshop:ICCProfile", "sRGB IEC61966-2.1", Carrier::kXmp},
           {"UserComment", "   ", Carrier::kExifIfd},
           {"encoder", "Lavf60.16.100", Carrier::kMp4Mdta}}) {
    const Interpretation got = interpret_texts({text});
    EXPECT_FALSE(got.has_text) << text.key << ": " << text.value;
    EXPECT_FALSE(got.generation) << text.key << ": " << text.value;
  }
}

TEST(Interest, TextThatMightBeAPromptIsUnrecognizedAndNotInvented) {
  for (const Text& text : std::vector<Text>{
           {"Comment", "saved again in an editor"},
           {"ImageDescription", "a boat on a lake", Carrier::kExifIfd0},
           {"XPComment", "a boat on a lake", Carrier::kExifIfd0},
           {"Comment", "a boat on a lake", Carrier::kJpegComment},
           {"dc:description", "a boat on a lake", Carrier::kXmp}}) {
    const Interpretation got = interpret_texts({text});
    EXPECT_TRUE(got.has_text) << text.key;
    EXPECT_FALSE(got.generation) << text.key;
  }
}

TEST(Interest, TheLabelOfGeneratedContentIsNoText) {
  const std::string label = R"({"Label":"1","ContentProducer":"x"})";
  for (const Text& text :
       std::vector<Text>{{"TC260:AIGC", label, Carrier::kXmp},
                         {"AIGC", label},
                         {"UserComment", "{\"AIGC\":" + label + "}",
                          Carrier::kExifIfd}})
    EXPECT_FALSE(interpret_texts({text}).has_text) << text.key;
}

TEST(Interest, NoTextAtAllIsNoText) {
  EXPECT_FALSE(interpret(ImageFields{}, Limits{}).has_text);
}

bool notes_bound(const Interpretation& got, std::string_view what) {
  return std::any_of(got.warnings.begin(), got.warnings.end(),
                     [what](const Error& warning) {
                       return warning.code == ErrorCode::kTooManyFields &&
                              warning.detail.find(what) != std::string::npos;
                     });
}

TEST(Interpret, MembersOfAWrappingObjectThatAreNotReadAreNoted) {
  const auto wrapped = [](int members) {
    nlohmann::json object = {{"parameters", "a cat\nSteps: 20, Seed: 7"}};
    for (int i = 1; i < members; ++i) object[std::to_string(i).insert(0, 1, 'z')] = "x";
    return interpret_texts({{"UserComment", object.dump(), Carrier::kExifIfd}});
  };
  EXPECT_FALSE(notes_bound(wrapped(64), "first members"));
  const Interpretation got = wrapped(65);
  ASSERT_TRUE(got.generation);
  EXPECT_TRUE(notes_bound(got, "first members"));
}

TEST(Interpret, LorasBeyondTheBoundAreNoted) {
  std::string prompt = "a cat";
  for (int i = 0; i < 9000; ++i)
    prompt += "<lora:x" + std::to_string(i) + ":1>";
  const Interpretation got =
      interpret_texts({{"parameters", prompt + "\nSteps: 20, Seed: 7"}});
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->loras.size(), 8192u);
  EXPECT_TRUE(notes_bound(got, "loras"));
}

}  // namespace
}  // namespace sdmeta
