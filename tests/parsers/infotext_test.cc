#include "parsers/infotext.h"

#include <gtest/gtest.h>

#include <string>

#include "parsers/text.h"

namespace sdmeta {
namespace {

Infotext read(std::string_view text) { return read_infotext(text, Limits()); }

std::string first_value(const Infotext& infotext) {
  return infotext.settings.empty() ? "" : infotext.settings.front().value();
}

TEST(Infotext, HasPromptNegativePromptAndSettings) {
  const Infotext got = read("a hill\nNegative prompt: fog\nSteps: 5, Seed: 1");
  EXPECT_EQ(got.form, InfotextForm::kLines);
  EXPECT_EQ(got.prompt, "a hill");
  EXPECT_EQ(got.negative_prompt, "fog");
  EXPECT_EQ(got.settings.size(), 2u);
}

// A prompt can quote a settings line. Only the last line that begins with Steps
// and goes on like settings is the settings.
TEST(Infotext, Quirk17PromptMayQuoteASettingsLine) {
  const Infotext got = read(
      "a poster that says\nSteps: 99, Sampler: none, Seed: 3\n"
      "Steps: 20, Sampler: Euler, Seed: 7");
  EXPECT_EQ(got.prompt, "a poster that says\nSteps: 99, Sampler: none, Seed: 3");
  EXPECT_EQ(first_value(got), "20");
}

TEST(Infotext, Quirk17PromptMayCountSteps) {
  const Infotext got = read("Steps: 1 2 3\nup\nSteps: 20, Sampler: Euler");
  EXPECT_EQ(got.prompt, "Steps: 1 2 3\nup");
  EXPECT_EQ(first_value(got), "20");
}

TEST(Infotext, Quirk17NegativePromptInMidLineIsText) {
  const Infotext got = read(
      "a sign saying Negative prompt: no: , {x}\n"
      "Negative prompt: fog\nSteps: 5, Sampler: Euler");
  EXPECT_EQ(got.prompt, "a sign saying Negative prompt: no: , {x}");
  EXPECT_EQ(got.negative_prompt, "fog");
}

TEST(Infotext, Quirk18BlankLinesInsidePromptsStay) {
  const Infotext got = read(
      "a\n\nb\n\nNegative prompt: c\n\nd\n\nSteps: 5, Sampler: Euler");
  EXPECT_EQ(got.prompt, "a\n\nb");
  EXPECT_EQ(got.negative_prompt, "c\n\nd");
}

TEST(Infotext, Quirk18LineEndsBecomeLf) {
  EXPECT_EQ(with_lf("a\r\nb\rc\n\r\n"), "a\nb\nc\n\n");
}

TEST(Infotext, Quirk18EscapedLineEndsAreLineEnds) {
  EXPECT_EQ(with_line_ends(R"("a \\(b\\)\nSteps: 5, Foo: \"x\"")"),
            "a \\(b\\)\nSteps: 5, Foo: \"x\"");
  EXPECT_EQ(with_line_ends(R"(a \(b\)\r\nNegative prompt: c\nSteps: 5)"),
            "a \\(b\\)\nNegative prompt: c\nSteps: 5");
  EXPECT_EQ(with_line_ends("a\\nb"), std::nullopt);
  EXPECT_EQ(with_line_ends("a\n\\nSteps: 5"), std::nullopt);
}

TEST(Infotext, Quirk19AMissingNegativePromptIsAbsent) {
  EXPECT_EQ(read("a\nSteps: 5, Sampler: Euler").negative_prompt, std::nullopt);
}

// As A1111's own reader, which strips every line.
TEST(Infotext, Quirk19TheNegativePromptMayBeIndented) {
  const Infotext got =
      read("a\n  Negative prompt: b\n  Steps: 5, Sampler: Euler");
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.negative_prompt, "b");
}

TEST(Infotext, Quirk19AnEmptyNegativePromptIsEmpty) {
  EXPECT_EQ(read("a\nNegative prompt: \nSteps: 5, Sampler: Euler")
                .negative_prompt,
            "");
}

// Peers slice at position -1 here.
TEST(Infotext, Quirk19ANegativePromptMayComeFirst) {
  const Infotext got = read("Negative prompt: fog\nSteps: 5, Sampler: Euler");
  EXPECT_EQ(got.prompt, "");
  EXPECT_EQ(got.negative_prompt, "fog");
}

TEST(Infotext, TheLaterPrefixesOfANegativePromptAreRemoved) {
  EXPECT_EQ(read("a\nNegative prompt: b\nNegative prompt: c\nSteps: 5, Seed: 1")
                .negative_prompt,
            "b\nc");
}

TEST(Infotext, Quirk20SettingsMayStandAlone) {
  const Infotext got = read("Steps: 5, Sampler: Euler, Seed: 1");
  EXPECT_EQ(got.prompt, std::nullopt);
  EXPECT_EQ(got.settings.size(), 3u);
}

TEST(Infotext, Quirk21WithoutSettingsOnlyANegativePromptIsSure) {
  EXPECT_EQ(read("a\nNegative prompt: b").form, InfotextForm::kNegativeOnly);
  EXPECT_EQ(read("a\nb, c: d").form, InfotextForm::kPlain);
  EXPECT_EQ(read("a\nb, c: d").prompt, "a\nb, c: d");
}

// SaveImageWithParamText of ComfyUI joins the texts of several samplers.
TEST(Infotext, OfSeveralTextsTheFirstCounts) {
  const std::string first =
      "a hill\nNegative prompt: fog\nSteps: 20, Sampler: Euler, Seed: 1";
  const std::string second =
      "a lake\nNegative prompt: ice\nSteps: 8, Sampler: Heun, Seed: 2";
  for (const std::string& rest :
       {second, second + "\n\na bay\nNegative prompt: \nSteps: 4, Seed: 3"}) {
    const std::string text = first + "\n\n" + rest;
    const Infotext got = read(text);
    EXPECT_EQ(got.prompt, "a hill");
    EXPECT_EQ(got.negative_prompt, "fog");
    ASSERT_EQ(got.settings.size(), 3u);
    EXPECT_EQ(got.settings[0].value(), "20");
    ASSERT_EQ(got.blocks.size(), 1u);
    EXPECT_EQ(got.blocks[0].value, rest);
  }
  const std::string text = first + "\n\n" + second + ", Version: ComfyUI";
  const Infotext got = read(text);
  ASSERT_EQ(got.settings.size(), 4u);
  EXPECT_EQ(got.settings[3].value(), "ComfyUI");
}

TEST(Infotext, TheSecondOfSeveralTextsMayHaveNoPrompt) {
  const Infotext got = read(
      "a hill\nNegative prompt: fog\nSteps: 20, Sampler: Euler, Seed: 1\n\n\n"
      "Negative prompt: ice\nSteps: 8, Sampler: Heun, Seed: 2");
  EXPECT_EQ(got.negative_prompt, "fog");
  EXPECT_EQ(first_value(got), "20");
}

TEST(Infotext, SettingsQuotedInAPromptAreNoTextOfTheirOwn) {
  for (const char* quoted :
       {"a hill\nSteps: 9, Sampler: Heun, Seed: 3\n\na lake\nNegative prompt: "
        "ice",
        "a hill\nNegative prompt: fog\nSteps: 9, Sampler: Heun, Seed: 3\n"
        "\nNegative prompt: ice",
        "a hill\nNegative prompt: fog\nSteps: 9, Sampler: Heun, Seed: 3\n"
        "\nand ice",
        "a hill\nNegative prompt: fog\nSteps: 9 of them\n\na lake\n"
        "Negative prompt: ice"}) {
    const std::string text =
        std::string(quoted) + "\nSteps: 20, Sampler: Euler, Seed: 7";
    EXPECT_EQ(first_value(read(text)), "20") << text;
  }
}

// Peers ask for the text `Steps: `.
TEST(Infotext, SettingsMayLackSteps) {
  const Infotext got = read("a\nSampler: Euler, Seed: 1, Size: 8x8");
  EXPECT_EQ(got.form, InfotextForm::kLines);
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.settings.size(), 3u);
}

TEST(Infotext, StepsNeedNotComeFirst) {
  const Infotext got = read(
      "a\nNegative prompt: b\nSampler: Euler a, Steps: 20, Seed: 1, CFG scale: "
      "7");
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.negative_prompt, "b");
  EXPECT_EQ(got.settings.size(), 4u);
}

TEST(Infotext, EverySettingMayHaveALineOfItsOwn) {
  for (const std::string_view settings :
       {"Steps: 20\nSampler: Euler a\nCFG scale: 7\nSeed: 1",
        "Sampler: Euler a\nSteps: 20\nCFG scale: 7\nSeed: 1",
        "Sampler: Euler a\nCFG scale: 7\nSeed: 1\nSize: 64x64"}) {
    const std::string text =
        "Model: a tall one\nNegative prompt: b\n" + std::string(settings);
    const Infotext got = read(text);
    EXPECT_EQ(got.form, InfotextForm::kLines) << settings;
    EXPECT_EQ(got.prompt, "Model: a tall one") << settings;
    EXPECT_EQ(got.negative_prompt, "b") << settings;
    EXPECT_EQ(got.settings.size(), 4u) << settings;
  }
}

TEST(Infotext, WhereEverySettingHasALineThePromptHasALabel) {
  const Infotext got = read(
      "prompt: a hill\nnegative_prompt: fog\nsteps: 4\ncfg: 1.0\nseed: 12\n"
      "width: 512\nheight: 768\nsampler: lcm");
  EXPECT_EQ(got.prompt, "a hill");
  EXPECT_EQ(got.negative_prompt, "fog");
  EXPECT_EQ(got.settings.size(), 6u);
  EXPECT_EQ(
      read("Positive prompt: a\nNegative prompt: b\nSteps: 4\nSeed: 1").prompt,
      "a");
  EXPECT_EQ(read("Prompt: a\nNegative prompt: b\nSteps: 4, Seed: 1").prompt,
            "Prompt: a");
}

TEST(Infotext, SettingsMayHaveALabel) {
  for (const std::string_view label :
       {"Parameters: ", "Settings:\n", "parameters:\n\n"}) {
    const std::string text = "Prompt: a hill\nNegative prompt: fog\n" +
                             std::string(label) + "Steps: 4, Seed: 1";
    const Infotext got = read(text);
    EXPECT_EQ(got.prompt, "a hill") << label;
    EXPECT_EQ(got.negative_prompt, "fog") << label;
    EXPECT_EQ(got.settings.size(), 2u) << label;
  }
  EXPECT_EQ(read("a board: Settings:\nSteps: 4, Seed: 1").prompt,
            "a board: Settings:");
}

TEST(Infotext, AValueMayGoOnInTheNextLineWithoutQuotes) {
  for (const std::string_view value :
       {"one two\nthree", "one\n\ntwo: 2\nthree"}) {
    const std::string text =
        "a hill\nNegative prompt: fog\nSteps: 4, Seed: 1, Wildcard prompt: " +
        std::string(value) + ", Hires upscale: 2, Version: v1.5.0\nfin";
    const Infotext got = read(text);
    EXPECT_EQ(got.negative_prompt, "fog");
    ASSERT_EQ(got.settings.size(), 5u) << value;
    EXPECT_EQ(got.settings[2].value(), value);
    EXPECT_EQ(got.settings[3].value(), "2");
    ASSERT_EQ(got.blocks.size(), 1u);
    EXPECT_EQ(got.blocks[0].value, "fin");
  }
  // Text of somebody else's.
  for (const std::string_view line :
       {", Version: v1\nby me, Model: x, Sampler: y",
        ", Foo: bar\nfor my friend Anna, Model: Kate, VAE: none",
        ", Foo: bar\nby me, Seed: 5, Clip skip: 2\nx, RNG: CPU, Version: v1"}) {
    const std::string text = "a\nSteps: 4, Seed: 1" + std::string(line);
    const Infotext got = read(text);
    EXPECT_EQ(got.settings.size(), 3u) << line;
    EXPECT_EQ(got.blocks.size(), 1u) << line;
  }
}

TEST(Infotext, SidesInALineOfTheirOwnAreNumbers) {
  EXPECT_EQ(read("a\nSteps: 4, Seed: 1\nwidth: 64\nHeight: 32").settings.size(),
            4u);
  for (const std::string_view line : {"Height: 2m, red dress", "width: 12 inch",
                                      "width: 12 height: tall", "width:"}) {
    const std::string text = "a\nSteps: 4, Seed: 1\n" + std::string(line);
    const Infotext got = read(text);
    EXPECT_EQ(got.settings.size(), 2u) << line;
    ASSERT_EQ(got.blocks.size(), 1u) << line;
    EXPECT_EQ(got.blocks[0].value, line);
  }
}

TEST(Infotext, ASeedMayStandAlone) {
  const Infotext got = read("a hill\nSeed: 12");
  EXPECT_EQ(got.form, InfotextForm::kSettingsWeak);
  EXPECT_EQ(got.prompt, "a hill");
  EXPECT_EQ(first_value(got), "12");
  for (const char* last : {"Seed: 12", "Steps: 12"}) {
    const std::string text =
        "a hill\nNegative prompt: fog\n" + std::string(last);
    const Infotext sure = read(text);
    EXPECT_EQ(sure.form, InfotextForm::kNegativeOnly);
    EXPECT_TRUE(sure.has_parts());
    EXPECT_EQ(sure.negative_prompt, "fog");
    EXPECT_EQ(first_value(sure), "12");
  }
  EXPECT_EQ(read("a hill\nSeed: of evil").prompt, "a hill\nSeed: of evil");
  EXPECT_EQ(read("Seed: 1\na hill").prompt, "Seed: 1\na hill");
}

TEST(Infotext, SettingsMayGoOnInTheNextLine) {
  const Infotext got = read(
      "a\nSteps: 20, Sampler: Euler a,\nSize: 64x64, Model: m\nfin: is, a: b");
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.settings.size(), 4u);
  ASSERT_EQ(got.blocks.size(), 1u);
  EXPECT_EQ(got.blocks[0].value, "fin: is, a: b");
}

TEST(Infotext, APromptOfPairsIsNoSettingsLine) {
  const Infotext got = read("lens: 50mm, light: soft, mood: calm, film: grainy");
  EXPECT_EQ(got.form, InfotextForm::kPlain);
}

TEST(Infotext, Quirk22AJammedLineIsTakenApart) {
  const Infotext got = read(
      "a hill, sunset,.Negative prompt: fog, rain.Steps: 24, Sampler: Euler a, "
      "Seed: 1");
  EXPECT_EQ(got.form, InfotextForm::kJammed);
  EXPECT_EQ(got.prompt, "a hill, sunset");
  EXPECT_EQ(got.negative_prompt, "fog, rain");
  EXPECT_EQ(first_value(got), "24");
}

TEST(Infotext, Quirk22AJammedLineMayHaveAnEmptyNegativePrompt) {
  const Infotext got =
      read("a hill.Negative prompt: .Steps: 24, Sampler: Euler a, Seed: 1");
  EXPECT_EQ(got.negative_prompt, "");
}

TEST(Infotext, Quirk22NothingButItsNameMaySetASettingsLineApart) {
  const Infotext got =
      read("a catNegative prompt: a dogSteps: 20, Sampler: Euler a, Seed: 1");
  EXPECT_EQ(got.form, InfotextForm::kJammed);
  EXPECT_EQ(got.prompt, "a cat");
  EXPECT_EQ(got.negative_prompt, "a dog");
  EXPECT_EQ(got.settings.size(), 3u);
}

TEST(Infotext, OnlyTheSettingsMayBeJammed) {
  const Infotext got = read(
      "a hill,\nSize: XL, Model: T, Seed: 3\nNegative prompt: fog,, Steps: 24, "
      "Sampler: Euler a, Seed: 1");
  EXPECT_EQ(got.form, InfotextForm::kJammed);
  EXPECT_EQ(got.prompt, "a hill,\nSize: XL, Model: T, Seed: 3");
  EXPECT_EQ(got.negative_prompt, "fog,");
  EXPECT_EQ(first_value(got), "24");
}

TEST(Infotext, Quirk22HiresStepsDoNotBeginTheSettings) {
  const Infotext got = read(
      "a hill Steps: 24, Sampler: Euler a, Hires Steps: 10, Size: 8x8, Seed: 1");
  EXPECT_EQ(got.prompt, "a hill");
  EXPECT_EQ(first_value(got), "24");
}

TEST(Infotext, Quirk23TemplatesMayFollowTheSettings) {
  const Infotext got = read(
      "a\nSteps: 5, Sampler: Euler\nTemplate: {a|b}\nline two\n"
      "Negative Template: c");
  ASSERT_EQ(got.blocks.size(), 2u);
  EXPECT_EQ(got.blocks[0], (KeyValue{"Template", "{a|b}\nline two"}));
  EXPECT_EQ(got.blocks[1], (KeyValue{"Negative Template", "c"}));
}

TEST(Infotext, Quirk23TemplatesMayStandAboveTheSettings) {
  const Infotext got = read(
      "a\nNegative prompt: n\nTemplate: {a|b}\nNegative Template: c\n"
      "Steps: 5, Sampler: Euler");
  EXPECT_EQ(got.negative_prompt, "n");
  ASSERT_EQ(got.blocks.size(), 2u);
  EXPECT_EQ(got.blocks[0], (KeyValue{"Template", "{a|b}"}));
}

TEST(Infotext, TextBelowTheSettingsIsKept) {
  const Infotext got = read("a\nSteps: 5, Sampler: Euler\nsomething else");
  ASSERT_EQ(got.blocks.size(), 1u);
  EXPECT_EQ(got.blocks[0], (KeyValue{"trailing", "something else"}));
}

TEST(Infotext, ThePostprocessingLineIsSettings) {
  const Infotext got = read(
      "a\nSteps: 5, Sampler: Euler\nPostprocess upscale by: 2, Postprocess "
      "upscaler: Lanczos");
  EXPECT_EQ(got.settings.size(), 4u);
  EXPECT_TRUE(got.blocks.empty());
}

TEST(Infotext, ThePostprocessingLineMayStandAlone) {
  const Infotext got =
      read("Postprocess upscale by: 4, Postprocess upscaler: X");
  EXPECT_EQ(got.prompt, std::nullopt);
  EXPECT_EQ(got.settings.size(), 2u);
  EXPECT_EQ(read("Postprocess a photo, warm").prompt,
            "Postprocess a photo, warm");
}

TEST(Infotext, ALeadingLabelIsDropped) {
  EXPECT_EQ(read("parameters: a\nSteps: 5, Sampler: Euler").prompt, "a");
}

TEST(Infotext, WhatCamerasAndEditorsWriteIsNotSurelyInfotext) {
  for (const std::string_view text :
       {"", "Created with GIMP", "SONY DSC", "OLYMPUS DIGITAL CAMERA",
        "Model: X100, Size: 1x1, Version: 2", "Steps: 5",
        "Steps: to take, Seed: wheat, Size: two",
        "How to bake bread.\nSteps: 4\nenjoy"})
    EXPECT_FALSE(has_infotext_words(text) && read(text).has_parts()) << text;
}

TEST(Infotext, Quirk59HostileLinesAreLinear) {
  for (const std::string_view unit :
       {"Steps: 1, a: \"\n", "Steps: 1\n", "Steps: 1 ", "Template:\n",
        "Negative prompt:\n", "a: b, c: d, e: f\n", "Steps:", "\n",
        ".Steps: 1,", "Model: a\n", "Model: Negative prompt:\n",
        "Steps: 1\nModel: a\n", "\\nSteps: 1 ", "Seed: 1\nx\n",
        "Model: a\nSteps: 1 2 3\n", "  Negative prompt:\n", "xSteps: 1, ",
        "Model: a\nwidth: 5\n"}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    EXPECT_LE(read(text).settings.size(), Limits().max_settings);
  }
}

// The site's own reader looks for the line without its comma, and on a miss
// cuts off the last line of the prompt instead.
TEST(PeerBugs, ATrailingCommaCostsNoLine) {
  const Infotext got =
      read("a\nNegative prompt: b\nSteps: 5, Sampler: Euler, Seed: 1,");
  EXPECT_EQ(got.prompt, "a");
  EXPECT_EQ(got.negative_prompt, "b");
  EXPECT_EQ(got.settings.size(), 3u);
}

TEST(Infotext, TooManySettingsAreReported) {
  std::string text = "Steps: 5, Sampler: Euler";
  Limits limits;
  limits.max_settings = 10;
  for (int i = 0; i < 20; ++i) text += ", Key" + std::to_string(i) + ": 1";
  const Infotext got = read_infotext(text, limits);
  EXPECT_TRUE(got.is_cut);
  EXPECT_EQ(got.settings.size(), 10u);
}

}  // namespace
}  // namespace sdmeta
