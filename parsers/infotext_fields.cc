#include "parsers/infotext_fields.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "parsers/civitai_resources.h"
#include "parsers/json.h"
#include "parsers/lora_tags.h"
#include "parsers/name_index.h"
#include "parsers/resource_hashes.h"
#include "parsers/sampler_names.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

struct Context {
  Generation& generation;
  const Limits& limits;
  std::vector<Error>& notes;
  ResourceSettings resources;
  // The sampler's suffix is the schedule only if no key names one, so the
  // decision waits for the end of the line.
  std::string sampler;
  std::string scheduler;
  std::map<std::string, ControlNet> controlnets;
};

// Reads a value; true if a field holds it now.
using Take = bool (*)(Context&, const std::string& value);

bool take_text(std::optional<std::string>& field, const std::string& value) {
  return !is_placeholder(value) && hold(field, value);
}

bool note_bad_number(Context& context, const std::string& value) {
  constexpr std::size_t kShown = 40;  // bytes
  if (is_placeholder(value)) return false;
  Error note;
  note.code = ErrorCode::kBadNumber;
  note.detail = "'";
  note.detail.append(value, 0, kShown);
  note.detail += '\'';
  context.notes.push_back(std::move(note));
  return false;
}

bool take_integer(Context& context, const std::string& value,
                  std::optional<std::int64_t>& field) {
  const auto number = integer_in(value);
  return number ? hold(field, *number) : note_bad_number(context, value);
}

bool take_number(Context& context, const std::string& value,
                 std::optional<double>& field) {
  const auto number = number_in<double>(value);
  return number ? hold(field, *number) : note_bad_number(context, value);
}

bool take_seed(Context& context, const std::string& value) {
  const auto digits = digits_in(value);
  return digits ? hold(context.generation.seed, *digits)
                : note_bad_number(context, value);
}

bool take_size(const std::string& value, std::optional<std::int64_t>& width,
               std::optional<std::int64_t>& height) {
  const auto size = pixel_size_in(value);
  if (!size || size->width == 0 || size->height == 0) return false;
  if (!width && !height) {
    width = size->width;
    height = size->height;
  }
  return width == size->width && height == size->height;
}

bool take_clip_skip(Context& context, const std::string& value) {
  constexpr std::int64_t kMostLayers = 1000;
  const auto layers = integer_in(value);
  if (!layers || *layers < -kMostLayers || *layers > kMostLayers)
    return note_bad_number(context, value);
  // ComfyUI's savers count downwards. Zero is "not set".
  return *layers != 0 && hold(context.generation.clip_skip,
                              *layers < 0 ? -*layers : *layers);
}

// A number in the A1111 family; the upscaler's name in stable-diffusion.cpp.
bool take_hires_upscale(Context& context, const std::string& value) {
  Hires& hires = context.generation.hires;
  if (const auto factor = number_in<double>(value))
    return hold(hires.upscale, *factor);
  return take_text(hires.upscaler, value);
}

PromptPart& part(Generation& generation, std::string_view role) {
  for (PromptPart& known : generation.prompts)
    if (known.role == role) return known;
  generation.prompts.push_back({std::string(role), {}, {}});
  return generation.prompts.back();
}

// `Ultimate SD upscale upscaler` and others: scripts that enlarge the image.
bool take_upscaler(Context& context, const std::string& value) {
  if (is_placeholder(value)) return false;
  context.generation.upscalers.push_back({value, std::nullopt});
  return true;
}

bool take_upscaler_scale(Context& context, const std::string& value) {
  if (context.generation.upscalers.empty()) return false;
  return take_number(context, value, context.generation.upscalers.back().scale);
}

bool take_civitai_resources(Context& context, const std::string& value) {
  const JsonDocument document = parse_json(value, context.limits);
  const JsonValue list = document.root();
  if (!list.is_array()) return false;
  std::vector<CivitaiResource> resources;
  bool is_complete = !document.repair();
  list.for_each_element([&](JsonValue item) {
    auto resource = read_civitai_resource(item);
    is_complete = is_complete && resource;
    if (resource) resources.push_back(std::move(*resource));
  });
  merge_civitai_resources(context.generation.civitai_resources,
                          std::move(resources));
  return is_complete;
}

void fill_text(std::optional<std::string>& field, JsonValue value) {
  const auto text = value.string();
  if (text && !trimmed(*text).empty() && (!field || field->empty()))
    field = std::string(*text);
}

void fill_pixels(Generation& generation, JsonValue holder) {
  const auto width = holder["width"].integer();
  const auto height = holder["height"].integer();
  if (generation.width || !width || !height || *width <= 0 || *height <= 0)
    return;
  generation.width = width;
  generation.height = height;
}

// The site's own record of the job. It fills gaps only: users may edit it.
bool take_civitai_metadata(Context& context, const std::string& value) {
  const JsonDocument document = parse_json(value, context.limits);
  const JsonValue data = document.root();
  if (!data.is_object()) return false;
  Generation& generation = context.generation;
  fill_text(generation.prompt, data["prompt"]);
  fill_text(generation.negative_prompt, data["negativePrompt"]);
  if (!generation.steps) generation.steps = data["steps"].integer();
  if (!generation.cfg_scale) generation.cfg_scale = data["cfgScale"].number();
  if (!generation.seed) generation.seed = data["seed"].digits();
  if (!generation.clip_skip)
    generation.clip_skip = data["clipSkip"].integer();
  if (const auto sampler = data["sampler"].string())
    set_sampler(generation, *sampler);
  fill_pixels(generation, data["aspectRatio"]);
  fill_pixels(generation, data);
  std::vector<CivitaiResource> resources;
  data["resources"].for_each_element([&](JsonValue item) {
    if (auto resource = read_civitai_resource(item))
      resources.push_back(std::move(*resource));
  });
  merge_civitai_resources(generation.civitai_resources, std::move(resources));
  return data.size() == 0;
}

struct Key {
  std::string_view name;  // lower case
  Take take;
  // Read after all others: it completes what they said.
  bool is_late = false;
};

constexpr std::array kKeys = std::to_array<Key>({
    {"cfg", [](Context& c, const std::string& v) {
       return take_number(c, v, c.generation.cfg_scale);
     }},
    {"cfg scale", [](Context& c, const std::string& v) {
       return take_number(c, v, c.generation.cfg_scale);
     }},
    {"civitai metadata", take_civitai_metadata, true},
    {"civitai resources", take_civitai_resources},
    {"clip skip", take_clip_skip},
    {"denoising strength", [](Context& c, const std::string& v) {
       return take_number(c, v, c.generation.denoising_strength);
     }},
    {"detailer negative", [](Context& c, const std::string& v) {
       return hold(part(c.generation, "detailer").negative_prompt, v);
     }},
    {"detailer prompt", [](Context& c, const std::string& v) {
       return hold(part(c.generation, "detailer").prompt, v);
     }},
    {"distilled cfg scale", [](Context& c, const std::string& v) {
       return take_number(c, v, c.generation.guidance);
     }},
    {"distilled guidance", [](Context& c, const std::string& v) {
       return take_number(c, v, c.generation.guidance);
     }},
    {"guidance", [](Context& c, const std::string& v) {
       return take_number(c, v, c.generation.guidance);
     }},
    {"guidance scale", [](Context& c, const std::string& v) {
       return take_number(c, v, c.generation.cfg_scale);
     }},
    {"hashes", [](Context& c, const std::string& v) {
       return apply_hashes(v, c.limits, c.generation);
     }, true},
    {"hires negative prompt", [](Context& c, const std::string& v) {
       return hold(part(c.generation, "hires").negative_prompt, v);
     }},
    {"hires prompt", [](Context& c, const std::string& v) {
       return hold(part(c.generation, "hires").prompt, v);
     }},
    {"hires resize", [](Context& c, const std::string& v) {
       return take_size(v, c.generation.hires.width, c.generation.hires.height);
     }},
    {"hires scale", take_hires_upscale},
    {"hires size", [](Context& c, const std::string& v) {
       return take_size(v, c.generation.hires.width, c.generation.hires.height);
     }},
    {"hires steps", [](Context& c, const std::string& v) {
       return take_integer(c, v, c.generation.hires.steps);
     }},
    {"hires strength", [](Context& c, const std::string& v) {
       return take_number(c, v, c.generation.hires.denoising_strength);
     }},
    {"hires upscale", take_hires_upscale},
    {"hires upscaler", [](Context& c, const std::string& v) {
       return take_text(c.generation.hires.upscaler, v);
     }},
    {"model", [](Context& c, const std::string& v) {
       return take_text(c.generation.model, v);
     }},
    {"model hash", [](Context& c, const std::string& v) {
       return take_text(c.generation.model_hash, v);
     }},
    {"negative2", [](Context& c, const std::string& v) {
       return hold(part(c.generation, "refiner").negative_prompt, v);
     }},
    {"postprocess upscale by", take_upscaler_scale, true},
    {"postprocess upscaler", take_upscaler},
    {"prompt2", [](Context& c, const std::string& v) {
       return hold(part(c.generation, "refiner").prompt, v);
     }},
    {"refiner negative", [](Context& c, const std::string& v) {
       return hold(part(c.generation, "refiner").negative_prompt, v);
     }},
    {"refiner prompt", [](Context& c, const std::string& v) {
       return hold(part(c.generation, "refiner").prompt, v);
     }},
    {"sampler", [](Context& c, const std::string& v) {
       if (c.sampler.empty()) c.sampler = v;
       return false;
     }},
    {"schedule", [](Context& c, const std::string& v) {
       if (c.scheduler.empty()) c.scheduler = v;
       return false;
     }},
    {"schedule type", [](Context& c, const std::string& v) {
       if (c.scheduler.empty()) c.scheduler = v;
       return false;
     }},
    {"scheduler", [](Context& c, const std::string& v) {
       if (c.scheduler.empty()) c.scheduler = v;
       return false;
     }},
    {"seed", take_seed},
    {"size", [](Context& c, const std::string& v) {
       return take_size(v, c.generation.width, c.generation.height);
     }},
    {"sd upscale upscaler", take_upscaler},
    {"steps", [](Context& c, const std::string& v) {
       return take_integer(c, v, c.generation.steps);
     }},
    {"tiled diffusion scale factor", take_upscaler_scale},
    {"tiled diffusion upscaler", take_upscaler},
    {"ultimate sd upscale upscaler", take_upscaler},
    {"vae", [](Context& c, const std::string& v) {
       return take_text(c.generation.vae, v);
     }},
});

const Key* find_key(std::string_view name) {
  static const KeyIndex keys(kKeys, [](const Key& key) { return key.name; });
  const std::uint64_t* const position = keys.find(name);
  return position != nullptr ? &kKeys[*position] : nullptr;
}

bool is_scheduler_key(std::string_view key) {
  return equal_ignoring_case(key, "Schedule type") ||
         equal_ignoring_case(key, "Scheduler") ||
         equal_ignoring_case(key, "Schedule");
}

// `(0, 1)` of early ControlNet versions.
void take_range(std::string_view value, ControlNet& unit) {
  if (!value.starts_with('(') || !value.ends_with(')')) return;
  value = value.substr(1, value.size() - 2);
  const std::size_t comma = value.find(',');
  if (comma == value.npos) return;
  unit.start = number_in<double>(value.substr(0, comma));
  unit.end = number_in<double>(value.substr(comma + 1));
}

void take_controlnet_part(std::string_view key, const std::string& value,
                          ControlNet& unit) {
  if (key == "module" || key == "preprocessor") {
    take_text(unit.module, value);
  } else if (key == "model") {
    take_text(unit.model, value);
  } else if (key == "weight") {
    unit.weight = number_in<double>(value);
  } else if (key == "guidance start" || key == "starting") {
    unit.start = number_in<double>(value);
  } else if (key == "guidance end" || key == "ending") {
    unit.end = number_in<double>(value);
  } else if (key == "starting/ending" || key == "guidance start/end") {
    take_range(value, unit);
  }
}

// `ControlNet 0: "Module: canny, Model: .."`, and before 2023-03
// `ControlNet Model: ..`, `ControlNet-1 Model: ..`. ControlNet has fields for
// the most important parts; all of it stays in `extra`.
void take_controlnet(Context& context, const Setting& setting,
                     const std::string& value) {
  constexpr std::string_view kPrefix = "controlnet";
  if (!starts_with_ignoring_case(setting.key, kPrefix)) return;
  const std::string key = lower(setting.key);
  std::string_view rest = std::string_view(key).substr(kPrefix.size());
  const std::size_t digits = rest.find_first_not_of(" -");
  if (digits == rest.npos) return;
  rest.remove_prefix(digits);
  const std::size_t number_end =
      std::min(rest.find_first_not_of("0123456789"), rest.size());
  const std::string_view number = rest.substr(0, number_end);
  rest = trimmed(rest.substr(number_end));
  ControlNet& unit = context.controlnets[std::string(number)];
  if (!rest.empty()) {
    take_controlnet_part(rest, value, unit);
    return;
  }
  for (const Setting& part_of :
       split_settings(value, context.limits.max_settings).settings)
    take_controlnet_part(lower(part_of.key), part_of.value(), unit);
}

// `ADetailer prompt`, `ADetailer negative prompt 2nd`: what each detailer
// paints by. One of each kind for a role; they stay in `extra` with its other
// settings. https://github.com/Bing-su/adetailer/blob/main/adetailer/args.py
void read_detailer_prompt(const Setting& setting, Generation& generation) {
  constexpr std::string_view kPrompt = "ADetailer prompt";
  constexpr std::string_view kNegative = "ADetailer negative prompt";
  const bool is_negative = setting.key.starts_with(kNegative);
  if (!is_negative && !setting.key.starts_with(kPrompt)) return;
  const std::string_view suffix =
      setting.key.substr(is_negative ? kNegative.size() : kPrompt.size());
  constexpr std::size_t kLongestSuffix = 8;  // " 15th"
  if (suffix.size() > kLongestSuffix || (!suffix.empty() && suffix[0] != ' ')) return;
  PromptPart& detailer = part(generation, "adetailer" + std::string(suffix));
  hold(is_negative ? detailer.negative_prompt : detailer.prompt,
       setting.value());
}

}  // namespace

SettingsReader::SettingsReader(const std::vector<Setting>& settings,
                               const Limits& limits, Generation& generation,
                               std::vector<Error>& notes)
    : settings_(settings),
      limits_(limits),
      generation_(generation),
      notes_(notes),
      is_held_(settings.size(), false) {}

const Setting* SettingsReader::find(std::string_view key) const {
  for (const Setting& setting : settings_)
    if (equal_ignoring_case(setting.key, key)) return &setting;
  return nullptr;
}

std::optional<std::string> SettingsReader::take(std::string_view key) {
  const Setting* const found = find(key);
  if (found == nullptr) return std::nullopt;
  is_held_[static_cast<std::size_t>(found - settings_.data())] = true;
  return found->value();
}

void SettingsReader::read_fields() {
  Context context{generation_, limits_, notes_, {}, {}, {}, {}};
  std::vector<std::pair<const Key*, std::size_t>> late;
  for (std::size_t i = 0; i < settings_.size(); ++i) {
    const Setting& setting = settings_[i];
    if (is_held_[i] || setting.is_flag) continue;
    const std::string value = setting.value();
    if (const Key* const key = find_key(setting.key)) {
      if (key->is_late)
        late.emplace_back(key, i);
      else
        is_held_[i] = key->take(context, value);
      continue;
    }
    is_held_[i] = context.resources.take(setting.key, value);
    if (!is_held_[i]) take_controlnet(context, setting, value);
  }
  set_sampler(generation_, context.sampler, context.scheduler);
  for (std::size_t i = 0; i < settings_.size(); ++i) {
    const Setting& setting = settings_[i];
    if (equal_ignoring_case(setting.key, "Sampler"))
      is_held_[i] = generation_.sampler &&
                    (generation_.sampler == setting.raw ||
                     split_sampler(setting.raw).sampler == *generation_.sampler);
    else if (is_scheduler_key(setting.key))
      is_held_[i] = generation_.scheduler == setting.raw;
  }
  if (generation_.prompt)
    add_tagged_loras(*generation_.prompt, generation_.loras);
  if (generation_.negative_prompt)
    add_tagged_loras(*generation_.negative_prompt, generation_.loras);
  for (const PromptPart& prompt : generation_.prompts)
    if (prompt.prompt) add_tagged_loras(*prompt.prompt, generation_.loras);
  context.resources.apply(generation_);
  for (const auto& [key, i] : late)
    is_held_[i] = key->take(context, settings_[i].value());
  for (const Setting& setting : settings_)
    if (!setting.is_flag) read_detailer_prompt(setting, generation_);
  for (auto& [number, unit] : context.controlnets)
    if (unit != ControlNet()) generation_.controlnets.push_back(std::move(unit));
}

void SettingsReader::keep_rest() {
  for (std::size_t i = 0; i < settings_.size(); ++i)
    if (!is_held_[i])
      generation_.extra.push_back(
          {std::string(settings_[i].key), settings_[i].value()});
}

}  // namespace sdmeta
