// Prompts of which the graph lacks all or some: what is there must not pass for
// what is not.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "parsers/interpret.h"
#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

using Json = nlohmann::ordered_json;

bool is_flagged(const Interpretation& got) {
  return std::any_of(
      got.warnings.begin(), got.warnings.end(),
      [](const Error& it) { return it.code == ErrorCode::kLowConfidence; });
}

// Text to image from the text of node `words`; `nodes` has it and what feeds
// it.
Interpretation made_with(const std::string& nodes) {
  Json graph = Json::parse(R"({
    "m": {"class_type": "CheckpointLoaderSimple",
          "inputs": {"ckpt_name": "heron.safetensors"}},
    "l": {"class_type": "EmptyLatentImage",
          "inputs": {"width": 832, "height": 1216}},
    "p": {"class_type": "CLIPTextEncode",
          "inputs": {"text": ["words", 0], "clip": ["m", 1]}},
    "n": {"class_type": "CLIPTextEncode",
          "inputs": {"text": "blurry", "clip": ["m", 1]}},
    "k": {"class_type": "KSampler",
          "inputs": {"model": ["m", 0], "positive": ["p", 0],
                     "negative": ["n", 0], "latent_image": ["l", 0],
                     "seed": 7, "steps": 20, "cfg": 5.5,
                     "sampler_name": "euler", "scheduler": "normal"}},
    "s": {"class_type": "SaveImage", "inputs": {"images": ["k", 0]}}})");
  graph.update(Json::parse(nodes));
  return interpret(fields("prompt", graph.dump()), Limits{});
}

// The sampler's sides come from two contexts, the newer of which wins.
Interpretation made_with_newer_context(const std::string& positive) {
  return made_with(R"json({
    "words": {"class_type": "OllamaGenerate", "inputs": {"prompt": "a bird"}},
    "o": {"class_type": "CLIPTextEncode",
          "inputs": {"text": "an older heron", "clip": ["m", 1]}},
    "c1": {"class_type": "Context (rgthree)",
           "inputs": {"positive": ["o", 0], "negative": ["n", 0]}},
    "c2": {"class_type": "Context (rgthree)",
           "inputs": {"seed": 9)json" +
                   positive + R"json(}},
    "c": {"class_type": "Context Merge (rgthree)",
          "inputs": {"ctx_01": ["c1", 0], "ctx_02": ["c2", 0]}},
    "k": {"class_type": "KSampler",
          "inputs": {"model": ["m", 0], "positive": ["c", 4],
                     "negative": ["c", 5], "latent_image": ["l", 0],
                     "seed": 7, "steps": 20}}})json");
}

TEST(ComfyMissingText, AnOlderPipeDoesNotStandInForAPromptThatIsNotThere) {
  const Interpretation got =
      made_with_newer_context(R"(, "positive": ["p", 0])");
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, std::nullopt);
  EXPECT_EQ(got.generation->negative_prompt, "blurry");
  EXPECT_TRUE(is_flagged(got));
}

TEST(ComfyMissingText, AnOlderPipeHasThePromptWhereTheNewerHasNone) {
  const Interpretation got = made_with_newer_context("");
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, "an older heron");
  EXPECT_EQ(got.generation->negative_prompt, "blurry");
  EXPECT_FALSE(is_flagged(got));
}

TEST(ComfyMissingText, WhatIsLeftOfAPromptIsKeptAndReported) {
  const std::string join = R"(
    "words": {"class_type": "StringConcatenate",
              "inputs": {"string_a": ["a", 0], "string_b": "soft light",
                         "delimiter": ", "}})";
  const Interpretation part = made_with(R"({
    "a": {"class_type": "OllamaGenerate", "inputs": {"prompt": "a bird"}},)" +
                                        join + "}");
  EXPECT_EQ(part.generation->prompt, "soft light");
  EXPECT_TRUE(is_flagged(part));
  const Interpretation whole = made_with(R"({
    "a": {"class_type": "PrimitiveString", "inputs": {"value": "a heron"}},)" +
                                         join + "}");
  EXPECT_EQ(whole.generation->prompt, "a heron, soft light");
  EXPECT_FALSE(is_flagged(whole));
}

TEST(ComfyMissingText, NothingLeftIsNotAnEmptyPrompt) {
  const Interpretation got = made_with(R"({
    "a": {"class_type": "OllamaGenerate", "inputs": {"prompt": "a bird"}},
    "words": {"class_type": "StringConcatenate",
              "inputs": {"string_a": ["a", 0], "string_b": "",
                         "delimiter": ""}}})");
  EXPECT_EQ(got.generation->prompt, std::nullopt);
}

TEST(ComfyMissingText, ATemplateIsNotWhatWasMadeOfIt) {
  const Interpretation got = made_with(R"({
    "a": {"class_type": "OllamaGenerate", "inputs": {"prompt": "a bird"}},
    "words": {"class_type": "ImpactWildcardProcessor",
              "inputs": {"wildcard_text": "a {grey|white} heron",
                         "populated_text": ["a", 0]}}})");
  EXPECT_EQ(got.generation->prompt, std::nullopt);
}

TEST(ComfyMissingText, WhatShowsAnIncompleteTextHasTheWholeOfIt) {
  const Interpretation got = made_with(R"({
    "a": {"class_type": "OllamaGenerate", "inputs": {"prompt": "a bird"}},
    "j": {"class_type": "StringConcatenate",
          "inputs": {"string_a": ["a", 0], "string_b": "soft light",
                     "delimiter": ", "}},
    "words": {"class_type": "ShowText|pysssss",
              "inputs": {"text": ["j", 0],
                         "text_0": "a heron, soft light"}}})");
  EXPECT_EQ(got.generation->prompt, "a heron, soft light");
  EXPECT_FALSE(is_flagged(got));
}

// In another language, or with words behind it, it is still what was asked for.
TEST(ComfyMissingText, TheUsersWordsStandForWhatWasMadeOfThem) {
  for (const std::string node : {R"("class_type": "DeepTranslatorTextNode",
           "inputs": {"text": ["a", 0], "from_translate": "cs"})",
                                 R"("class_type": "PromptExpansion",
           "inputs": {"text": ["a", 0], "seed": 3})",
                                 R"("class_type": "DPMagicPrompt",
           "inputs": {"text": ["a", 0], "seed": 3})"}) {
    SCOPED_TRACE(node);
    const std::string words = R"({
      "a": {"class_type": "PrimitiveString", "inputs": {"value": "volavka"}},
      "words": {)" + node + "}";
    const Interpretation got = made_with(words + "}");
    EXPECT_EQ(got.generation->prompt, "volavka");
    EXPECT_TRUE(is_flagged(got));
    const Interpretation shown = made_with(words + R"(,
      "v": {"class_type": "ShowText|pysssss",
            "inputs": {"text": ["words", 0], "text_0": "a heron"}}})");
    EXPECT_EQ(shown.generation->prompt, "a heron");
    EXPECT_FALSE(is_flagged(shown));
  }
}

// One input alone makes it no constant.
TEST(ComfyMissingText, AModelThatIsHandedItsWordsIsNotWhatItWrites) {
  for (const std::string name : {"HeronLLM", "Heron Prompt Enhancer GPT"}) {
    const Interpretation got =
        made_with(R"({"words": {"class_type": ")" + name +
                  R"(", "inputs": {"string": "a wren"}}})");
    EXPECT_EQ(got.generation->prompt, std::nullopt) << name;
  }
}

// A box with an output for each of its texts, in their order.
TEST(ComfyMissingText, EachTextOfABoxLeavesByItsOwnOutput) {
  for (const std::string texts :
       {R"("text_1": "a heron", "text_2": "blurry", "count": 2)",
        R"("prompt": "a heron, mist", "undesired": "blurry, low quality")"}) {
    SCOPED_TRACE(texts);
    const Interpretation got = made_with(R"({
      "words": {"class_type": "HeronWords", "inputs": {)" +
                                         texts + R"(}},
      "n": {"class_type": "CLIPTextEncode",
            "inputs": {"text": ["words", 1], "clip": ["m", 1]}}})");
    ASSERT_TRUE(got.generation->prompt);
    ASSERT_TRUE(got.generation->negative_prompt);
    EXPECT_TRUE(got.generation->prompt->starts_with("a heron"));
    EXPECT_TRUE(got.generation->negative_prompt->starts_with("blurry"));
    EXPECT_TRUE(is_flagged(got));
  }
}

// Dynamic Prompts and its kin: what was chosen is known where it is shown, and
// where there was nothing to choose.
TEST(ComfyMissingText, AVariantIsChosenByLot) {
  const auto drawn = [](const std::string& text, const std::string& more) {
    return made_with(R"({"words": {"class_type": "DPRandomGenerator",
        "inputs": {"text": ")" +
                     text + R"(", "seed": 1, "autorefresh": "No"}})" + more +
                     "}");
  };
  for (const std::string text :
       {"a {grey|white} heron", "a __colour__ heron", "a {2$$grey|tall} heron",
        "a heron {% if 1 %}by a river{% endif %}"}) {
    const Interpretation got = drawn(text, "");
    EXPECT_EQ(got.generation->prompt, text);
    EXPECT_TRUE(is_flagged(got)) << text;
    const Interpretation shown = drawn(text, R"(,
      "v": {"class_type": "ShowText|pysssss",
            "inputs": {"text": ["words", 0], "text_0": "a grey heron"}})");
    EXPECT_EQ(shown.generation->prompt, "a grey heron");
    EXPECT_FALSE(is_flagged(shown)) << text;
  }
  for (const std::string text : {"a heron", "a {heron}", "grey__heron"})
    EXPECT_FALSE(is_flagged(drawn(text, ""))) << text;
}

// What a gallery holds is one prompt only where one picture was chosen.
TEST(ComfyMissingText, AGalleryHoldsItsPromptAsJson) {
  const auto prompt_of = [](const Json& state) {
    const Json node = {{"class_type", "HeronGallery"},
                       {"inputs", {{"selection_data", state.dump()}}}};
    return made_with(Json{{"words", node}}.dump()).generation->prompt;
  };
  EXPECT_EQ(prompt_of({{"prompt", "a heron"}, {"image_url", "x"}}), "a heron");
  const Json one = {{"prompt", "a heron"}, {"image_url", "x"}};
  EXPECT_EQ(prompt_of({{"selections", Json::array({one})}}), "a heron");
  EXPECT_EQ(prompt_of({{"selections", Json::array({one, one})}}), std::nullopt);
  EXPECT_EQ(prompt_of(Json::object()), std::nullopt);
  // A caption in JSON is the prompt as it stands.
  const Json caption = {{"scene", "a heron, by a river"}};
  EXPECT_EQ(prompt_of(caption), caption.dump());
}

// Any of two texts may have been taken.
TEST(ComfyMissingText, ASwitchWhoseChoiceIsNotThereHasNoText) {
  const Interpretation got = made_with(R"({
    "a": {"class_type": "Random Number", "inputs": {"minimum": 1}},
    "b": {"class_type": "PrimitiveString", "inputs": {"value": "a heron"}},
    "d": {"class_type": "PrimitiveString", "inputs": {"value": "a duck"}},
    "words": {"class_type": "StringConcatenate",
              "inputs": {"string_a": ["w", 0], "string_b": "soft light",
                         "delimiter": ", "}},
    "w": {"class_type": "CR Text Input Switch",
          "inputs": {"Input": ["a", 0], "text1": ["b", 0],
                     "text2": ["d", 0]}}})");
  EXPECT_EQ(got.generation->prompt, "soft light");
  EXPECT_TRUE(is_flagged(got));
}

}  // namespace
}  // namespace sdmeta
