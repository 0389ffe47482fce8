// JSON that no other row knows but that plainly describes a generation
// (generic_rules.h), so that chance objects are not taken.
//
//   {"prompt": "a cat", "num_inference_steps": 30, "guidance_scale": 7.5,
//    "seed": 42}
#include <algorithm>
#include <array>

#include "parsers/field_map.h"
#include "parsers/generic_rules.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// Writers whose JSON needs no more than the rules above, told by the key it
// stands under or by a member.
struct Writer {
  std::string_view mark;
  std::string_view software;
};
constexpr auto kWriters = std::to_array<Writer>({
    // n00mkrad/text2image-gui, ImageMetadata.cs
    {"Nmkdiffusers", "nmkd"},
    {"GenerationInfo", "nmkd"},
    {"GenerationInfoJson", "nmkd"},
    // filipstrand/mflux, image_util.py
    {"mflux_version", "mflux"},
});

std::string_view software_of(const Payload& payload) {
  for (const Writer& writer : kWriters)
    if (payload.key() == writer.mark || payload.json()[writer.mark])
      return writer.software;
  return "unknown-json";
}

bool describes_generation(JsonValue root) {
  std::vector<Field> fields;
  for (const FieldRule& rule : generic_rules()) {
    const JsonValue value = root[rule.key];
    const bool is_fit = rule.field == Field::kPrompt ? value.is_string()
                                                     : !value.is_object();
    if (value && is_fit) fields.push_back(rule.field);
  }
  return describe_generation(fields);
}

// The object itself, or the first of its members that describes a generation:
// `{"version": 1, "params": {..}}`. Missing if there is none.
JsonValue find_description(JsonValue root) {
  if (describes_generation(root)) return root;
  constexpr std::size_t kMostMembers = 32;
  JsonValue found;
  std::size_t count = 0;
  root.for_each_member([&](std::string_view, JsonValue member) {
    if (!found && member.is_object() && ++count <= kMostMembers &&
        describes_generation(member))
      found = member;
  });
  return found;
}

const Payload* find_object(const Payloads& payloads) {
  for (const Payload& payload : payloads.all())
    if (payload.looks_like_json() && payload.key() != "workflow" &&
        find_description(payload.json()))
      return &payload;
  return nullptr;
}

bool claims(const Payloads& payloads) {
  return find_object(payloads) != nullptr;
}

// Rules in order of preference, not members in the writer's order: a `text`
// beside a `prompt` is something else. What no rule took goes to `extra`.
void fill_in_order(JsonValue root, Generation& generation) {
  const std::span<const FieldRule> rules = generic_rules();
  std::vector<bool> is_taken(rules.size(), false);
  for (std::size_t i = 0; i < rules.size(); ++i)
    is_taken[i] = set_field(generation, rules[i].field, root[rules[i].key]);
  root.for_each_member([&](std::string_view key, JsonValue value) {
    for (std::size_t i = 0; i < rules.size(); ++i)
      if (rules[i].key == key && is_taken[i]) return;
    add_extra(generation, key, value);
  });
}

// [{name | model | path, weight | scale | strength}], or names alone.
void read_loras(JsonValue loras, Generation& generation) {
  const auto add = [&](std::string_view name, std::optional<double> weight) {
    if (!is_placeholder(trimmed(name)))
      generation.loras.push_back({std::string(name), weight, {}, {}, {}});
  };
  loras.for_each_element([&](JsonValue lora) {
    if (const auto name = lora.string()) add(*name, std::nullopt);
    for (const std::string_view key : {"name", "model", "path"}) {
      const auto name = lora[key].string();
      if (!name) continue;
      std::optional<double> weight;
      for (const std::string_view weight_key : {"weight", "scale", "strength"})
        if (!weight) weight = lora[weight_key].number();
      add(*name, weight);
      return;
    }
  });
  loras.for_each_member([&](std::string_view name, JsonValue weight) {
    add(name, weight.number());
  });
}

// mflux: files and weights in two lists.
void read_lora_files(JsonValue paths, JsonValue scales,
                     Generation& generation) {
  if (!paths.is_array()) return;
  const std::vector<std::string> weights = list_of(scales);
  std::size_t i = 0;
  paths.for_each_element([&](JsonValue path) {
    const auto name = path.string();
    if (name && !is_placeholder(trimmed(*name)))
      generation.loras.push_back(
          {std::string(*name),
           i < weights.size() ? number_in<double>(weights[i]) : std::nullopt,
           {}, {}, {}});
    ++i;
  });
}

std::optional<Error> parse(const Payloads& payloads, Generation& generation,
                           std::vector<Error>&) {
  const Payload& payload = *find_object(payloads);
  const JsonValue root = find_description(payload.json());
  generation.software = software_of(payload);
  fill_in_order(root, generation);
  read_loras(root["loras"] ? root["loras"] : root["Loras"], generation);
  read_lora_files(root["lora_paths"], root["lora_scales"], generation);
  add_extra(generation, "software", root["software"]);
  if (root.size() > 0 && !describes_generation(payload.json()))
    payload.json().for_each_member([&](std::string_view key, JsonValue value) {
      if (!value.is_object()) add_extra(generation, key, value);
    });
  split_scheduler(generation);
  return std::nullopt;
}

}  // namespace

extern const ParserRow generic_json_row = {
    "generic_json", "unknown-json nmkd mflux",
    "any JSON object with a prompt and two other parameters", claims, parse};

}  // namespace sdmeta
