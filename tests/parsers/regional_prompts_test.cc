// Prompts for parts of the picture. The prompt itself is never touched.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "parsers/interpret.h"
#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

Generation generation_of(const std::string& prompt, const std::string& negative,
                         const std::string& settings) {
  const std::string text = prompt + "\nNegative prompt: " + negative +
                           "\nSteps: 20, Sampler: Euler, Seed: 7, " + settings;
  return interpret(fields("parameters", text), Limits{})
      .generation.value_or(Generation{});
}

std::vector<std::string> parts_of(const Generation& generation) {
  std::vector<std::string> parts;
  for (const PromptPart& part : generation.prompts)
    parts.push_back(
        part.role + ": " + part.prompt.value_or("-") +
        (part.negative_prompt ? " | " + *part.negative_prompt : ""));
  return parts;
}

using Strings = std::vector<std::string>;

TEST(RegionalPrompts, ForgeCoupleHasALineForEachRegion) {
  const Generation got = generation_of(
      "a shore\na boat <lora:paper:0.5>\n\na lamp", "fog",
      "forge_couple: True, forge_couple_mode: Basic, forge_couple_separator: "
      "\\n, forge_couple_background: First Line");
  EXPECT_EQ(got.prompt, "a shore\na boat <lora:paper:0.5>\n\na lamp");
  EXPECT_EQ(parts_of(got),
            (Strings{"background: a shore", "region: a boat <lora:paper:0.5>",
                     "region: a lamp"}));
  EXPECT_EQ(got.loras.size(), 1u);
}

TEST(RegionalPrompts, ForgeCouplesSeparatorMayBeAnotherOrAQuotedLineEnd) {
  EXPECT_EQ(
      parts_of(generation_of("a boat SEP a lamp SEP a shore", "",
                             "forge_couple: True, "
                             "forge_couple_separator:  SEP , "
                             "forge_couple_background: Last Line")),
      (Strings{"region: a boat", "region: a lamp", "background: a shore"}));
  EXPECT_EQ(parts_of(generation_of("a boat\na lamp", "",
                                   "forge_couple: True, "
                                   "forge_couple_separator: \"\\n\"")),
            (Strings{"region: a boat", "region: a lamp"}));
}

TEST(RegionalPrompts, WithoutTheExtensionLinesAreLines) {
  EXPECT_EQ(parts_of(generation_of("a boat\na lamp BREAK a shore", "",
                                   "forge_couple: False, RP Active: False")),
            Strings{});
}

TEST(RegionalPrompts, RegionalPrompterNamesItsPartsByWords) {
  const Generation got = generation_of(
      "paper ADDCOMM a shore ADDBASE\na boat ADDCOL\na lamp ADDROW "
      "BREAKFAST",
      "fog ADDCOMM rain ADDBASE ice ADDCOL hail ADDROW snow",
      "RP Active: True, RP Ratios: \"1,1\"");
  EXPECT_EQ(parts_of(got),
            (Strings{"common: paper | fog", "base: a shore | rain",
                     "region: a boat | ice", "region: a lamp | hail",
                     "region: BREAKFAST | snow"}));
}

TEST(RegionalPrompts, RegionalPrompterNamesItsPartsByCheckBoxes) {
  EXPECT_EQ(parts_of(generation_of("paper BREAK a boat BREAK a lamp", "fog",
                                   "RP Active: True, RP Use Common: True, RP "
                                   "Use Base: False")),
            (Strings{"common: paper", "region: a boat", "region: a lamp"}));
}

TEST(RegionalPrompts, LatentCoupleDividesAtAnd) {
  EXPECT_EQ(parts_of(generation_of(
                "a SANDY shore AND a boat", "",
                "Latent Couple: \"divisions=1:1,1:2 positions=0:0,0:0\"")),
            (Strings{"region: a SANDY shore", "region: a boat"}));
}

TEST(RegionalPrompts, TiledDiffusionHasThemInItsSettings) {
  const std::string json =
      R"({"Method": "MultiDiffusion", "Region control": {"Region 1": )"
      R"({"prompt": "a boat", "neg_prompt": "fog"}}})";
  EXPECT_EQ(parts_of(generation_of("a shore", "", "Tiled Diffusion: " + json)),
            Strings{"region: a boat | fog"});
}

TEST(RegionalPrompts, SwarmsSectionsAreParts) {
  const std::string json =
      R"({"sui_image_params": {"prompt": "a shore <region:0,0,0.5,1>a <b:1> )"
      R"(boat<segment:face,0.6//cid=8> a face", "negativeprompt": "x"}})";
  const Generation got =
      interpret(fields("parameters", json), Limits{}).generation.value();
  EXPECT_EQ(parts_of(got),
            (Strings{"region: a <b:1> boat", "segment: a face"}));
}

// A megabyte of separators is no picture divided into half a million parts.
TEST(RegionalPrompts, TooManyPartsAreNone) {
  std::string prompt;
  for (int i = 0; i < 100'000; ++i) prompt += "a\n";
  EXPECT_EQ(parts_of(generation_of(prompt, "", "forge_couple: True")),
            Strings{});
  std::string tags;
  for (int i = 0; i < 100'000; ++i) tags += "<region:";
  const Generation got =
      interpret(fields("parameters", R"({"sui_image_params": {"prompt": ")" +
                                         tags + R"(>"}})"),
                Limits{})
          .generation.value();
  EXPECT_LE(got.prompts.size(), 64u);
}

}  // namespace
}  // namespace sdmeta
