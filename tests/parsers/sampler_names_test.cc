#include "parsers/sampler_names.h"

#include <gtest/gtest.h>

namespace sdmeta {
namespace {

Generation generation(std::optional<std::string> sampler,
                      std::optional<std::string> scheduler = std::nullopt) {
  Generation result;
  result.sampler = std::move(sampler);
  result.scheduler = std::move(scheduler);
  normalize_sampler(result);
  return result;
}

TEST(SplitSampler, CutsTheScheduleOffALabel) {
  EXPECT_EQ(split_sampler("DPM++ 2M SDE Karras"),
            (SamplerName{"DPM++ 2M SDE", "Karras"}));
  EXPECT_EQ(split_sampler("DPM++ 2M SDE Exponential"),
            (SamplerName{"DPM++ 2M SDE", "Exponential"}));
}

TEST(SplitSampler, CutsTheScheduleOffANativeName) {
  EXPECT_EQ(split_sampler("euler_ancestral_karras"),
            (SamplerName{"euler_ancestral", "karras"}));
  EXPECT_EQ(split_sampler("dpmpp_2m_sgm_uniform"),
            (SamplerName{"dpmpp_2m", "sgm_uniform"}));
}

// stable-diffusion.cpp joins them with a blank.
TEST(SplitSampler, CutsTheSchedulesOfStableDiffusionCpp) {
  EXPECT_EQ(split_sampler("dpm++2m discrete"),
            (SamplerName{"dpm++2m", "discrete"}));
  EXPECT_EQ(split_sampler("euler_a smoothstep"),
            (SamplerName{"euler_a", "smoothstep"}));
}

TEST(SplitSampler, TheLongestScheduleWins) {
  EXPECT_EQ(split_sampler("Euler SGM Uniform"),
            (SamplerName{"Euler", "SGM Uniform"}));
  EXPECT_EQ(split_sampler("euler_ddim_uniform"),
            (SamplerName{"euler", "ddim_uniform"}));
  EXPECT_EQ(split_sampler("dpmpp_2m_polyexponential"),
            (SamplerName{"dpmpp_2m", "polyexponential"}));
}

TEST(SplitSampler, SchedulesForOneKindOfModel) {
  EXPECT_EQ(split_sampler("DPM++ 2M AYS SDXL"),
            (SamplerName{"DPM++ 2M", "AYS SDXL"}));
  EXPECT_EQ(split_sampler("euler_AYS SD1"), (SamplerName{"euler", "AYS SD1"}));
  EXPECT_EQ(split_sampler("euler_GITS[coeff=1.2]"),
            (SamplerName{"euler", "GITS[coeff=1.2]"}));
  EXPECT_EQ(normalized_scheduler("AYS SDXL"), "align_your_steps");
  EXPECT_EQ(normalized_scheduler("GITS[coeff=1.2]"), "gits");
}

TEST(SplitSampler, NamesWithoutAScheduleStayWhole) {
  for (const std::string_view name :
       {"Euler a", "DPM++ 2M", "LCM", "karras", "Restart", "er_sde", ""})
    EXPECT_EQ(split_sampler(name), (SamplerName{name, std::nullopt}));
}

TEST(SplitSampler, CommonWordsAreCutOffKnownSamplersOnly) {
  EXPECT_EQ(split_sampler("euler_simple"), (SamplerName{"euler", "simple"}));
  EXPECT_EQ(split_sampler("res_multistep simple"),
            (SamplerName{"res_multistep", "simple"}));
  EXPECT_EQ(split_sampler("seeds_2 normal"),
            (SamplerName{"seeds_2", "normal"}));
  EXPECT_EQ(split_sampler("Perfectly Normal"),
            (SamplerName{"Perfectly Normal", std::nullopt}));
}

// As Stability Matrix and others show ComfyUI's names.
TEST(SplitSampler, CommonWordsAreCutOffDisplayNames) {
  for (const std::string_view name :
       {"Euler Ancestral CFG++", "Heun++ 2", "DPM++ 2S Ancestral CFG++",
        "UniPC BH2", "DPM++ 3M SDE GPU"})
    EXPECT_EQ(split_sampler(std::string(name) + " Simple").sampler, name);
}

TEST(SetSampler, ASeparateScheduleLeavesTheSuffixAlone) {
  Generation result;
  set_sampler(result, "DPM++ 2M Karras", "Exponential");
  EXPECT_EQ(result.sampler, "DPM++ 2M Karras");
  EXPECT_EQ(result.scheduler, "Exponential");
}

TEST(SetSampler, UndefinedIsAbsent) {
  Generation result;
  set_sampler(result, "Undefined", "None");
  EXPECT_EQ(result.sampler, std::nullopt);
  EXPECT_EQ(result.scheduler, std::nullopt);
}

TEST(NormalizeSampler, KnowsEveryDialect) {
  for (const char* name : {"DPM++ 2M SDE", "dpmpp_2m_sde_gpu", "k_dpmpp_2m_sde",
                           "sample_dpmpp_2m_sde"})
    EXPECT_EQ(generation(name).sampler_normalized, "DPM++ 2M SDE") << name;
  for (const char* name :
       {"Euler a", "euler_ancestral", "k_euler_a", "Euler Ancestral"})
    EXPECT_EQ(generation(name).sampler_normalized, "Euler a") << name;
  EXPECT_EQ(generation("dpm++2m").sampler_normalized, "DPM++ 2M");
}

TEST(NormalizeSampler, LeavesUnknownNamesAsTheyAre) {
  EXPECT_EQ(generation("seeds_3").sampler_normalized, "seeds_3");
}

TEST(NormalizeSampler, SchedulersAreLowerCaseWithUnderscores) {
  EXPECT_EQ(generation("Euler", "SGM Uniform").scheduler_normalized,
            "sgm_uniform");
}

TEST(NormalizeSampler, InvokeAIMarksKarrasByASuffix) {
  const Generation result = generation("dpmpp_2m_sde_k");
  EXPECT_EQ(result.sampler_normalized, "DPM++ 2M SDE");
  EXPECT_EQ(result.scheduler_normalized, "karras");
}

// SCHEDULER_NAME_VALUES of invokeai/backend/stable_diffusion/schedulers.
TEST(NormalizeSampler, InvokeAIsNamesAreKnown) {
  for (const auto& [name, label] :
       {std::pair("deis_k", "deis"), std::pair("dpmpp_2m_k", "DPM++ 2M"),
        std::pair("dpmpp_2s_k", "dpmpp_2s"), std::pair("dpmpp_3m_k", "dpmpp_3m"),
        std::pair("dpmpp_sde_k", "DPM++ SDE"), std::pair("euler_k", "Euler"),
        std::pair("heun_k", "Heun"), std::pair("kdpm_2_a_k", "DPM2 a"),
        std::pair("kdpm_2_k", "DPM2"), std::pair("lms_k", "LMS"),
        std::pair("unipc_k", "UniPC")}) {
    const Generation result = generation(name);
    EXPECT_EQ(result.sampler, name);
    EXPECT_EQ(result.sampler_normalized, label);
    EXPECT_EQ(result.scheduler_normalized, "karras") << name;
  }
}

// ai_diffusion/presets/samplers.json of Acly/krita-ai-diffusion.
TEST(NormalizeSampler, PresetsOfKritaNameTheSamplerBehindADash) {
  for (const auto& [preset, label] :
       {std::pair("Default - DPM++ 2M", "DPM++ 2M"),
        std::pair("Alternative - Euler A", "Euler a"),
        std::pair("Creative - DPM++ 2M SDE", "DPM++ 2M SDE"),
        std::pair("Fast - UniPC BH2", "UniPC"),
        std::pair("Realtime - LCM", "LCM"),
        std::pair("Realtime - Hyper", "Realtime - Hyper")}) {
    const Generation result = generation(preset);
    EXPECT_EQ(result.sampler, preset);
    EXPECT_EQ(result.sampler_normalized, label);
    EXPECT_EQ(result.scheduler_normalized, std::nullopt);
  }
  const Generation result = generation("Flux - Euler simple");
  EXPECT_EQ(result.sampler_normalized, "Euler");
  EXPECT_EQ(result.scheduler_normalized, "simple");
}

TEST(NormalizeSampler, WhatWasWrittenStays) {
  const Generation result = generation("euler_ancestral_karras");
  EXPECT_EQ(result.sampler, "euler_ancestral_karras");
  EXPECT_EQ(result.scheduler, std::nullopt);
  EXPECT_EQ(result.sampler_normalized, "Euler a");
  EXPECT_EQ(result.scheduler_normalized, "karras");
}

TEST(NormalizeSampler, NothingGivesNothing) {
  EXPECT_EQ(generation(std::nullopt).sampler_normalized, std::nullopt);
}

// ComfyUI gains samplers every month.
TEST(SplitSampler, BehindAnUnderscoreCommonWordsAreSchedulesOfAnySampler) {
  for (const std::string_view sampler : {"res_multistep", "gradient_estimation",
                                         "euler_cfg_pp", "exp_heun_2_x0"})
    for (const std::string_view schedule : {"simple", "normal", "beta"}) {
      const std::string name =
          std::string(sampler) + "_" + std::string(schedule);
      EXPECT_EQ(split_sampler(name).sampler, sampler);
      EXPECT_EQ(split_sampler(name).scheduler, schedule);
    }
  EXPECT_EQ(split_sampler("My Own Simple").scheduler, std::nullopt);
}

// A1111's label, k-diffusion's name, ComfyUI's name: one sampler.
TEST(NormalizeSampler, EverySpellingOfASamplerHasOneName) {
  constexpr std::string_view kSpellings[][4] = {
      {"DDIM", "ddim", "ddim_v3"},
      {"DDIM CFG++", "ddim_cfg_pp"},
      {"DDPM", "ddpm"},
      {"DPM2", "dpm_2", "k_dpm_2", "dpm2"},
      {"DPM2 a", "dpm_2_ancestral", "k_dpm_2_a", "dpm2_ancestral"},
      {"DPM adaptive", "dpm_adaptive", "k_dpm_adaptive"},
      {"DPM fast", "dpm_fast", "k_dpm_fast"},
      {"DPM++ 2M", "dpmpp_2m", "k_dpmpp_2m", "dpm++2m"},
      {"dpmpp_2m_cfg_pp", "DPM++ 2M CFG++"},
      {"DPM++ 2M v2", "dpm++2mv2"},
      {"DPM++ 2M SDE", "dpmpp_2m_sde", "dpmpp_2m_sde_gpu"},
      {"DPM++ 2M SDE Heun", "dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu"},
      {"DPM++ 2S a", "dpmpp_2s_ancestral", "k_dpmpp_2s_a", "dpm++2s_a"},
      {"dpmpp_2s_ancestral_cfg_pp", "DPM++ 2S a CFG++",
       "DPM++ 2S Ancestral CFG++"},
      {"DPM++ 3M SDE", "dpmpp_3m_sde", "dpmpp_3m_sde_gpu"},
      {"DPM++ SDE", "dpmpp_sde", "dpmpp_sde_gpu"},
      {"euler_cfg_pp", "Euler CFG++"},
      {"Euler a", "euler_ancestral", "k_euler_a", "euler_a"},
      {"euler_ancestral_cfg_pp", "Euler a CFG++", "Euler Ancestral CFG++"},
      {"Heun", "heun", "heunpp2", "k_heun"},
      {"Heun", "Heun++ 2"},
      {"ipndm", "IPNDM"},
      {"ipndm_v", "IPNDM_V"},
      {"deis", "DEIS"},
      {"PLMS", "plms"},
      {"res_multistep", "Res Multistep"},
      {"UniPC", "uni_pc", "uni_pc_bh2", "unipc"},
      {"UniPC", "UniPC BH2"},
  };
  for (const auto& spellings : kSpellings)
    for (const std::string_view name : spellings) {
      if (name.empty()) continue;
      EXPECT_EQ(generation(std::string(name)).sampler_normalized, spellings[0])
          << name;
    }
}

TEST(SplitSampler, KnowsTheSchedulesOfComfyUI) {
  for (const std::string_view schedule :
       {"align_your_steps", "kl_optimal", "linear_quadratic", "bong_tangent",
        "beta57", "sgm_uniform", "simple"})
    EXPECT_EQ(split_sampler("euler_" + std::string(schedule)).scheduler,
              schedule);
}

}  // namespace
}  // namespace sdmeta
