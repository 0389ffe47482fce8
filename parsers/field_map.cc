#include "parsers/field_map.h"

#include <algorithm>
#include <cmath>

#include "parsers/sampler_names.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

template <class Value>
bool set(std::optional<Value>& field, std::optional<Value> value) {
  if (!value || field) return false;
  field = std::move(value);
  return true;
}

bool set_name(std::optional<std::string>& field, std::string_view text) {
  if (is_placeholder(trimmed(text))) return true;
  return set(field, std::optional<std::string>(text));
}

bool set_positive(std::optional<std::int64_t>& field, std::string_view text) {
  const auto number = integer_in(text);
  if (number && *number == 0) return true;
  if (number && *number < 0) return false;
  return set(field, number);
}

bool set_size(std::optional<std::int64_t>& width,
              std::optional<std::int64_t>& height, std::string_view text) {
  const auto size = pixel_size_in(text);
  if (!size || width || height) return false;
  if (size->width > 0) width = size->width;
  if (size->height > 0) height = size->height;
  return true;
}

bool set_clip_skip(std::optional<std::int64_t>& field, std::string_view text) {
  auto layers = integer_in(text);
  if (!layers || *layers < -1000 || *layers > 1000) return false;
  *layers = *layers < 0 ? -*layers : *layers;
  return *layers == 0 || set(field, layers);
}

// A share of 1. Beyond may be percent or a fault: the caller keeps what it read.
bool set_strength(std::optional<double>& field, std::string_view text) {
  const auto strength = number_in<double>(text);
  return strength >= 0.0 && strength <= 1.0 && set(field, strength);
}

bool is_number_field(Field field) {
  switch (field) {
    case Field::kSteps:
    case Field::kCfgScale:
    case Field::kGuidance:
    case Field::kSeed:
    case Field::kWidth:
    case Field::kHeight:
    case Field::kSize:
    case Field::kClipSkip:
    case Field::kDenoisingStrength:
    case Field::kHiresUpscale:
    case Field::kHiresSteps:
    case Field::kHiresDenoisingStrength:
    case Field::kHiresSize:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool set_field(Generation& generation, Field field, std::string_view text) {
  if (is_number_field(field) && is_placeholder(trimmed(text))) return true;
  switch (field) {
    case Field::kPrompt:
      return set(generation.prompt, std::optional(with_lf(text)));
    case Field::kNegativePrompt:
      return set(generation.negative_prompt, std::optional(with_lf(text)));
    case Field::kSteps: return set(generation.steps, integer_in(text));
    case Field::kSampler: return set_name(generation.sampler, text);
    case Field::kScheduler: return set_name(generation.scheduler, text);
    case Field::kCfgScale:
      return set(generation.cfg_scale, number_in<double>(text));
    case Field::kGuidance:
      return set(generation.guidance, number_in<double>(text));
    case Field::kSeed: return set(generation.seed, digits_in(text));
    case Field::kWidth: return set_positive(generation.width, text);
    case Field::kHeight: return set_positive(generation.height, text);
    case Field::kSize:
      return set_size(generation.width, generation.height, text);
    case Field::kModel: return set_name(generation.model, text);
    case Field::kModelHash: return set_name(generation.model_hash, text);
    case Field::kVae: return set_name(generation.vae, text);
    case Field::kClipSkip: return set_clip_skip(generation.clip_skip, text);
    case Field::kDenoisingStrength:
      return set_strength(generation.denoising_strength, text);
    case Field::kSoftwareVersion:
      return set_name(generation.software_version, text);
    case Field::kHiresUpscale:
      return set(generation.hires.upscale, number_in<double>(text));
    case Field::kHiresUpscaler:
      return set_name(generation.hires.upscaler, text);
    case Field::kHiresSteps: return set_positive(generation.hires.steps, text);
    case Field::kHiresDenoisingStrength:
      return set_strength(generation.hires.denoising_strength, text);
    case Field::kHiresSize:
      return set_size(generation.hires.width, generation.hires.height, text);
    case Field::kElsewhere: return true;
  }
  return false;
}

bool set_field(Generation& generation, Field field, JsonValue value) {
  if (!value || field == Field::kElsewhere) return true;
  if (value.is_string()) return set_field(generation, field, *value.string());
  if (field == Field::kSeed) return set(generation.seed, value.digits());
  const bool is_size = field == Field::kSize || field == Field::kHiresSize;
  if (value.is_object() || (value.is_array() && !is_size)) return false;
  if (value.is_bool()) return false;
  return set_field(generation, field, value.text());
}

void read_fields(JsonValue object, std::span<const FieldRule> rules,
                 Generation& generation, std::vector<Error>& notes) {
  object.for_each_member([&](std::string_view key, JsonValue value) {
    const auto rule =
        std::find_if(rules.begin(), rules.end(),
                     [&](const FieldRule& each) { return each.key == key; });
    if (rule == rules.end()) {
      add_extra(generation, key, value);
      return;
    }
    if (set_field(generation, rule->field, value)) return;
    add_extra(generation, key, value);
    // A second key for a field that is set already is no fault.
    Generation empty;
    if (is_number_field(rule->field) && !set_field(empty, rule->field, value))
      notes.push_back({ErrorCode::kBadNumber,
                       std::string(key) + ": " + value.text().substr(0, 80),
                       {}});
  });
}

void add_extra(Generation& generation, std::string_view key, JsonValue value) {
  if (value) generation.extra.push_back({std::string(key), value.text()});
}

void add_extra(Generation& generation, std::string_view key,
               std::string_view value) {
  generation.extra.push_back({std::string(key), std::string(value)});
}

void add_lora(Generation& generation, std::string_view name,
              std::optional<double> weight, std::optional<std::string> hash) {
  if (!is_placeholder(trimmed(name)))
    generation.loras.push_back(
        {std::string(name), weight, {}, std::move(hash), {}});
}

void split_scheduler(Generation& generation) {
  if (!generation.sampler || generation.scheduler) return;
  const std::string name = std::move(*generation.sampler);
  generation.sampler.reset();
  set_sampler(generation, name);
}

std::vector<std::string> list_of(JsonValue value) {
  std::vector<std::string> items;
  if (value.is_array()) {
    items.reserve(value.size());
    value.for_each_element(
        [&](JsonValue item) { items.push_back(item.text()); });
  } else if (value) {
    items = list_in(value.text(), Limits{});
  }
  return items;
}

std::vector<std::string> list_in(std::string_view text, const Limits& limits) {
  text = trimmed(text);
  if (text.starts_with('[') || text.starts_with('(')) {
    const JsonDocument document = parse_json(text, limits);
    if (document.root().is_array()) return list_of(document.root());
  }
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    items.emplace_back(trimmed(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

std::optional<std::string> model_name_of(JsonValue model) {
  JsonValue name = model;
  if (model.is_object())
    name = model["name"] ? model["name"] : model["model_name"];
  const auto text = name.string();
  if (!text || is_placeholder(trimmed(*text))) return std::nullopt;
  return std::string(*text);
}

Error malformed(std::string_view key, std::string_view what) {
  return {ErrorCode::kMalformed,
          std::string(key) + ": " + std::string(what),
          {}};
}

}  // namespace sdmeta
