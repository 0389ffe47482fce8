#include "parsers/infotext_fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parsers/civitai_resources.h"
#include "parsers/controlnet_settings.h"
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
  ControlNetSettings controlnets;
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

bool take_height(FieldContext& context, std::string_view value) {
  return take_side(context, value, context.generation.height);
}

// `width: 512 height: 768` is one setting: no comma stands between the sides.
bool take_width(FieldContext& context, std::string_view value) {
  constexpr std::string_view kHeight = "height:";
  const std::size_t height = value.find(kHeight);
  if (height != value.npos &&
      !take_height(context, value.substr(height + kHeight.size())))
    return false;
  return take_side(context, value.substr(0, height), context.generation.width);
}

bool take_seed(FieldContext& context, std::string_view value) {
  const auto digits = digits_in(value);
  return digits ? hold(context.generation.seed, *digits)
                : note_bad_number(context, value);
}

bool take_hashes(FieldContext& context, std::string_view value) {
  return apply_hashes(value, context.limits, context.generation);
}

bool take_sampler(FieldContext& context, std::string_view value) {
  if (context.sampler.empty()) context.sampler = value;
  return false;
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

// `{"Method": "..", "Upscaler": "..", "Upscale factor": 2}`: what
// pkuliyi2015/multidiffusion-upscaler-for-automatic1111 told under keys of
// their own before. The rest of it has no field, so all of it stays in `extra`.
bool take_tiled_diffusion(FieldContext& context, std::string_view value) {
  const JsonDocument document = parse_json(value, context.limits);
  const JsonValue settings = document.root();
  const auto name = settings["Upscaler"].string();
  if (!name || !take_upscaler(context, *name)) return false;
  context.generation.upscalers.back().scale =
      settings["Upscale factor"].number();
  return false;
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

// What a key of the table below does with a value: one line for each key.

template <class T>
T& member(Generation& generation, T Generation::*field) {
  return generation.*field;
}
template <class T>
T& member(Generation& generation, T Hires::*field) {
  return generation.hires.*field;
}

template <auto kField>
bool text(FieldContext& context, std::string_view value) {
  return take_text(member(context.generation, kField), value);
}

template <auto kField>
bool number(FieldContext& context, std::string_view value) {
  return take_number(context, value, member(context.generation, kField));
}

template <auto kField>
bool integer(FieldContext& context, std::string_view value) {
  return take_integer(context, value, member(context.generation, kField));
}

template <auto kWidth, auto kHeight>
bool size(FieldContext& context, std::string_view value) {
  return take_size(value, member(context.generation, kWidth),
                   member(context.generation, kHeight));
}

constexpr char kDetailer[] = "detailer";
constexpr char kHires[] = "hires";
constexpr char kRefiner[] = "refiner";

template <const char* kRole>
bool prompt(FieldContext& context, std::string_view value) {
  return hold(part(context.generation, kRole).prompt, value);
}

template <const char* kRole>
bool negative(FieldContext& context, std::string_view value) {
  return hold(part(context.generation, kRole).negative_prompt, value);
}

using G = Generation;

constexpr std::array kKeys = std::to_array<SettingKey>({
    {"cfg", number<&G::cfg_scale>},
    {"cfg scale", number<&G::cfg_scale>},
    {"cfg_scale", number<&G::cfg_scale>},
    {"civitai metadata", take_civitai_metadata, Role::kLate},
    {"civitai resources", take_civitai_resources},
    {"clip skip", take_clip_skip},
    {"clip_skip", take_clip_skip},
    {"denoise", number<&G::denoising_strength>, Role::kLate},
    {"denoising strength", number<&G::denoising_strength>},
    {"detailer negative", negative<kDetailer>},
    {"detailer prompt", prompt<kDetailer>},
    {"distilled cfg scale", number<&G::guidance>},
    {"distilled guidance", number<&G::guidance>},
    {"first pass size", take_first_pass, Role::kLate},
    {"guidance", number<&G::guidance>},
    {"guidance scale", number<&G::cfg_scale>},
    {"hashes", take_hashes, Role::kLate},
    {"height", take_height, Role::kLate},
    {"hires negative prompt", negative<kHires>},
    {"hires prompt", prompt<kHires>},
    {"hires resize", take_hires_resize, Role::kLate},
    {"hires scale", take_hires_upscale},
    {"hires size", size<&Hires::width, &Hires::height>},
    {"hires steps", integer<&Hires::steps>},
    {"hires strength", number<&Hires::denoising_strength>},
    {"hires upscale", take_hires_upscale},
    {"hires upscaler", text<&Hires::upscaler>},
    {"model", text<&G::model>},
    {"model hash", text<&G::model_hash>},
    {"model_hash", text<&G::model_hash>},
    {"negative2", negative<kRefiner>},
    {"postprocess upscale by", take_upscaler_scale, Role::kLate},
    {"postprocess upscaler", take_upscaler},
    {"prompt2", prompt<kRefiner>},
    {"refiner negative", negative<kRefiner>},
    {"refiner prompt", prompt<kRefiner>},
    {"resolution", size<&G::width, &G::height>, Role::kLate},
    {"sampler", take_sampler, Role::kSampler},
    {"schedule", take_scheduler, Role::kScheduler},
    {"schedule type", take_scheduler, Role::kScheduler},
    {"scheduler", take_scheduler, Role::kScheduler},
    {"scheduler type", take_scheduler, Role::kScheduler},
    {"seed", take_seed},
    {"size", size<&G::width, &G::height>},
    {"sd upscale upscaler", take_upscaler},
    {"steps", integer<&G::steps>},
    {"tiled diffusion", take_tiled_diffusion},
    {"tiled diffusion scale factor", take_upscaler_scale},
    {"tiled diffusion upscaler", take_upscaler},
    {"ultimate sd upscale upscaler", take_upscaler},
    {"vae", text<&G::vae>},
    {"width", take_width, Role::kLate},
});

const SettingKey* find_key(std::string_view name) {
  static const KeyIndex keys(kKeys,
                             [](const SettingKey& key) { return key.name; });
  const std::uint64_t* const position = keys.find(name);
  return position != nullptr ? &kKeys[*position] : nullptr;
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

void add_prompted_loras(Generation& generation) {
  for (const auto* const prompt :
       {&generation.prompt, &generation.negative_prompt})
    if (*prompt) add_tagged_loras(**prompt, generation.loras);
  for (const PromptPart& part : generation.prompts)
    if (part.prompt) add_tagged_loras(*part.prompt, generation.loras);
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
  read_first(context);
  set_sampler(generation_, context.sampler, context.scheduler);
  hold_sampler();
  add_prompted_loras(generation_);
  context.resources.apply(generation_);
  read_late(context);
  for (const Part& part : parts_)
    if (part.key == nullptr && !part.setting->is_flag)
      read_detailer_prompt(*part.setting, generation_);
  context.controlnets.apply(generation_);
}

void SettingsReader::read_first(FieldContext& context) {
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
      if (!part.is_held) context.controlnets.take(setting.key, value, limits_);
    } else if (part.key->role != Role::kLate) {
      part.is_held = part.key->take(context, setting.value(buffer));
    }
  }
}

void SettingsReader::hold_sampler() {
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
}

void SettingsReader::read_late(FieldContext& context) {
  std::string buffer;
  for (Part& part : parts_)
    if (part.key != nullptr && part.key->role == Role::kLate)
      part.is_held = part.key->take(context, part.setting->value(buffer));
}

void SettingsReader::keep_rest() {
  for (const Part& part : parts_)
    if (!part.is_held)
      generation_.extra.push_back(
          {std::string(part.setting->key), part.setting->value()});
}

}  // namespace sdmeta
