#include "parsers/merge.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "parsers/text.h"

namespace sdmeta {
namespace {

bool says_nothing(const std::string& text) { return is_placeholder(text); }
template <class Number>
bool says_nothing(const Number&) {
  return false;
}

template <class Value>
void fill(std::optional<Value>& base, std::optional<Value>& other) {
  if (!other || (base && !says_nothing(*base))) return;
  // An explicitly empty prompt says more than a placeholder, but not more than
  // nothing at all.
  if (base && says_nothing(*other)) return;
  base = std::move(other);
}

std::optional<double> as_double(const std::string& digits) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size())
    return std::nullopt;
  return value;
}

// Savers written in JavaScript round seeds beyond 2^53.
bool is_rounding_of(const std::string& rounded, const std::string& exact) {
  constexpr double kTwoTo53 = 9007199254740992.0;
  if (rounded == exact || rounded.size() != exact.size()) return false;
  const auto a = as_double(rounded);
  const auto b = as_double(exact);
  return a && b && *a == *b && (*a > kTwoTo53 || *a < -kTwoTo53);
}

void fill_seed(std::optional<std::string>& base,
               std::optional<std::string>& other) {
  if (!other) return;
  if (!base || *base == "-1" || says_nothing(*base) ||
      is_rounding_of(*base, *other))
    base = std::move(other);
}

bool same_name(std::string_view a, std::string_view b) {
  return equal_ignoring_case(model_base_name(a), model_base_name(b));
}

// Sites store models under numbers of their own (`EMS-1401459-EMS` of
// TensorArt): the same LoRA as in the site's own list, under a name that says
// nothing.
bool is_private_name(std::string_view name) {
  name = model_base_name(name);
  return name.starts_with("EMS-") && name.ends_with("-EMS");
}

std::string name_key(const Lora& lora) {
  return lower(model_base_name(lora.name));
}

// By hash, because prompts and graphs made to hurt hold any number of LoRAs. Of
// several entries with one name each is matched once, in order.
void unite_loras(std::vector<Lora>& base, std::vector<Lora>& other) {
  if (other.empty()) return;
  std::unordered_map<std::string, std::vector<std::size_t>> by_name;
  for (std::size_t i = base.size(); i-- > 0;)
    by_name[name_key(base[i])].push_back(i);
  const bool has_names = !base.empty();
  for (Lora& lora : other) {
    if (has_names && is_private_name(lora.name)) continue;
    const auto found = by_name.find(name_key(lora));
    if (found == by_name.end() || found->second.empty()) {
      base.push_back(std::move(lora));
      continue;
    }
    Lora& same = base[found->second.back()];
    found->second.pop_back();
    if (lora.weight) {
      same.weight = lora.weight;
      same.clip_weight = lora.clip_weight;
    }
    fill(same.hash, lora.hash);
    fill(same.model_version_id, lora.model_version_id);
  }
}

// What real files hold is compared with each other; beyond, work is bounded.
constexpr std::size_t kMostCompared = 1024;

template <class Item, class Same>
void unite(std::vector<Item>& base, std::vector<Item>& other, Same same) {
  const std::size_t known = std::min(base.size(), kMostCompared);
  for (Item& item : other) {
    const auto end = base.begin() + static_cast<std::ptrdiff_t>(known);
    if (std::none_of(base.begin(), end,
                     [&](const Item& have) { return same(have, item); }))
      base.push_back(std::move(item));
  }
}

}  // namespace

void fill_gaps(Generation& base, Generation&& other) {
  fill(base.prompt, other.prompt);
  fill(base.negative_prompt, other.negative_prompt);
  fill(base.steps, other.steps);
  fill(base.sampler, other.sampler);
  fill(base.scheduler, other.scheduler);
  fill(base.cfg_scale, other.cfg_scale);
  fill(base.guidance, other.guidance);
  fill_seed(base.seed, other.seed);
  if (!base.width || !base.height) {
    fill(base.width, other.width);
    fill(base.height, other.height);
  }
  fill(base.model, other.model);
  fill(base.model_hash, other.model_hash);
  fill(base.vae, other.vae);
  fill(base.clip_skip, other.clip_skip);
  fill(base.denoising_strength, other.denoising_strength);
  fill(base.hires.upscale, other.hires.upscale);
  fill(base.hires.upscaler, other.hires.upscaler);
  fill(base.hires.steps, other.hires.steps);
  fill(base.hires.width, other.hires.width);
  fill(base.hires.height, other.hires.height);
  fill(base.hires.denoising_strength, other.hires.denoising_strength);
  unite_loras(base.loras, other.loras);
  unite(base.embeddings, other.embeddings,
        [](const Embedding& a, const Embedding& b) {
          return same_name(a.name, b.name);
        });
  unite(base.prompts, other.prompts, std::equal_to<PromptPart>());
  unite(base.controlnets, other.controlnets,
        [](const ControlNet& a, const ControlNet& b) {
          return a == b || (a.model && b.model && same_name(*a.model, *b.model));
        });
  unite(base.upscalers, other.upscalers,
        [](const Upscaler& a, const Upscaler& b) {
          return same_name(a.name, b.name);
        });
  unite(base.civitai_resources, other.civitai_resources,
        [](const CivitaiResource& a, const CivitaiResource& b) {
          return a == b || (a.model_version_id &&
                            a.model_version_id == b.model_version_id);
        });
  unite(base.extra, other.extra, [](const KeyValue& a, const KeyValue& b) {
    return a.key == b.key;
  });
}

}  // namespace sdmeta
