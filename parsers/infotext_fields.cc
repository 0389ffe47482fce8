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

struct FieldContext {
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

struct SettingKey {
  enum class Role {
    kField,
    kLate,  // read after all others: it completes what they said
    // Held or not, which is known at the end of the line.
    kSampler,
    kScheduler,
  };

  std::string_view name;  // lower case
  /// Reads a value; true if a field holds it now.
  bool (*take)(FieldContext&, std::string_view value);
  Role role = Role::kField;
};

namespace {

bool take_text(std::optional<std::string>& field, std::string_view value) {
  return !is_placeholder(value) && hold(field, value);
}

bool note_bad_number(FieldContext& context, std::string_view value) {
  constexpr std::size_t kShown = 40;  // bytes
  if (is_placeholder(value)) return false;
  Error note;
  note.code = ErrorCode::kBadNumber;
  note.detail = "'";
  note.detail += value.substr(0, kShown);
  note.detail += '\'';
  context.notes.push_back(std::move(note));
  return false;
}

bool take_integer(FieldContext& context, std::string_view value,
                  std::optional<std::int64_t>& field) {
  const auto number = integer_in(value);
  return number ? hold(field, *number) : note_bad_number(context, value);
}

// Also `7,5`: some programs write numbers as the user's country does.
std::optional<double> decimal_in(std::string_view value) {
  if (const auto number = number_in<double>(value)) return number;
  const std::size_t comma = value.find(',');
  if (comma == value.npos) return std::nullopt;
  std::string with_point(value);
  with_point[comma] = '.';
  return number_in<double>(with_point);
}

bool take_number(FieldContext& context, std::string_view value,
                 std::optional<double>& field) {
  const auto number = decimal_in(value);
  return number ? hold(field, *number) : note_bad_number(context, value);
}

bool take_side(FieldContext& context, std::string_view value,
               std::optional<std::int64_t>& field) {
  const auto pixels = integer_in(value);
  return pixels && *pixels > 0 ? hold(field, *pixels)
                               : note_bad_number(context, value);
}

// `width: 512 height: 768` is one setting: no comma stands between the sides.
bool take_width(FieldContext& context, std::string_view value) {
  constexpr std::string_view kHeight = "height:";
  const std::size_t height = value.find(kHeight);
  if (height != value.npos &&
      !take_side(context, value.substr(height + kHeight.size()),
                 context.generation.height))
    return false;
  return take_side(context, value.substr(0, height), context.generation.width);
}

bool take_seed(FieldContext& context, std::string_view value) {
  const auto digits = digits_in(value);
  return digits ? hold(context.generation.seed, *digits)
                : note_bad_number(context, value);
}

bool take_scheduler(FieldContext& context, std::string_view value) {
  if (context.scheduler.empty()) context.scheduler = value;
  return false;
}

bool take_size(std::string_view value, std::optional<std::int64_t>& width,
               std::optional<std::int64_t>& height) {
  const auto size = pixel_size_in(value);
  if (!size || size->width == 0 || size->height == 0) return false;
  if (!width && !height) {
    width = size->width;
    height = size->height;
  }
  return width == size->width && height == size->height;
}

// Where a second pass makes a picture of one side's length, A1111 computes the
// other: `hr_resize_x` and `_y` in modules/processing.py.
bool take_hires_resize(FieldContext& context, std::string_view value) {
  Hires& hires = context.generation.hires;
  if (take_size(value, hires.width, hires.height)) return true;
  const auto size = pixel_size_in(value);
  const auto width = context.generation.width;
  const auto height = context.generation.height;
  constexpr std::int64_t kLongestSide = 1 << 24;
  if (!size || hires.width || hires.height || !width || !height ||
      std::max({size->width, size->height, *width, *height}) > kLongestSide)
    return false;
  if (size->height == 0 && size->width > 0) {
    hires.width = size->width;
    hires.height = size->width * *height / *width;
  } else if (size->width == 0 && size->height > 0) {
    hires.width = size->height * *width / *height;
    hires.height = size->height;
  }
  return false;
}

// Of 2022: a second pass makes a picture as large as `Size` says.
bool take_first_pass(FieldContext& context, std::string_view) {
  Generation& generation = context.generation;
  if (generation.hires.width || generation.hires.height) return false;
  generation.hires.width = generation.width;
  generation.hires.height = generation.height;
  return false;
}

bool take_clip_skip(FieldContext& context, std::string_view value) {
  constexpr std::int64_t kMostLayers = 1000;
  const auto layers = integer_in(value);
  if (!layers || *layers < -kMostLayers || *layers > kMostLayers)
    return note_bad_number(context, value);
  // ComfyUI's savers count downwards. Zero is "not set".
  return *layers != 0 &&
         hold(context.generation.clip_skip, *layers < 0 ? -*layers : *layers);
}

// A number in the A1111 family; the upscaler's name in stable-diffusion.cpp.
bool take_hires_upscale(FieldContext& context, std::string_view value) {
  Hires& hires = context.generation.hires;
  if (const auto factor = decimal_in(value))
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
bool take_upscaler(FieldContext& context, std::string_view value) {
  if (is_placeholder(value)) return false;
  context.generation.upscalers.push_back({std::string(value), std::nullopt});
  return true;
}

bool take_upscaler_scale(FieldContext& context, std::string_view value) {
  if (context.generation.upscalers.empty()) return false;
  return take_number(context, value, context.generation.upscalers.back().scale);
}

bool take_civitai_resources(FieldContext& context, std::string_view value) {
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
bool take_civitai_metadata(FieldContext& context, std::string_view value) {
  const JsonDocument document = parse_json(value, context.limits);
  const JsonValue data = document.root();
  if (!data.is_object()) return false;
  Generation& generation = context.generation;
  fill_text(generation.prompt, data["prompt"]);
  fill_text(generation.negative_prompt, data["negativePrompt"]);
  if (!generation.steps) generation.steps = data["steps"].integer();
  if (!generation.cfg_scale) generation.cfg_scale = data["cfgScale"].number();
  if (!generation.seed) generation.seed = data["seed"].digits();
  if (!generation.clip_skip) generation.clip_skip = data["clipSkip"].integer();
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

using Role = SettingKey::Role;

constexpr std::array kKeys = std::to_array<SettingKey>({
    {"cfg", [](FieldContext& c, std::string_view v) {
       return take_number(c, v, c.generation.cfg_scale);
     }},
    {"cfg scale", [](FieldContext& c, std::string_view v) {
       return take_number(c, v, c.generation.cfg_scale);
     }},
    {"cfg_scale", [](FieldContext& c, std::string_view v) {
       return take_number(c, v, c.generation.cfg_scale);
     }},
    {"civitai metadata", take_civitai_metadata, Role::kLate},
    {"civitai resources", take_civitai_resources},
    {"clip skip", take_clip_skip},
    {"clip_skip", take_clip_skip},
    {"denoising strength", [](FieldContext& c, std::string_view v) {
       return take_number(c, v, c.generation.denoising_strength);
     }},
    {"detailer negative", [](FieldContext& c, std::string_view v) {
       return hold(part(c.generation, "detailer").negative_prompt, v);
     }},
    {"detailer prompt", [](FieldContext& c, std::string_view v) {
       return hold(part(c.generation, "detailer").prompt, v);
     }},
    {"distilled cfg scale", [](FieldContext& c, std::string_view v) {
       return take_number(c, v, c.generation.guidance);
     }},
    {"distilled guidance", [](FieldContext& c, std::string_view v) {
       return take_number(c, v, c.generation.guidance);
     }},
    {"first pass size", take_first_pass, Role::kLate},
    {"guidance", [](FieldContext& c, std::string_view v) {
       return take_number(c, v, c.generation.guidance);
     }},
    {"guidance scale", [](FieldContext& c, std::string_view v) {
       return take_number(c, v, c.generation.cfg_scale);
     }},
    {"hashes", [](FieldContext& c, std::string_view v) {
       return apply_hashes(v, c.limits, c.generation);
     }, Role::kLate},
    {"height", [](FieldContext& c, std::string_view v) {
       return take_side(c, v, c.generation.height);
     }, Role::kLate},
    {"hires negative prompt", [](FieldContext& c, std::string_view v) {
       return hold(part(c.generation, "hires").negative_prompt, v);
     }},
    {"hires prompt", [](FieldContext& c, std::string_view v) {
       return hold(part(c.generation, "hires").prompt, v);
     }},
    {"hires resize", take_hires_resize, Role::kLate},
    {"hires scale", take_hires_upscale},
    {"hires size", [](FieldContext& c, std::string_view v) {
       return take_size(v, c.generation.hires.width, c.generation.hires.height);
     }},
    {"hires steps", [](FieldContext& c, std::string_view v) {
       return take_integer(c, v, c.generation.hires.steps);
     }},
    {"hires strength", [](FieldContext& c, std::string_view v) {
       return take_number(c, v, c.generation.hires.denoising_strength);
     }},
    {"hires upscale", take_hires_upscale},
    {"hires upscaler", [](FieldContext& c, std::string_view v) {
       return take_text(c.generation.hires.upscaler, v);
     }},
    {"model", [](FieldContext& c, std::string_view v) {
       return take_text(c.generation.model, v);
     }},
    {"model hash", [](FieldContext& c, std::string_view v) {
       return take_text(c.generation.model_hash, v);
     }},
    {"model_hash", [](FieldContext& c, std::string_view v) {
       return take_text(c.generation.model_hash, v);
     }},
    {"negative2", [](FieldContext& c, std::string_view v) {
       return hold(part(c.generation, "refiner").negative_prompt, v);
     }},
    {"postprocess upscale by", take_upscaler_scale, Role::kLate},
    {"postprocess upscaler", take_upscaler},
    {"prompt2", [](FieldContext& c, std::string_view v) {
       return hold(part(c.generation, "refiner").prompt, v);
     }},
    {"refiner negative", [](FieldContext& c, std::string_view v) {
       return hold(part(c.generation, "refiner").negative_prompt, v);
     }},
    {"refiner prompt", [](FieldContext& c, std::string_view v) {
       return hold(part(c.generation, "refiner").prompt, v);
     }},
    {"resolution", [](FieldContext& c, std::string_view v) {
       return take_size(v, c.generation.width, c.generation.height);
     }, Role::kLate},
    {"sampler", [](FieldContext& c, std::string_view v) {
       if (c.sampler.empty()) c.sampler = v;
       return false;
     }, Role::kSampler},
    {"schedule", take_scheduler, Role::kScheduler},
    {"schedule type", take_scheduler, Role::kScheduler},
    {"scheduler", take_scheduler, Role::kScheduler},
    {"scheduler type", take_scheduler, Role::kScheduler},
    {"seed", take_seed},
    {"size", [](FieldContext& c, std::string_view v) {
       return take_size(v, c.generation.width, c.generation.height);
     }},
    {"sd upscale upscaler", take_upscaler},
    {"steps", [](FieldContext& c, std::string_view v) {
       return take_integer(c, v, c.generation.steps);
     }},
    {"tiled diffusion scale factor", take_upscaler_scale},
    {"tiled diffusion upscaler", take_upscaler},
    {"ultimate sd upscale upscaler", take_upscaler},
    {"vae", [](FieldContext& c, std::string_view v) {
       return take_text(c.generation.vae, v);
     }},
    {"width", take_width, Role::kLate},
});

const SettingKey* find_key(std::string_view name) {
  static const KeyIndex keys(kKeys,
                             [](const SettingKey& key) { return key.name; });
  const std::uint64_t* const position = keys.find(name);
  return position != nullptr ? &kKeys[*position] : nullptr;
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

void take_controlnet_part(std::string_view key, std::string_view value,
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
void take_controlnet(FieldContext& context, const Setting& setting,
                     std::string_view value) {
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
  if (suffix.size() > kLongestSuffix || (!suffix.empty() && suffix[0] != ' '))
    return;
  PromptPart& detailer = part(generation, "adetailer" + std::string(suffix));
  hold(is_negative ? detailer.negative_prompt : detailer.prompt,
       setting.value());
}

}  // namespace

SettingsReader::SettingsReader(const std::vector<Setting>& settings,
                               const Limits& limits, Generation& generation,
                               std::vector<Error>& notes)
    : limits_(limits), generation_(generation), notes_(notes) {
  parts_.reserve(settings.size());
  for (const Setting& setting : settings) {
    parts_.push_back({&setting});
    keys_.add(setting.key);
  }
}

const Setting* SettingsReader::find(std::string_view key) const {
  if (!keys_.may_have(key)) return nullptr;
  for (const Part& part : parts_)
    if (equal_ignoring_case(part.setting->key, key)) return part.setting;
  return nullptr;
}

std::optional<std::string> SettingsReader::take(std::string_view key) {
  if (!keys_.may_have(key)) return std::nullopt;
  for (Part& part : parts_) {
    if (!equal_ignoring_case(part.setting->key, key)) continue;
    part.is_held = true;
    return part.setting->value();
  }
  return std::nullopt;
}

void SettingsReader::read_fields() {
  FieldContext context{generation_, limits_, notes_, {}, {}, {}, {}};
  std::string buffer;
  for (Part& part : parts_) {
    const Setting& setting = *part.setting;
    const bool is_open = !part.is_held && !setting.is_flag;
    if (is_open) part.key = find_key(setting.key);
    if (!is_open || part.key != nullptr) context.resources.end_list();
    if (!is_open) continue;
    if (part.key == nullptr) {
      const std::string_view value = setting.value(buffer);
      part.is_held =
          context.resources.take(setting.key, value, setting.is_quoted);
      if (!part.is_held) take_controlnet(context, setting, value);
    } else if (part.key->role != Role::kLate) {
      part.is_held = part.key->take(context, setting.value(buffer));
    }
  }
  set_sampler(generation_, context.sampler, context.scheduler);
  for (Part& part : parts_) {
    const std::string_view raw = part.setting->raw;
    if (part.key == nullptr) continue;
    if (part.key->role == Role::kSampler)
      part.is_held = generation_.sampler &&
                     (generation_.sampler == raw ||
                      split_sampler(raw).sampler == *generation_.sampler);
    else if (part.key->role == Role::kScheduler)
      part.is_held = generation_.scheduler == raw;
  }
  if (generation_.prompt)
    add_tagged_loras(*generation_.prompt, generation_.loras);
  if (generation_.negative_prompt)
    add_tagged_loras(*generation_.negative_prompt, generation_.loras);
  for (const PromptPart& prompt : generation_.prompts)
    if (prompt.prompt) add_tagged_loras(*prompt.prompt, generation_.loras);
  context.resources.apply(generation_);
  for (Part& part : parts_)
    if (part.key != nullptr && part.key->role == Role::kLate)
      part.is_held = part.key->take(context, part.setting->value(buffer));
  for (const Part& part : parts_)
    if (part.key == nullptr && !part.setting->is_flag)
      read_detailer_prompt(*part.setting, generation_);
  for (auto& [number, unit] : context.controlnets)
    if (unit != ControlNet())
      generation_.controlnets.push_back(std::move(unit));
}

void SettingsReader::keep_rest() {
  for (const Part& part : parts_)
    if (!part.is_held)
      generation_.extra.push_back(
          {std::string(part.setting->key), part.setting->value()});
}

}  // namespace sdmeta
