// What ComfyUI's node packs do in their own ways, on graphs that are built of
// one pack's nodes from end to end (fixtures/comfyui/pack_graphs.py).
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <tuple>

#include "parsers/interpret.h"
#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

constexpr std::string_view kPrompt = "a heron by a quiet river, morning mist";
constexpr std::string_view kNegative = "blurry, low quality";

Generation made(std::string_view name) {
  const Interpretation got = interpret(
      read_fields_file(std::filesystem::path(SDMETA_FIXTURES) / "comfyui" /
                       ("pack_" + std::string(name) + ".fields")),
      Limits{});
  EXPECT_TRUE(got.generation) << name;
  EXPECT_TRUE(got.warnings.empty()) << name;
  return got.generation.value_or(Generation{});
}

std::string extra(const Generation& got, std::string_view key) {
  for (const KeyValue& pair : got.extra)
    if (pair.key == key) return pair.value;
  return {};
}

void expect_usual(const Generation& got) {
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.negative_prompt, kNegative);
  EXPECT_EQ(got.seed, "740291853");
  EXPECT_EQ(got.steps, 21);
  EXPECT_EQ(got.cfg_scale, 5.5);
  EXPECT_EQ(got.sampler, "dpmpp_2m");
  EXPECT_EQ(got.scheduler, "karras");
}

TEST(ComfyPacks, PipesAndContextsHandOnEverythingASamplerNeeds) {
  for (const std::string_view name :
       {"rgthree_merge", "efficiency", "efficiency_tuple", "easy_use",
        "inspire_pipe", "tinyterra", "tinyterra_sdxl", "krita_ai", "swarm",
        "image_saver"}) {
    SCOPED_TRACE(name);
    expect_usual(made(name));
  }
}

TEST(ComfyPacks, BusesHandOnEachOfTheirChannels) {
  const Generation got = made("buses");
  expect_usual(got);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
}

TEST(ComfyPacks, SeargesStreamsHoldAllThatASamplerNeeds) {
  for (const std::string_view name : {"searge_3", "searge_4"}) {
    SCOPED_TRACE(name);
    const Generation got = made(name);
    expect_usual(got);
    EXPECT_EQ(got.width, 832);
    EXPECT_EQ(got.height, 1216);
    EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
    ASSERT_EQ(got.loras.size(), 1u);
    EXPECT_EQ(got.loras[0].name, "reeds.safetensors");
  }
}

TEST(ComfyPacks, WhatIsChosenGoesBehindWhatIsHandedIn) {
  expect_usual(made("prompt_selector"));
}

TEST(ComfyPacks, PromptAndLorasMayStandInOneText) {
  const Generation got = made("weilin_first");
  expect_usual(got);
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].name, "reeds.safetensors");
  EXPECT_EQ(got.loras[0].weight, 0.6);
}

TEST(ComfyPacks, AnUnlistedPackIsReadByShape) {
  const Generation got = made("unknown");
  expect_usual(got);
  EXPECT_EQ(got.width, 832);
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].weight, 0.7);
}

TEST(ComfyPacks, AnUnlistedSamplerMayGetEverythingByOneLink) {
  const Generation got = made("unknown_bundle");
  expect_usual(got);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
  EXPECT_EQ(got.hires.steps, 9);
  EXPECT_EQ(got.hires.denoising_strength, 0.4);
}

TEST(ComfyPacks, LorasAreFoundUnderNamesOfManyKinds) {
  const Generation got = made("unknown_loras");
  EXPECT_EQ(got.prompt, std::string(kPrompt) + " <lora:b1:0.4:0.2>");
  ASSERT_EQ(got.loras.size(), 10u);
  EXPECT_EQ(got.loras[0].name, "b1");
  for (int i = 1; i < 10; ++i) {
    const Lora& lora = got.loras[static_cast<std::size_t>(i)];
    ASSERT_GT(lora.name.size(), 2u);
    EXPECT_EQ(lora.name[0], 'a') << lora.name;
    EXPECT_EQ(lora.name[1], '0' + i) << lora.name;
    EXPECT_DOUBLE_EQ(lora.weight.value_or(0), i / 10.0) << lora.name;
  }
  EXPECT_EQ(got.loras[6].clip_weight, 0.5);
}

TEST(ComfyPacks, AnUnlistedSwitchHandsOnWhatItsChooserSays) {
  const Generation got = made("unknown_switches");
  expect_usual(got);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.height, 1216);
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
}

TEST(ComfyPacks, AnUnlistedJoinIsAGuessThatTheRecordAdmits) {
  const Interpretation got =
      interpret(read_fields_file(std::filesystem::path(SDMETA_FIXTURES) /
                                 "comfyui" / "pack_unknown_texts.fields"),
                Limits{});
  ASSERT_TRUE(got.generation);
  // What the language model was asked is no part of it.
  EXPECT_EQ(got.generation->prompt, kPrompt);
  // A guess, and without what the model made of it.
  ASSERT_EQ(got.warnings.size(), 2u);
  EXPECT_EQ(got.warnings[0].code, ErrorCode::kLowConfidence);
  EXPECT_EQ(got.warnings[1].code, ErrorCode::kLowConfidence);
}

TEST(ComfyPacks, StringsAreJoinedAsEachPackDoesIt) {
  expect_usual(made("string_boxes"));
}

TEST(ComfyPacks, AnUnlistedReplacementReplaces) {
  const Generation got = made("unknown_replacements");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.negative_prompt, kNegative);
}

TEST(ComfyPacks, WhatIsDrawnReadOrSeenIsNotPassedOffAsThePrompt) {
  for (const std::string_view name : {"lot", "pattern", "question", "file"}) {
    SCOPED_TRACE(name);
    const Generation got = made("unknown_by_" + std::string(name));
    EXPECT_EQ(got.prompt, std::nullopt);
    EXPECT_EQ(got.negative_prompt, kNegative);
  }
}

TEST(ComfyPacks, StylersGiveEachTextByItsOutput) {
  expect_usual(made("stylers"));
  const Generation joined = made("stylers_joined");
  EXPECT_EQ(joined.prompt, "a heron . morning mist");
  EXPECT_EQ(joined.negative_prompt, kNegative);
}

TEST(ComfyPacks, SupirIsAPassOfItsOwnKind) {
  const Generation alone = made("supir");
  EXPECT_EQ(alone.prompt, kPrompt);
  EXPECT_EQ(alone.negative_prompt, kNegative);
  EXPECT_EQ(alone.steps, 21);
  EXPECT_EQ(alone.cfg_scale, 5.5);
  EXPECT_EQ(alone.model, "invented/riverXL_v2.safetensors");
  const Generation after = made("supir_after");
  expect_usual(after);
  EXPECT_EQ(after.hires.steps, 45);
  EXPECT_EQ(after.hires.upscale, 2.0);
  ASSERT_EQ(after.prompts.size(), 1u);
  EXPECT_EQ(after.prompts[0].prompt, "sharp feathers");
}

TEST(ComfyPacks, ASwitchMayChooseByTheTextOfACase) {
  expect_usual(made("cases"));
}

TEST(ComfyPacks, SamplersOfTheEditorAreReadWhateverStandsBetween) {
  for (const std::string_view name :
       {"tiled", "nag", "variations", "older", "last", "tiles"}) {
    SCOPED_TRACE(name);
    const Generation got = made("editor_" + std::string(name));
    expect_usual(got);
    EXPECT_EQ(got.width, 832);
    EXPECT_EQ(got.height, 1216);
  }
}

TEST(ComfyPacks, CrossedLinksTurnThePicture) {
  for (const std::string_view name : {"picker", "box", "outputs"}) {
    SCOPED_TRACE(name);
    const Generation got = made("crossed_" + std::string(name));
    EXPECT_EQ(got.width, 832);
    EXPECT_EQ(got.height, 1216);
  }
}

TEST(ComfyPacks, FooocusNodesHandAllOnInAPipe) {
  const Generation got = made("fooocus_nodes");
  expect_usual(got);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.height, 1216);
  EXPECT_EQ(got.clip_skip, 2);
  EXPECT_EQ(extra(got, "refiner_model"), "refiner.safetensors");
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].weight, 0.7);
}

TEST(ComfyPacks, WhatNoSwitchTakesWasNotUsed) {
  const Generation got = made("branches_not_taken");
  expect_usual(got);
  EXPECT_TRUE(got.loras.empty());
  EXPECT_TRUE(got.upscalers.empty());
}

TEST(ComfyPacks, ALoadersFirstWordInTheEditorIsItsModel) {
  EXPECT_EQ(made("editor_nunchaku").model, "svdq-int4-river");
}

TEST(ComfyPacks, XlabsSamplerHasNamesOfItsOwn) {
  const Generation got = made("editor_xlabs");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.negative_prompt, kNegative);
  EXPECT_EQ(got.seed, "740291853");
  EXPECT_EQ(got.steps, 21);
  EXPECT_EQ(got.cfg_scale, 5.5);
  EXPECT_EQ(got.denoising_strength, std::nullopt);
}

// No editor named widgets before 2025: outputs, links and the values tell.
TEST(ComfyPacks, TextsOfTheEditorAreReadWithoutNames) {
  for (const std::string_view name : {"sides_of_a_box", "branches_by_widgets",
                                      "edits_by_widgets", "stale_texts"}) {
    SCOPED_TRACE(name);
    expect_usual(made("editor_" + std::string(name)));
  }
}

TEST(ComfyPacks, SettingsOfTheEditorAreToldFromTextsWithoutNames) {
  expect_usual(made("editor_settings"));
  for (const std::string_view name : {"editor_sizes", "editor_named_size"}) {
    SCOPED_TRACE(name);
    const Generation got = made(name);
    expect_usual(got);
    EXPECT_EQ(got.width, 640);
    EXPECT_EQ(got.height, 960);
  }
}

TEST(ComfyPacks, JsonInOneInputOfANodeIsReadLikeItsInputs) {
  const Generation got = made("pixaroma");
  expect_usual(got);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.height, 1216);
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].name, "reeds.safetensors");
  EXPECT_EQ(got.loras[0].weight, 0.7);
  EXPECT_EQ(got.loras[0].clip_weight, 0.5);
  const Generation held = made("pixaroma_editor");
  expect_usual(held);
  EXPECT_EQ(held.width, 640);
  EXPECT_EQ(held.height, 960);
}

TEST(ComfyPacks, AVaeAndATextEncoderComeByNodesThatOnlyHandOn) {
  const Generation got = made("relays");
  expect_usual(got);
  EXPECT_EQ(got.vae, "riverVAE.safetensors");
  EXPECT_EQ(got.clip_skip, 2);
}

TEST(ComfyPacks, SwitchesAreSetByWordsToo) {
  const Generation got = made("unknown_switches_by_word");
  expect_usual(got);
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
}

TEST(ComfyPacks, HowATextIsEncodedIsNoPartOfIt) {
  expect_usual(made("easy_use_edited"));
}

TEST(ComfyPacks, SamplersThatAreClassesSayOnWhatTheirNoiseIsMade) {
  const Generation got = made("unknown_sampler_pipe");
  EXPECT_EQ(got.sampler, "dpmpp_2m_sde_gpu");
  EXPECT_EQ(got.scheduler, "karras");
  EXPECT_EQ(got.steps, 21);
  EXPECT_EQ(got.hires.steps, 9);
  EXPECT_EQ(got.hires.denoising_strength, 0.4);
}

TEST(ComfyPacks, WansForcingSamplerGetsBothSidesByOneLink) {
  const Generation got = made("wan_forcing");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.negative_prompt, kNegative);
  EXPECT_EQ(got.steps, 21);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.vae, "taeriver.pth");
}

TEST(ComfyPacks, SidesMayBeNamedAfterTheModel) {
  const Generation got = made("mikey");
  expect_usual(got);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
}

TEST(ComfyPacks, VariablesAreFoundByTheirNames) {
  const Generation got = made("variables");
  expect_usual(got);
  // 2:3 of 1000000 pixels are 816 x 1224, in multiples of 64:
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.height, 1216);
}

TEST(ComfyPacks, AServiceStandsForASamplerWhereThePathEndsWithIt) {
  const Generation linked = made("service");
  EXPECT_EQ(linked.prompt, kPrompt);
  EXPECT_EQ(linked.negative_prompt, std::nullopt);
  EXPECT_EQ(linked.seed, "740291853");
  EXPECT_EQ(linked.steps, 50);
  const Generation sides = made("service_sides");
  EXPECT_EQ(sides.prompt, kPrompt);
  EXPECT_EQ(sides.negative_prompt, kNegative);
  EXPECT_EQ(sides.model, "wan-invented");
  EXPECT_EQ(sides.width, 832);
  EXPECT_EQ(sides.height, 1216);
  expect_usual(made("service_edit"));
}

TEST(ComfyPacks, AnUnlistedNodeMayPaintFromATextAlone) {
  const Generation got = made("unknown_painter");
  expect_usual(got);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
}

TEST(ComfyPacks, AnEncoderOfItsOwnIsNoService) {
  const Generation got = made("kolors");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.negative_prompt, kNegative);
  EXPECT_EQ(got.steps, 21);
  EXPECT_EQ(got.seed, "740291853");
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.model, "invented/Kolors");
}

TEST(ComfyPacks, ARatioIsNoSize) {
  const Generation got = made("prompt_reader");
  expect_usual(got);
  EXPECT_EQ(got.width, std::nullopt);
}

TEST(ComfyPacks, TextsLeaveABigContextByTheirOwnOutputs) {
  const Generation got = made("rgthree_sdxl");
  EXPECT_EQ(got.prompt, std::string(kPrompt) + "\nwatercolour");
  EXPECT_EQ(got.negative_prompt, kNegative);
}

TEST(ComfyPacks, WhatIsHandedInTakesThePlaceOfWhatALoaderSays) {
  const Generation got = made("easy_use_overrides");
  EXPECT_EQ(got.model, "other-Q8_0.gguf");
  EXPECT_EQ(got.vae, "riverVAE.safetensors");
  EXPECT_EQ(got.width, std::nullopt);  // that of a picture handed in
}

TEST(ComfyPacks, AnUpscalersModelIsNoCheckpoint) {
  const Generation got = made("easy_use");
  EXPECT_EQ(got.hires.upscaler, "4x_invented.pth");
  for (const KeyValue& pair : got.extra) EXPECT_EQ(pair.key, "node_count");
}

TEST(ComfyPacks, WhatMakesThePictureLargerIsNamed) {
  const Generation got = made("seedvr2");
  expect_usual(got);
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
  ASSERT_EQ(got.upscalers.size(), 1u);
  EXPECT_EQ(got.upscalers[0].name, "seedvr2_3b_invented.gguf");
}

TEST(ComfyPacks, ALoaderMayNameTheRefinerAsWell) {
  const Generation got = made("efficiency_tuple");
  ASSERT_FALSE(got.extra.empty());
  EXPECT_EQ(got.extra[0].key, "refiner_model");
}

TEST(ComfyPacks, AChoiceMayStandForASize) {
  const Generation got = made("art_venture");
  expect_usual(got);
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.height, 1216);
}

TEST(ComfyPacks, AListOfSigmasMayBeResampled) {
  const Generation got = made("custom_sigmas");
  EXPECT_EQ(got.steps, 21);
  EXPECT_EQ(got.hires.steps, 4);
}

TEST(ComfyPacks, AnUpscalersRunsAreNotItsSteps) {
  const Generation got = made("impact");
  EXPECT_EQ(got.hires.steps, 11);
  EXPECT_EQ(got.hires.upscale, 1.5);
}

TEST(ComfyPacks, AWildcardTextIsThePromptOfADetailer) {
  const Generation got = made("impact");
  ASSERT_EQ(got.prompts.size(), 1u);
  EXPECT_EQ(got.prompts[0].prompt, "the bird's bright eye");
}

TEST(ComfyPacks, ABypassedLoraIsOff) {
  const Generation got = made("inspire");
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].name, "reeds.safetensors");
}

TEST(ComfyPacks, OfTwoWeightsInATagTheFirstIsTheModels) {
  const Generation got = made("tinyterra");
  ASSERT_EQ(got.loras.size(), 2u);
  EXPECT_EQ(got.loras[0].weight, 0.7);
  EXPECT_EQ(got.loras[0].clip_weight, 0.5);
}

TEST(ComfyPacks, TriggerWordsThatAreOnComeBeforeThePrompt) {
  EXPECT_EQ(made("lora_manager").prompt, "reed bed, " + std::string(kPrompt));
  const Generation got = made("lora_manager_words");
  EXPECT_EQ(got.prompt,
            "(reed bed:1.20), (dusk:0.80), fog, " + std::string(kPrompt));
  EXPECT_EQ(got.negative_prompt, "blurry, dull");
}

TEST(ComfyPacks, ListsOfLorasWithWeightsAreReadInStep) {
  const Generation got = made("swarm");
  ASSERT_EQ(got.loras.size(), 2u);
  EXPECT_EQ(got.loras[1].name, "mist");
  EXPECT_EQ(got.loras[1].weight, -0.5);
  EXPECT_EQ(got.guidance, std::nullopt);  // -1
}

TEST(ComfyPacks, NotesToOneselfAreNoPartOfAPrompt) {
  EXPECT_EQ(made("was").prompt, std::string(kPrompt) + ", morning mist\nreeds");
}

TEST(ComfyPacks, SwitchesMayChooseByName) {
  const Generation got = made("comfyroll");
  expect_usual(got);
  EXPECT_EQ(got.width, 1216);
  EXPECT_EQ(got.hires.upscale, 1.5);
}

TEST(ComfyPacks, AChoiceThatTheGraphDoesNotHoldLeavesThePromptOpen) {
  const Generation got = made("open_choice");
  EXPECT_EQ(got.prompt, std::nullopt);
  EXPECT_EQ(got.negative_prompt, kNegative);
}

TEST(ComfyPacks, WhatIsDrawnByLotOrWrittenByAMachineIsAbsent) {
  const Generation got = made("was_opaque");
  EXPECT_EQ(got.prompt, std::nullopt);
  EXPECT_EQ(got.seed, std::nullopt);
  EXPECT_EQ(got.steps, std::nullopt);
  EXPECT_EQ(got.cfg_scale, std::nullopt);
  EXPECT_EQ(got.width, std::nullopt);
}

TEST(ComfyPacks, AnAnswerThatIsShownIsThePrompt) {
  const Generation got = made("griptape");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.negative_prompt, std::nullopt);
}

TEST(ComfyPacks, WhatARegularExpressionMakesIsAbsent) {
  const Generation got = made("custom_scripts");
  EXPECT_EQ(got.prompt, "a grey heron, by a quiet river, mist");
  EXPECT_EQ(got.negative_prompt, std::nullopt);
}

TEST(ComfyPacks, OneLineOfAListIsThePrompt) {
  EXPECT_EQ(made("easy_use_lines").prompt, "a grey heron");
  EXPECT_EQ(made("easy_use_lines").negative_prompt, "low quality");
}

TEST(ComfyPacks, PartsOfThePictureAreJoinedOnEitherSide) {
  const Generation got = made("regions");
  EXPECT_EQ(got.prompt, std::string(kPrompt) + "\na kingfisher");
  EXPECT_EQ(got.negative_prompt, std::string(kNegative) + "\ndull");
}

TEST(ComfyPacks, LinksThatUseEverywhereMakesAreFollowed) {
  expect_usual(made("use_everywhere"));
}

TEST(ComfyPacks, APassBackToNoiseIsNoBase) {
  for (const std::string_view name :
       {"res4lyf", "flipped_sigmas", "unsampler"}) {
    SCOPED_TRACE(name);
    const Generation got = made(name);
    expect_usual(got);
    EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
    EXPECT_TRUE(got.prompts.empty());
    EXPECT_EQ(got.width, std::nullopt);  // that of the picture
  }
}

TEST(ComfyPacks, AFramesTextIsTheLastBeforeIt) {
  expect_usual(made("fizz"));
  expect_usual(made("fizz_batch"));
  const Generation got = made("fizz_sdxl");
  EXPECT_EQ(got.prompt, "a heron by a river\nwatercolour");
  EXPECT_EQ(got.negative_prompt, kNegative);
}

TEST(ComfyPacks, SidesOfARatioAreRaisedToAMultiple) {
  const Generation got = made("wlsh");
  expect_usual(got);
  // 3:2 of 1048576 pixels, standing: 836 x 1254.
  EXPECT_EQ(got.width, 896);
  EXPECT_EQ(got.height, 1280);
  const Generation lying = made("wlsh_ratio");
  EXPECT_EQ(lying.width, 1280);  // 1228.8
  EXPECT_EQ(lying.height, 768);
  const Generation linked = made("wlsh_numbers");
  EXPECT_EQ(linked.width, 832);
  EXPECT_EQ(linked.height, 1280);  // 1248
  EXPECT_EQ(linked.hires.width, 640);
  EXPECT_EQ(linked.hires.height, 1536);
}

TEST(ComfyPacks, ASizeThatLiesIsStoodUp) {
  const Generation got = made("wlsh_sizes");
  EXPECT_EQ(got.prompt, std::string(kPrompt) + "\nwatercolour");
  EXPECT_EQ(got.negative_prompt, kNegative);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.height, 1216);
  EXPECT_EQ(got.hires.upscale, 1.5);
  EXPECT_EQ(got.hires.upscaler, "4x_invented.pth");
}

TEST(ComfyPacks, ACyclerNamesItsLoraWhileItIsItsTurn) {
  const Generation got = made("lora_cycler");
  ASSERT_EQ(got.loras.size(), 1u);
  EXPECT_EQ(got.loras[0].name, "reeds_v2");
  EXPECT_EQ(got.loras[0].weight, 0.8);
  EXPECT_EQ(got.loras[0].clip_weight, 0.6);
}

TEST(ComfyPacks, TextsThatMeetInAnUnlistedNodeAreAGuess) {
  const auto guess = [](std::string_view name) {
    const Interpretation got = interpret(
        read_fields_file(std::filesystem::path(SDMETA_FIXTURES) / "comfyui" /
                         ("pack_" + std::string(name) + ".fields")),
        Limits{});
    EXPECT_EQ(got.warnings.size(), 1u) << name;
    return got.generation.value_or(Generation{}).prompt;
  };
  EXPECT_EQ(guess("unknown_boxes"), "a heron, by a quiet river, morning mist");
  for (const std::string_view name : {"prefix", "suffix", "chain"})
    EXPECT_EQ(guess("unknown_with_" + std::string(name)), kPrompt) << name;
  EXPECT_EQ(guess("unknown_lots"), "a heron");
}

TEST(ComfyPacks, OfTwoHalvesInOneSamplerTheFirstIsTheModel) {
  for (const std::string_view name : {"wan_moe", "wan_triple"}) {
    SCOPED_TRACE(name);
    const Generation got = made(name);
    expect_usual(got);
    EXPECT_EQ(got.model, "invented/high_noise.safetensors");
    EXPECT_EQ(extra(got, "refiner_model"), "invented/low_noise.safetensors");
  }
}

TEST(ComfyPacks, StacksOfControlNetsGiveThoseThatAreOn) {
  const Generation got = made("control_stack");
  expect_usual(got);
  ASSERT_EQ(got.controlnets.size(), 3u);
  EXPECT_EQ(got.controlnets[0].model, "edges.safetensors");
  EXPECT_EQ(got.controlnets[0].module, "CannyEdgePreprocessor");
  EXPECT_EQ(got.controlnets[0].weight, 0.7);
  EXPECT_EQ(got.controlnets[0].start, 0.1);
  EXPECT_EQ(got.controlnets[0].end, 0.9);
  EXPECT_EQ(got.controlnets[1].model, "depth.safetensors");
  EXPECT_EQ(got.controlnets[2].model, "pose.safetensors");
  EXPECT_EQ(got.controlnets[2].module, "DWPreprocessor");
  EXPECT_EQ(got.controlnets[2].weight, 0.45);
}

TEST(ComfyPacks, AStackOfControlNetsEndsAtItsOwnCount) {
  const Generation got = made("easy_control_stack");
  expect_usual(got);
  ASSERT_EQ(got.controlnets.size(), 3u);
  EXPECT_EQ(got.controlnets[0].model, "first.safetensors");
  EXPECT_FALSE(got.controlnets[0].start);  // left over in simple mode
  EXPECT_EQ(got.controlnets[1].start, 0.2);
  EXPECT_EQ(got.controlnets[2].model, "depth.safetensors");
}

TEST(ComfyPacks, AMotionModelIsNoModel) {
  for (const std::string_view name : {"animatediff", "animatediff_first"}) {
    expect_usual(made(name));
    EXPECT_EQ(made(name).model, "invented/riverXL_v2.safetensors");
    EXPECT_EQ(made(name).width, 832);
  }
  EXPECT_EQ(extra(made("animatediff"), "motion_model"), "motion_v3.ckpt");
  EXPECT_EQ(extra(made("animatediff_first"), "motion_model"), "motion_v2.ckpt");
  ASSERT_EQ(made("animatediff").loras.size(), 1u);
  EXPECT_EQ(made("animatediff").loras[0].weight, 0.6);
}

TEST(ComfyPacks, APresetIsTheOneOfItsTitle) {
  expect_usual(made("layer_style"));
  EXPECT_FALSE(made("layer_style_lot").prompt);
}

TEST(ComfyPacks, ASwitchOfBothSidesHandsOnBoth) {
  const Generation got = made("primere");
  expect_usual(got);
  EXPECT_EQ(got.model, "invented/riverXL_v2.safetensors");
  EXPECT_EQ(got.vae, "riverVAE.safetensors");
  EXPECT_EQ(got.width, 832);
  ASSERT_EQ(got.loras.size(), 2u);
  EXPECT_EQ(got.loras[0].name, "mist");
  EXPECT_EQ(got.loras[1].name, "reeds.safetensors");
}

TEST(ComfyPacks, FramesHaveTheSizeTheyAreLoadedAt) {
  expect_usual(made("video_helper"));
  EXPECT_EQ(made("video_helper").width, 832);
  EXPECT_EQ(made("video_helper").height, 1216);
  EXPECT_FALSE(made("video_helper_side").width);
}

TEST(ComfyPacks, WrappersHaveModelsTextsAndVaesOfTheirOwn) {
  struct Case {
    std::string_view name, model, vae;
  };
  for (const Case& c :
       {Case{"cog_video", "invented/Cog-5b", "cog_vae.safetensors"},
        Case{"mochi", "mochi_dit.safetensors", "mochi_vae.safetensors"},
        Case{"kolors_mz", "kolors.safetensors", "riverVAE.safetensors"},
        Case{"lumina", "invented/Lumina", "riverVAE.safetensors"}}) {
    SCOPED_TRACE(c.name);
    const Generation got = made(c.name);
    EXPECT_EQ(got.prompt, kPrompt);
    EXPECT_EQ(got.negative_prompt, kNegative);
    EXPECT_EQ(got.steps, 21);
    EXPECT_EQ(got.cfg_scale, 5.5);
    EXPECT_EQ(got.width, 832);
    EXPECT_EQ(got.model, c.model);
    EXPECT_EQ(got.vae, c.vae);
  }
  ASSERT_EQ(made("kolors_mz").controlnets.size(), 1u);
  EXPECT_EQ(made("kolors_mz").controlnets[0].model, "depth.safetensors");
  EXPECT_EQ(made("hunyuan_video").cfg_scale, 6.0);
  EXPECT_EQ(made("hunyuan_video").vae, "hunyuan_vae.safetensors");
}

TEST(ComfyPacks, AnEmptyNegativeLeavesItToTheNext) {
  expect_usual(made("nag"));
}

TEST(ComfyPacks, VideoWrappersHaveASideForEachText) {
  for (const std::string_view name : {"wan_video", "hunyuan_video"}) {
    EXPECT_EQ(made(name).prompt, kPrompt) << name;
    EXPECT_EQ(made(name).negative_prompt, kNegative) << name;
  }
  EXPECT_EQ(made("wan_video").scheduler, "dpm++_sde");
  EXPECT_EQ(made("hunyuan_image").prompt, kPrompt);
  EXPECT_FALSE(made("hunyuan_image").negative_prompt);
}

TEST(ComfyPacks, ASamplerMayGetEverythingFromItsSettings) {
  const Generation got = made("wan_settings");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.negative_prompt, kNegative);
  EXPECT_EQ(got.steps, 21);
  EXPECT_EQ(got.cfg_scale, 5.5);
  EXPECT_EQ(got.seed, "740291853");
  EXPECT_EQ(got.scheduler, "unipc");
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(got.model, "wan_fp8.safetensors");
}

TEST(ComfyPacks, ACopyOfAPackUnderNamesOfItsOwnIsReadLikeIt) {
  const Generation got = made("wan_animate_plus");
  EXPECT_EQ(got.prompt, kPrompt);
  EXPECT_EQ(got.negative_prompt, kNegative);
  EXPECT_EQ(got.model, "wan_animate_fp8.safetensors");
  EXPECT_EQ(got.scheduler, "dpm++_sde");
  EXPECT_EQ(got.denoising_strength, 0.75);
  EXPECT_EQ(got.width, 832);
  EXPECT_EQ(extra(got, "text_encoder"), "umt5.safetensors");
}

// Byte by byte what Python's json.dumps writes.
TEST(ComfyPacks, ACaptionInJsonIsPutTogetherAsItsNodeDoes) {
  EXPECT_EQ(made("kj_caption").prompt,
            R"({"high_level_description":"a heron à gauche, \"quiet\"",)"
            R"("style_description":{"aesthetics":"quiet","lighting":"dawn",)"
            R"("photo":"85mm","medium":"photograph","color_palette":)"
            R"(["#00FF7F"]},"compositional_deconstruction":{"background":)"
            R"("reeds, mist","elements":[{"type":"obj","bbox":)"
            R"([300,180,800,520],"desc":"a heron, one leg up",)"
            R"("color_palette":["#A1B2C3"]},{"type":"text","bbox":)"
            R"([500,900,800,1000],"text":"RIVER — 1\n\"2\"",)"
            R"("desc":"on a sign"},{"type":"obj","desc":"mist"}]}})");
  EXPECT_EQ(made("kj_caption_pretty").prompt,
            R"({
    "style_description": {
        "aesthetics": "quiet",
        "lighting": "dawn",
        "medium": "photograph",
        "art_style": "ink"
    },
    "compositional_deconstruction": {
        "background": "reeds, mist",
        "elements": []
    }
})");
  EXPECT_EQ(made("ui_kj_caption").prompt,
            R"({"high_level_description":"a heron","style_description":)"
            R"({"aesthetics":"quiet","lighting":"dawn","photo":"85mm",)"
            R"("medium":"photograph"},"compositional_deconstruction":)"
            R"({"background":"reeds","elements":[]}})");
}

TEST(ComfyPacks, ACaptionThatIsHandedInIsTakenWhereThereAreNoRegions) {
  EXPECT_EQ(made("kj_caption_import").prompt,
            R"({"high_level_description": "from elsewhere"})");
  EXPECT_TRUE(made("kj_caption_asked")
                  .prompt.value_or("")
                  .starts_with(R"({"high_level_description":"a heron",)"));
  EXPECT_FALSE(made("kj_caption_open").prompt);
  EXPECT_FALSE(made("kj_caption_other_boxes").prompt);
}

TEST(ComfyPacks, TagsThatAreNotToBeProcessedLoadNothing) {
  EXPECT_TRUE(made("primere_tags_off").loras.empty());
}

TEST(ComfyPacks, FramesAreRoundedAsTheirFormatAsks) {
  for (const auto& [name, width, height] :
       {std::tuple("video_helper_animatediff", 520, 1032),
        std::tuple("video_helper_mochi", 528, 1024),
        std::tuple("video_helper_ltxv", 512, 1024)}) {
    EXPECT_EQ(made(name).width, width) << name;
    EXPECT_EQ(made(name).height, height) << name;
  }
}

TEST(ComfyPacks, WhatStandsBesideAnUnknownPromptIsNone) {
  EXPECT_FALSE(made("easy_use_asked").prompt);
  EXPECT_FALSE(made("easy_use_asked").negative_prompt);
  EXPECT_FALSE(made("lumina_asked").prompt);
  EXPECT_EQ(made("lumina_asked").negative_prompt, kNegative);
}

}  // namespace
}  // namespace sdmeta
