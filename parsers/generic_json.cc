// JSON that no other row knows but that plainly describes a generation
// (generic_rules.h), so that chance objects are not taken.
//
//   {"prompt": "a cat", "num_inference_steps": 30, "guidance_scale": 7.5,
//    "seed": 42}
#include <algorithm>
#include <array>

#include "parsers/civitai_meta.h"
#include "parsers/field_map.h"
#include "parsers/generic_rules.h"
#include "parsers/lora_tags.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// Writers whose JSON needs little more than the rules for all, told by the key
// it stands under or by a member; where that is a word anybody may use, by
// another beside it. Their own rules come first.
struct Writer {
  std::string_view mark;
  std::string_view beside;  // or empty
  std::string_view software;
  std::span<const FieldRule> rules = {};
};

constexpr auto kImaginairyRules = std::to_array<FieldRule>({
    {"sampler", Field::kSampler},
    {"prompt_strength", Field::kCfgScale},
    {"solver_type", Field::kSampler},
    {"sampler_type", Field::kSampler},
    {"model_weights", Field::kModel},
});

constexpr auto kCremageRules = std::to_array<FieldRule>({
    {"sampling_iterations", Field::kSteps},
    {"image_width", Field::kWidth},
    {"image_height", Field::kHeight},
    {"ldm_model", Field::kModel},
    {"sd3_ldm_model_path", Field::kModel},
    {"vae_model", Field::kVae},
    {"hires_fix_upscaler", Field::kHiresUpscaler},
    {"hires_fix_scale_factor", Field::kHiresUpscale},
    {"lora_models", Field::kElsewhere},
    {"lora_weights", Field::kElsewhere},
});

constexpr auto kMoldRules = std::to_array<FieldRule>({
    {"version", Field::kSoftwareVersion},
});

constexpr auto kWriters = std::to_array<Writer>({
    // n00mkrad/text2image-gui, ImageMetadata.cs
    {"Nmkdiffusers", {}, "nmkd"},
    {"GenerationInfo", {}, "nmkd"},
    {"GenerationInfoJson", {}, "nmkd"},
    // filipstrand/mflux, image_util.py
    {"mflux_version", {}, "mflux"},
    // brycedrennan/imaginAIry, schema.py: `metadata_dict`
    {"solver_type", "prompt_strength", "imaginairy", kImaginairyRules},
    {"sampler_type", "prompt_strength", "imaginairy", kImaginairyRules},
    // HowToSD/cremage, under `generation_data`
    {"sampling_iterations", {}, "cremage", kCremageRules},
    // utensils/mold, crates/mold-inference/src/image.rs
    {"mold:parameters", {}, "mold", kMoldRules},
    // pollinations/pollinations, image.pollinations.ai/src/writeExifMetadata.ts
    {"nologo", "enhance", "pollinations"},
    // A client of the AI Horde: https://horde-ng.org
    {"loraList", "karras", "horde-ng"},
});

Writer writer_of(const Payload& payload, JsonValue description) {
  const auto has = [&](std::string_view mark) {
    return payload.key() == mark || payload.json()[mark] || description[mark];
  };
  for (const Writer& writer : kWriters)
    if (has(writer.mark) && (writer.beside.empty() || has(writer.beside)))
      return writer;
  return {{}, {}, "unknown-json"};
}

// A1111's API: requests have these also where the second pass is switched off.
constexpr auto kHiresRules = std::to_array<FieldRule>({
    {"hr_scale", Field::kHiresUpscale},
    {"hr_upscaler", Field::kHiresUpscaler},
    {"hr_second_pass_steps", Field::kHiresSteps},
});

std::vector<FieldRule> rules_of(const Writer& writer, JsonValue root) {
  std::vector<FieldRule> rules(writer.rules.begin(), writer.rules.end());
  if (root["enable_hr"].boolean() == true)
    rules.insert(rules.end(), kHiresRules.begin(), kHiresRules.end());
  rules.insert(rules.end(), generic_rules().begin(), generic_rules().end());
  return rules;
}

// --- prompts in parts: [{"text": "a cat", "weight": 1}], [[1, "a cat"]]

JsonValue text_of_part(JsonValue part) {
  return part.is_object() ? part["text"] : part[1];
}

double weight_of_part(JsonValue part) {
  const JsonValue weight = part.is_object() ? part["weight"] : part[0];
  return weight.number().value_or(1);
}

bool has_parts(JsonValue prompt) {
  const JsonValue first = prompt[0];
  return text_of_part(first).is_string() &&
         (first.is_object() || first[0].is_number());
}

// A negative weight makes a negative prompt. Several parts are a line each, and
// stay in `extra` with their weights.
bool set_parts(Generation& generation, Field field, JsonValue prompt) {
  std::string positive;
  std::string negative;
  prompt.for_each_element([&](JsonValue part) {
    std::string& text = weight_of_part(part) < 0 ? negative : positive;
    if (!text.empty()) text += '\n';
    text += text_of_part(part).text();
  });
  if (!negative.empty())
    set_field(generation, Field::kNegativePrompt, negative);
  const bool is_set = set_field(generation, field, positive);
  return is_set && prompt.size() == 1;
}

// `prompt: a cat` beside `parameters: {"steps": 30, "seed": 7}`: the text that
// stands by itself under a key for this field, or null.
const Payload* find_text(const Payloads& payloads, Field field) {
  for (const FieldRule& rule : generic_rules()) {
    if (rule.field != field) continue;
    const Payload* const payload = payloads.find(rule.key);
    if (payload != nullptr && !payload->looks_like_json() &&
        !payload->text().empty())
      return payload;
  }
  return nullptr;
}

bool describes_generation(JsonValue root, bool has_prompt) {
  std::vector<Field> fields;
  if (has_prompt) fields.push_back(Field::kPrompt);
  for (const FieldRule& rule : generic_rules()) {
    const JsonValue value = root[rule.key];
    const bool is_fit = rule.field == Field::kPrompt
                            ? value.is_string() || has_parts(value)
                            : !value.is_object();
    if (value && is_fit) fields.push_back(rule.field);
  }
  return describe_generation(fields);
}

struct Description {
  const Payload* payload = nullptr;
  JsonValue object;
  bool is_inside = false;  // a member of the payload's object
};

bool has_prompt_of_its_own(JsonValue object) {
  const auto rules = generic_rules();
  return std::any_of(rules.begin(), rules.end(), [&](const FieldRule& rule) {
    return rule.field == Field::kPrompt && object[rule.key].is_string();
  });
}

// The object itself, or the first of its members that describes a generation:
// `{"version": 1, "params": {..}}`, be it with the object's prompt, as requests
// to services have it: `{"prompt": "a cat", "params": {"steps": 30, "seed":
// 7}}`. Without a payload if there is none.
Description find_description(const Payload& payload, bool has_prompt) {
  const JsonValue root = payload.json();
  if (describes_generation(root, has_prompt)) return {&payload, root, false};
  has_prompt = has_prompt || has_prompt_of_its_own(root);
  constexpr std::size_t kMostMembers = 32;
  JsonValue found;
  std::size_t count = 0;
  root.for_each_member([&](std::string_view, JsonValue member) {
    if (!found && member.is_object() && ++count <= kMostMembers &&
        describes_generation(member, has_prompt))
      found = member;
  });
  return found ? Description{&payload, found, true} : Description();
}

Description find_object(const Payloads& payloads, bool has_prompt) {
  for (const Payload& payload : payloads.all()) {
    if (!payload.looks_like_json() || payload.key() == "workflow") continue;
    Description found = find_description(payload, has_prompt);
    if (found.payload != nullptr) return found;
  }
  return {};
}

// An object with a prompt of its own comes first.
Description find_object(const Payloads& payloads) {
  const Description whole = find_object(payloads, false);
  if (whole.payload != nullptr ||
      find_text(payloads, Field::kPrompt) == nullptr)
    return whole;
  return find_object(payloads, true);
}

bool set_member(Generation& generation, Field field, JsonValue value) {
  const bool is_prompt =
      field == Field::kPrompt || field == Field::kNegativePrompt;
  if (is_prompt && has_parts(value)) return set_parts(generation, field, value);
  if (field == Field::kModel && value.is_object())
    if (const auto name = model_name_of(value))
      return set_field(generation, field, *name) && value.size() == 1;
  return set_field(generation, field, value);
}

bool is_read_apart(std::string_view key) {
  return std::find(kCivitaiModelKeys.begin(), kCivitaiModelKeys.end(), key) !=
         kCivitaiModelKeys.end();
}

enum class Members { kAll, kNoObjects };

// Rules in order of preference, not members in the writer's order: a `text`
// beside a `prompt` is something else. What no rule took goes to `extra`.
void fill_in_order(JsonValue root, std::span<const FieldRule> rules,
                   Members members, Generation& generation) {
  const auto is_left_out = [members](JsonValue value) {
    return members == Members::kNoObjects && value.is_object();
  };
  std::vector<bool> is_taken(rules.size(), false);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const JsonValue value = root[rules[i].key];
    is_taken[i] =
        is_left_out(value) || set_member(generation, rules[i].field, value);
  }
  root.for_each_member([&](std::string_view key, JsonValue value) {
    for (std::size_t i = 0; i < rules.size(); ++i)
      if (rules[i].key == key && is_taken[i]) return;
    if (is_read_apart(key) || is_left_out(value)) return;
    add_extra(generation, key, value);
  });
}

// {name | model | path, weight | scale | strength}. For the AI Horde `model` is
// the weight beside a name. True if nothing else is in it.
bool read_lora(JsonValue lora, Generation& generation) {
  std::string_view name;
  std::optional<double> weight;
  std::size_t held = 0;
  for (const std::string_view key : {"name", "model", "path"}) {
    const auto text = lora[key].string();
    if (!text || held > 0) continue;
    name = *text;
    ++held;
  }
  for (const std::string_view key :
       {"weight", "scale", "strength", "strengthModel", "model"})
    if (!weight && (weight = lora[key].number())) ++held;
  add_lora(generation, name, weight);
  return held == lora.size();
}

// A list of such objects or of names alone, or an object {name: weight}. What a
// LoRA has no field for keeps all of it in `extra`.
void read_loras(JsonValue root, std::string_view key, Generation& generation) {
  const JsonValue loras = root[key];
  bool is_held = true;
  loras.for_each_element([&](JsonValue lora) {
    if (const auto name = lora.string())
      add_lora(generation, *name, std::nullopt);
    else
      is_held = read_lora(lora, generation) && is_held;
  });
  loras.for_each_member([&](std::string_view name, JsonValue weight) {
    is_held = weight.number() && is_held;
    add_lora(generation, name, weight.number());
  });
  if (!is_held) add_extra(generation, key, loras);
}

// Files and weights in two lists, mflux's of JSON, Cremage's with commas. Lists
// that do not go together stay in `extra`.
void read_lora_files(JsonValue root, std::string_view files,
                     std::string_view scales, Generation& generation) {
  if (root[files][0].is_object())
    return add_extra(generation, files, root[files]);
  const std::vector<std::string> names = list_of(root[files]);
  const std::vector<std::string> weights = list_of(root[scales]);
  for (std::size_t i = 0; i < names.size(); ++i)
    add_lora(generation, names[i],
             i < weights.size() ? number_in<double>(weights[i]) : std::nullopt);
  if (names.size() != weights.size())
    add_extra(generation, scales, root[scales]);
}

void read_lora_lists(JsonValue root, Generation& generation) {
  for (const std::string_view key : {"loras", "Loras", "loraList"})
    read_loras(root, key, generation);
}

// The object that the description is a member of.
void read_around(JsonValue whole, std::span<const FieldRule> rules,
                 const Limits& limits, Generation& generation) {
  fill_in_order(whole, rules, Members::kNoObjects, generation);
  read_lora_lists(whole, generation);
  read_civitai_models(whole, limits, generation);
  add_extra(generation, "software", whole["software"]);
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>&) {
  const Description description = find_object(payloads);
  if (description.payload == nullptr) return false;
  const Payload& payload = *description.payload;
  const JsonValue root = description.object;
  const Writer writer = writer_of(payload, root);
  generation.software = writer.software;
  const std::vector<FieldRule> rules = rules_of(writer, root);
  fill_in_order(root, rules, Members::kAll, generation);
  read_lora_lists(root, generation);
  if (description.is_inside)
    read_around(payload.json(), rules, payloads.limits(), generation);
  read_lora_files(root, "lora_paths", "lora_scales", generation);
  if (writer.software == "cremage")
    read_lora_files(root, "lora_models", "lora_weights", generation);
  for (const Field field : {Field::kPrompt, Field::kNegativePrompt})
    if (const Payload* const text = find_text(payloads, field))
      set_field(generation, field, text->text());
  // Who lists LoRAs has those of the prompt in the list.
  if (generation.prompt && generation.loras.empty())
    add_tagged_loras(*generation.prompt, generation.loras);
  read_civitai_models(root, payloads.limits(), generation);
  // The AI Horde has no schedules, but a switch.
  if (root["karras"].boolean() == true)
    set_field(generation, Field::kScheduler, "karras");
  // A1111's API: the model that a request asks for.
  set_field(generation, Field::kModel,
            root["override_settings"]["sd_model_checkpoint"]);
  add_extra(generation, "software", root["software"]);
  split_scheduler(generation);
  return true;
}

}  // namespace

extern const ParserRow generic_json_row = {
    "generic_json",
    "unknown-json nmkd mflux imaginairy cremage mold pollinations horde-ng",
    "any JSON object with a prompt and two other parameters", read};

}  // namespace sdmeta
