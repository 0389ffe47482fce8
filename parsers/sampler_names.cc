#include "parsers/sampler_names.h"

#include <algorithm>
#include <array>

#include "parsers/name_index.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

struct Alias {
  std::string_view key;    // as `key_of` makes it
  std::string_view label;  // A1111's, if it has one
};

// Names that A1111 has no label for are ComfyUI's; in that spelling they need
// no row. Those of InvokeAI do: what is known may end in `_k`.
constexpr std::array kSamplers = std::to_array<Alias>({
    {"ddim", "DDIM"},
    {"ddim_cfg_pp", "DDIM CFG++"},
    {"ddim_v3", "DDIM"},
    {"ddpm", "DDPM"},
    {"deis", "deis"},
    {"dpm2", "DPM2"},
    {"dpm2_a", "DPM2 a"},
    {"dpm2_ancestral", "DPM2 a"},
    {"dpm_2", "DPM2"},
    {"dpm_2_a", "DPM2 a"},
    {"dpm_2_ancestral", "DPM2 a"},
    {"dpm_adaptive", "DPM adaptive"},
    {"dpm_fast", "DPM fast"},
    {"dpmpp2m", "DPM++ 2M"},
    {"dpmpp2m_sde", "DPM++ 2M SDE"},
    {"dpmpp2mv2", "DPM++ 2M v2"},
    {"dpmpp2s_a", "DPM++ 2S a"},
    {"dpmpp_2m", "DPM++ 2M"},
    {"dpmpp_2m_cfgpp", "dpmpp_2m_cfg_pp"},
    {"dpmpp_2m_sde", "DPM++ 2M SDE"},
    {"dpmpp_2m_sde_gpu", "DPM++ 2M SDE"},
    {"dpmpp_2m_sde_heun", "DPM++ 2M SDE Heun"},
    {"dpmpp_2m_sde_heun_gpu", "DPM++ 2M SDE Heun"},
    {"dpmpp_2s", "dpmpp_2s"},
    {"dpmpp_2s_a", "DPM++ 2S a"},
    {"dpmpp_2s_a_cfgpp", "dpmpp_2s_ancestral_cfg_pp"},
    {"dpmpp_2s_ancestral", "DPM++ 2S a"},
    {"dpmpp_2s_ancestral_cfgpp", "dpmpp_2s_ancestral_cfg_pp"},
    {"dpmpp_3m", "dpmpp_3m"},
    {"dpmpp_3m_sde", "DPM++ 3M SDE"},
    {"dpmpp_3m_sde_gpu", "DPM++ 3M SDE"},
    {"dpmpp_sde", "DPM++ SDE"},
    {"dpmpp_sde_gpu", "DPM++ SDE"},
    {"er_sde", "er_sde"},
    {"euler", "Euler"},
    {"euler_a", "Euler a"},
    {"euler_a_cfgpp", "euler_ancestral_cfg_pp"},
    {"euler_ancestral", "Euler a"},
    {"euler_ancestral_cfgpp", "euler_ancestral_cfg_pp"},
    {"euler_cfgpp", "euler_cfg_pp"},
    {"heun", "Heun"},
    {"heunpp2", "Heun"},
    {"heunpp_2", "Heun"},
    {"ipndm", "ipndm"},
    {"ipndm_v", "ipndm_v"},
    {"kdpm_2", "DPM2"},
    {"kdpm_2_a", "DPM2 a"},
    {"lcm", "LCM"},
    {"lms", "LMS"},
    {"plms", "PLMS"},
    {"res_multistep", "res_multistep"},
    {"restart", "Restart"},
    {"uni_pc", "UniPC"},
    {"uni_pc_bh2", "UniPC"},
    {"unipc", "UniPC"},
    {"unipc_bh2", "UniPC"},
});

// Longest first where one is the end of another. Some are words too common to
// be cut off a name that is not itself a sampler's: one that is listed above,
// or in ComfyUI's spelling. Behind an underscore ComfyUI's savers write them,
// and no sampler of ComfyUI ends in one.
enum Before { kAnyName, kKnownSampler, kKnownSamplerOrUnderscore };
struct Schedule {
  std::string_view suffix;
  Before before = kAnyName;
};
constexpr std::array kSchedules = std::to_array<Schedule>({
    {"align_your_steps"},
    {"polyexponential"},
    {"exponential"},
    {"karras"},
    {"sgm_uniform"},
    {"sgmuniform"},
    {"ddim_uniform"},
    {"kl_optimal"},
    {"linear_quadratic"},
    {"bong_tangent"},
    {"uniform", kKnownSampler},
    {"simple", kKnownSamplerOrUnderscore},
    {"normal", kKnownSamplerOrUnderscore},
    {"beta57", kKnownSamplerOrUnderscore},
    {"beta", kKnownSamplerOrUnderscore},
    {"turbo", kKnownSampler},
    {"trailing", kKnownSampler},
    {"discrete", kKnownSampler},
    {"smoothstep", kKnownSampler},
    {"gits", kKnownSampler},
    {"lcm", kKnownSampler},
    {"ays", kKnownSampler},
    {"ays_sdxl"},
    {"ays_sd1"},
    {"ays_svd"},
    {"gits[coeff=1.2]"},
});

// One spelling for `DPM++ 2M SDE`, `k_dpmpp_2m_sde` and `sample_dpmpp_2m_sde`.
std::string key_of(std::string_view name) {
  std::string key;
  key.reserve(name.size() + 2);
  for (const char c : trimmed(name)) {
    if (c == ' ' || c == '-')
      key += '_';
    else if (c == '+')
      key += 'p';
    else
      key += to_lower(c);
  }
  for (const std::string_view prefix : {"k_", "sample_"})
    if (key.starts_with(prefix)) key.erase(0, prefix.size());
  return key;
}

const Alias* find_sampler(std::string_view name) {
  static const NameIndex keys = [] {
    NameIndex index(kSamplers.size());
    for (std::size_t i = 0; i < kSamplers.size(); ++i)
      index[kSamplers[i].key] = i;
    return index;
  }();
  const std::uint64_t* const position = keys.find(key_of(name));
  return position != nullptr ? &kSamplers[*position] : nullptr;
}

// `res_multistep`: how ComfyUI and its packs spell the names of samplers.
bool is_identifier(std::string_view name) {
  return name.find('_') != name.npos &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_';
         });
}

bool is_separator(char c) { return c == ' ' || c == '_'; }

// Where `suffix` begins at the end of `name`, spaces and underscores alike.
std::size_t find_suffix(std::string_view name, std::string_view suffix) {
  if (name.size() < suffix.size() + 2 || to_lower(name.back()) != suffix.back())
    return name.npos;
  const std::size_t start = name.size() - suffix.size();
  if (!is_separator(name[start - 1])) return name.npos;
  for (std::size_t i = 0; i < suffix.size(); ++i) {
    const char c = name[start + i];
    if (to_lower(c) != suffix[i] && !(is_separator(c) && suffix[i] == '_'))
      return name.npos;
  }
  return start;
}

// Krita's plug-in writes the name of a preset: `Flux - Euler simple`.
constexpr std::string_view kPresetDash = " - ";

// InvokeAI writes `dpmpp_2m_k` where it means the Karras schedule.
constexpr std::string_view kInvokeKarras = "_k";

}  // namespace

SamplerName split_sampler(std::string_view name) {
  name = trimmed(name);
  for (const Schedule& schedule : kSchedules) {
    const std::size_t start = find_suffix(name, schedule.suffix);
    if (start == name.npos) continue;
    const std::string_view sampler = trimmed(name.substr(0, start - 1));
    if (sampler.empty()) continue;
    const bool is_word = schedule.before == kKnownSampler ||
                         (schedule.before == kKnownSamplerOrUnderscore &&
                          name[start - 1] != '_');
    if (is_word && find_sampler(sampler) == nullptr && !is_identifier(sampler))
      continue;
    return {sampler, name.substr(start)};
  }
  return {name, std::nullopt};
}

std::string normalized_sampler(std::string_view name) {
  if (const Alias* const alias = find_sampler(name))
    return std::string(alias->label);
  return std::string(trimmed(name));
}

std::string normalized_scheduler(std::string_view name) {
  std::string result = lower(trimmed(name));
  std::replace(result.begin(), result.end(), ' ', '_');
  result.resize(std::min(result.find('['), result.size()));  // coefficients
  if (result == "sgmuniform") return "sgm_uniform";
  if (result == "ays" || result.starts_with("ays_")) return "align_your_steps";
  return result;
}

void set_sampler(Generation& generation, std::string_view sampler,
                 std::optional<std::string_view> scheduler) {
  sampler = trimmed(sampler);
  if (scheduler && is_placeholder(trimmed(*scheduler))) scheduler.reset();
  if (scheduler && !generation.scheduler)
    generation.scheduler = std::string(trimmed(*scheduler));
  if (generation.sampler || is_placeholder(sampler)) return;
  if (generation.scheduler) {
    generation.sampler = std::string(sampler);
    return;
  }
  const SamplerName name = split_sampler(sampler);
  generation.sampler = std::string(name.sampler);
  if (name.scheduler) generation.scheduler = std::string(*name.scheduler);
}

void normalize_sampler(Generation& generation) {
  if (generation.scheduler)
    generation.scheduler_normalized =
        normalized_scheduler(*generation.scheduler);
  if (!generation.sampler) return;
  std::string_view sampler = *generation.sampler;
  SamplerName name = split_sampler(sampler);
  if (const std::size_t dash = sampler.rfind(kPresetDash);
      dash != sampler.npos) {
    const SamplerName own =
        split_sampler(sampler.substr(dash + kPresetDash.size()));
    if (find_sampler(own.sampler) != nullptr) name = own;
  }
  if (!name.scheduler && sampler.ends_with(kInvokeKarras)) {
    sampler.remove_suffix(kInvokeKarras.size());
    if (find_sampler(sampler) != nullptr) name = {sampler, "karras"};
  }
  generation.sampler_normalized = normalized_sampler(name.sampler);
  if (name.scheduler && !generation.scheduler)
    generation.scheduler_normalized = normalized_scheduler(*name.scheduler);
}

}  // namespace sdmeta
