// InvokeAI. Since 3.0 `invokeai_metadata` (JSON) beside `invokeai_graph`;
// in 2.x `sd-metadata` (JSON) beside `Dream`; before, `Dream` alone, a command
// line.
// https://github.com/invoke-ai/InvokeAI/blob/main/invokeai/app/invocations/metadata.py
//
//   {"generation_mode": "sdxl_txt2img", "positive_prompt": "a cat",
//    "scheduler": "euler_a", "model": {"name": "m", "hash": "blake3:.."},
//    "loras": [{"model": {"name": "x"}, "weight": 0.7}],
//    "app_version": "5.4.2"}
//   {"model_weights": "m", "image": {"prompt": [{"prompt": "a cat [dog]",
//     "weight": 1.0}], "sampler": "k_lms", "steps": 50, ...}}
//   "a cat [dog]" -s 50 -S 12345 -W 512 -H 512 -C 7.5 -A k_lms
#include <array>

#include "parsers/field_map.h"
#include "parsers/invokeai_graph.h"
#include "parsers/lora_tags.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::string_view kMetadata = "invokeai_metadata";
constexpr std::string_view kGraph = "invokeai_graph";
constexpr std::string_view kOldMetadata = "sd-metadata";
constexpr std::string_view kDream = "Dream";

// InvokeAI calls its samplers schedulers; `_k` at the end means Karras.
constexpr std::array<FieldRule, 19> kRules = {{
    {"positive_prompt", Field::kPrompt},
    {"negative_prompt", Field::kNegativePrompt},
    {"width", Field::kWidth},
    {"height", Field::kHeight},
    {"seed", Field::kSeed},
    {"cfg_scale", Field::kCfgScale},
    {"guidance", Field::kGuidance},
    {"steps", Field::kSteps},
    {"scheduler", Field::kSampler},
    {"clip_skip", Field::kClipSkip},
    {"strength", Field::kDenoisingStrength},
    {"hrf_strength", Field::kHiresDenoisingStrength},
    {"hrf_method", Field::kHiresUpscaler},
    {"app_version", Field::kSoftwareVersion},
    {"model", Field::kElsewhere},
    {"vae", Field::kElsewhere},
    {"loras", Field::kElsewhere},
    {"controlnets", Field::kElsewhere},
    {"upscale_model", Field::kElsewhere},
}};

// Members of `image` in sd-metadata.
constexpr std::array<FieldRule, 10> kOldRules = {{
    {"prompt", Field::kElsewhere},
    {"steps", Field::kSteps},
    {"cfg_scale", Field::kCfgScale},
    {"seed", Field::kSeed},
    {"width", Field::kWidth},
    {"height", Field::kHeight},
    {"sampler", Field::kSampler},
    {"strength", Field::kDenoisingStrength},
    {"strength_steps", Field::kDenoisingStrength},  // what 2.2 calls it
    {"negative_prompt", Field::kNegativePrompt},
}};

struct Option {
  std::string_view flag;
  Field field;
};

constexpr std::array<Option, 8> kOptions = {{
    {"s", Field::kSteps},
    {"S", Field::kSeed},
    {"W", Field::kWidth},
    {"H", Field::kHeight},
    {"C", Field::kCfgScale},
    {"A", Field::kSampler},
    {"f", Field::kDenoisingStrength},
    {"m", Field::kSampler},  // of the first versions
}};

// --- prompts with their negative part in brackets: `a cat [dog, bird]`

// `withLora(ink, 0.7)` in the prompts of 2.3; the weight may be left out.
void add_prompted_loras(std::string_view prompt, Generation& generation) {
  constexpr std::string_view kTag = "withLora(";
  std::size_t at = prompt.find(kTag);
  while (at != prompt.npos && generation.loras.size() < kMostNetworkTags) {
    at += kTag.size();
    const std::size_t end = prompt.find(')', at);
    if (end == prompt.npos) return;
    const std::string_view tag = prompt.substr(at, end - at);
    const std::size_t comma = tag.find(',');
    const std::string_view name = trimmed(tag.substr(0, comma));
    const auto weight = comma == tag.npos
                            ? std::optional<double>(1)
                            : number_in<double>(tag.substr(comma + 1));
    if (!name.empty())
      generation.loras.push_back({std::string(name), weight, {}, {}, {}});
    at = prompt.find(kTag, end);
  }
}

// As ldm/invoke/conditioning.py divides them: several brackets are joined by a
// space, and no two spaces are left where one was cut out.
void set_prompts(std::string_view text, Generation& generation) {
  std::string prompt;
  std::string negative;
  int depth = 0;
  bool has_negative = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      (depth > 0 ? negative : prompt) += text.substr(i, 2);
      ++i;
    } else if (c == '[') {
      if (depth++ == 0 && has_negative) negative += ' ';
      has_negative = true;
    } else if (c == ']' && depth > 0) {
      --depth;
      if (depth == 0 && prompt.ends_with(' ') && text.substr(i + 1, 1) == " ")
        ++i;
    } else {
      (depth > 0 ? negative : prompt) += c;
    }
  }
  if (depth > 0) {  // a bracket that nothing closes is a character
    set_field(generation, Field::kPrompt, text);
    return;
  }
  add_prompted_loras(prompt, generation);
  set_field(generation, Field::kPrompt,
            has_negative ? trimmed(prompt) : std::string_view(prompt));
  if (has_negative) set_field(generation, Field::kNegativePrompt, negative);
}

// --- invokeai_metadata

Lora read_lora(JsonValue entry) {
  JsonValue model = entry["model"];
  if (!model) model = entry["lora"];
  Lora lora;
  if (const auto name = model_name_of(model)) lora.name = *name;
  lora.weight = entry["weight"].number();
  if (const auto hash = model["hash"].string()) lora.hash = std::string(*hash);
  return lora;
}

ControlNet read_controlnet(JsonValue entry) {
  ControlNet control;
  for (const std::string_view key :
       {"control_model", "t2i_adapter_model", "model"})
    if (!control.model) control.model = model_name_of(entry[key]);
  control.weight = entry["control_weight"].number();
  if (!control.weight) control.weight = entry["weight"].number();
  control.start = entry["begin_step_percent"].number();
  control.end = entry["end_step_percent"].number();
  return control;
}

// The canvas of 5.x keeps its ControlNets as layers.
void read_control_layers(JsonValue layers, Generation& generation) {
  layers.for_each_element([&](JsonValue layer) {
    const JsonValue adapter = layer["controlAdapter"];
    ControlNet control;
    control.model = model_name_of(adapter["model"]);
    if (!control.model || layer["isEnabled"].boolean() == false) return;
    control.weight = adapter["weight"].number();
    control.start = adapter["beginEndStepPct"][0].number();
    control.end = adapter["beginEndStepPct"][1].number();
    generation.controlnets.push_back(std::move(control));
  });
}

void read_models(JsonValue root, Generation& generation) {
  const JsonValue model = root["model"];
  if (!generation.model) generation.model = model_name_of(model);
  if (const auto hash = model["hash"].string())
    set_field(generation, Field::kModelHash, *hash);
  if (!generation.vae) generation.vae = model_name_of(root["vae"]);
  root["loras"].for_each_element([&](JsonValue entry) {
    Lora lora = read_lora(entry);
    if (!lora.name.empty()) generation.loras.push_back(std::move(lora));
  });
  for (const std::string_view key : {"controlnets", "t2iAdapters"})
    root[key].for_each_element([&](JsonValue entry) {
      generation.controlnets.push_back(read_controlnet(entry));
    });
  if (generation.controlnets.empty())
    read_control_layers(root["canvas_v2_metadata"]["controlLayers"],
                        generation);
  // Their modes and images have no field.
  if (root["controlnets"].size() > 0)
    add_extra(generation, "controlnets", root["controlnets"]);
  if (const auto name = model_name_of(root["upscale_model"]))
    generation.upscalers.push_back({*name, root["upscale_scale"].number()});
}

// The regions that had a part in the image stand in `regions`; the canvas keeps
// all there are, and is what older versions of 5.x have alone.
void read_regions(JsonValue root, Generation& generation) {
  JsonValue regions = root["regions"];
  if (regions.size() == 0)
    regions = root["canvas_v2_metadata"]["regionalGuidance"];
  regions.for_each_element([&](JsonValue region) {
    PromptPart part{"region", {}, {}};
    if (const auto text = region["positivePrompt"].string())
      part.prompt = with_lf(*text);
    if (const auto text = region["negativePrompt"].string())
      part.negative_prompt = with_lf(*text);
    if (part.prompt || part.negative_prompt)
      generation.prompts.push_back(std::move(part));
  });
}

// --- invokeai_graph: what the metadata leaves null (canvas exports, batches)

// The value that an edge brings to `field` of the node `id`.
JsonValue value_by_edge(JsonValue graph, std::string_view id,
                        std::string_view field) {
  JsonValue found;
  graph["edges"].for_each_element([&](JsonValue edge) {
    const JsonValue target = edge["destination"];
    if (found || target["node_id"].string() != id ||
        target["field"].string() != field)
      return;
    const auto source = edge["source"]["node_id"].string();
    const auto output = edge["source"]["field"].string();
    if (!source || !output) return;
    const JsonValue node = graph["nodes"][*source];
    found = node[*output] ? node[*output] : node["value"];
  });
  return found;
}

void fill_from_graph(JsonValue graph, Generation& generation) {
  std::string_view id;
  JsonValue core;
  graph["nodes"].for_each_member([&](std::string_view key, JsonValue node) {
    if (core || node["type"].string() != "core_metadata") return;
    id = key;
    core = node;
  });
  if (!core) return;
  for (const FieldRule& rule : kRules) {
    JsonValue value = core[rule.key];
    if (!value) value = value_by_edge(graph, id, rule.key);
    if (value) set_field(generation, rule.field, value);
  }
  Generation models;
  read_models(core, models);
  if (!generation.model) {
    generation.model = std::move(models.model);
    generation.model_hash = std::move(models.model_hash);
  }
  if (!generation.vae) generation.vae = std::move(models.vae);
  if (generation.loras.empty()) generation.loras = std::move(models.loras);
}

bool needs_graph(const Generation& generation) {
  return !generation.prompt || !generation.seed || !generation.model ||
         !generation.steps || !generation.sampler;
}

void read_metadata(JsonValue root, const Payloads& payloads,
                   Generation& generation, std::vector<Error>& notes) {
  generation.software = "invokeai";
  read_fields(root, kRules, generation, notes);
  read_models(root, generation);
  read_regions(root, generation);
  if (needs_graph(generation))
    fill_from_graph(payloads.json_of(kGraph), generation);
  if (needs_graph(generation))
    fill_from_invokeai_graph(payloads.json_of(kGraph), generation);
}

Result<bool> read_graph_alone(const Payloads& payloads, Generation& generation,
                              std::vector<Error>& notes) {
  read_metadata(JsonValue(), payloads, generation, notes);
  Generation nothing;
  nothing.software = generation.software;
  if (generation == nothing) return malformed(kGraph, "has no parameters");
  return true;
}

// --- sd-metadata

Result<bool> read_old_metadata(JsonValue root, Generation& generation,
                               std::vector<Error>& notes) {
  // A grid has `images`, which differ in their seeds.
  const JsonValue image = root["image"] ? root["image"] : root["images"][0];
  if (!image.is_object()) return malformed(kOldMetadata, "has no `image`");
  generation.software = "invokeai";
  read_fields(image, kOldRules, generation, notes);
  const JsonValue prompt = image["prompt"];
  std::string text = prompt.is_string() ? prompt.text() : std::string();
  prompt.for_each_element([&](JsonValue part) {
    if (!text.empty()) text += '\n';
    text += part.is_object() ? part["prompt"].text() : part.text();
  });
  // Several weighted prompts are blended; their weights have no field.
  if (prompt.size() > 1) add_extra(generation, "prompt", prompt);
  if (prompt) set_prompts(text, generation);
  // [{"type": "esrgan", "scale": 2, "strength": 0.75}]; `extra` has all of it.
  image["postprocessing"].for_each_element([&](JsonValue step) {
    if (step["type"].string() == "esrgan")
      generation.upscalers.push_back({"esrgan", step["scale"].number()});
  });
  root.for_each_member([&](std::string_view key, JsonValue value) {
    if (key == "image" || key == "app_id") return;
    if (key == "model_weights" || (key == "model_id" && !root["model_weights"]))
      set_field(generation, Field::kModel, value);
    else if (key == "model_hash")
      set_field(generation, Field::kModelHash, value);
    else if (key == "app_version")
      set_field(generation, Field::kSoftwareVersion, value);
    else
      add_extra(generation, key, value);
  });
  return true;
}

// --- Dream

std::string_view next_word(std::string_view& text) {
  text = trimmed(text);
  std::size_t end = 0;
  while (end < text.size() && !is_space(text[end])) ++end;
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

// `-S`, `--seed`, `-cf`; not `-0.5`.
bool is_flag(std::string_view word) {
  return word.size() > 1 && word[0] == '-' &&
         (is_letter(word[1]) || word[1] == '-');
}

void set_option(std::string_view flag, std::string_view value,
                Generation& generation) {
  for (const Option& option : kOptions)
    if (flag == option.flag && set_field(generation, option.field, value))
      return;
  add_extra(generation, flag, value);
}

struct Dream {
  std::string prompt;
  std::string_view options;
};

bool starts_options(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t");
  return start != text.npos && is_flag(text.substr(start, 2));
}

// `"prompt" -s 50`. Not all versions escape quotes inside the prompt, so it is
// the one with options behind it that ends it.
std::optional<Dream> split_quoted(std::string_view text) {
  Dream dream;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() &&
        (text[i + 1] == '"' || text[i + 1] == '\\')) {
      dream.prompt += text[++i];
    } else if (text[i] == '"' && starts_options(text.substr(i + 1))) {
      dream.options = text.substr(i + 1);
      return dream;
    } else {
      dream.prompt += text[i];
    }
  }
  return std::nullopt;
}

// `prompt -s 50`, as 2.2 writes it: Steps are always the first option.
std::optional<Dream> split_unquoted(std::string_view text) {
  constexpr std::string_view kSteps = " -s ";
  for (std::size_t at = text.find(kSteps); at != text.npos;
       at = text.find(kSteps, at + 1))
    if (at + kSteps.size() < text.size() && is_digit(text[at + kSteps.size()]))
      return Dream{std::string(text.substr(0, at)), text.substr(at)};
  return std::nullopt;
}

std::optional<Dream> split_dream(std::string_view text) {
  if (text.starts_with('"'))
    if (auto dream = split_quoted(text)) return dream;
  return split_unquoted(text);
}

void read_dream(const Dream& dream, Generation& generation) {
  generation.software = "invokeai";
  set_prompts(dream.prompt, generation);
  std::string_view rest = dream.options;
  std::string_view flag;
  std::string value;
  const auto flush = [&] {
    if (!flag.empty()) set_option(flag, value, generation);
    value.clear();
  };
  for (std::string_view word = next_word(rest); !word.empty();
       word = next_word(rest)) {
    if (!is_flag(word)) {
      // `-S42 (seeds for individual images: [42, 43])`
      if (word == "(seeds") {
        flush();
        flag = "seeds";
      }
      if (!value.empty()) value += ' ';
      value += word;
      continue;
    }
    flush();
    const bool is_long = word.starts_with("--");
    while (word.starts_with('-')) word.remove_prefix(1);
    // `-s50`, `-S-1`, `-mk_lms`: one letter with its value behind it.
    const bool is_number = word.size() > 1 &&
                           (is_digit(word[1]) || word[1] == '-') &&
                           number_in<double>(word.substr(1));
    const bool is_name = !is_long && word.size() > 1 &&
                         (word[0] == 'A' || word[0] == 'I' || word[0] == 'm');
    const bool is_joined = is_number || is_name;
    flag = is_joined ? word.substr(0, 1) : word;
    if (is_joined) value = word.substr(1);
  }
  flush();
}

// --- where it all stands

// The chunk, or what a converter made of it.
std::string_view dream_text(const Payloads& payloads) {
  if (payloads.find(kDream) != nullptr) return payloads.text_of(kDream);
  const Payload* const wrapper = payloads.find_object_with(kDream);
  return wrapper == nullptr ? std::string_view()
                            : wrapper->json()[kDream].string().value_or("");
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const auto metadata = payloads.find_json(kMetadata);
  if (metadata && metadata->value.is_object()) {
    read_metadata(metadata->value, payloads, generation, notes);
    return true;
  }
  const auto old = payloads.find_json(kOldMetadata);
  if (old && old->value.is_object())
    return read_old_metadata(old->value, generation, notes);
  if (const auto dream = split_dream(dream_text(payloads))) {
    read_dream(*dream, generation);
    return true;
  }
  if (payloads.json_of(kGraph).is_object())
    return read_graph_alone(payloads, generation, notes);
  constexpr std::string_view kIsNone = "is no JSON object";
  if (metadata) return malformed(kMetadata, kIsNone);
  if (old) return malformed(kOldMetadata, kIsNone);
  if (payloads.find(kGraph) != nullptr) return malformed(kGraph, kIsNone);
  return false;
}

}  // namespace

extern const ParserRow invokeai_row = {
    "invokeai", "invokeai",
    "PNG `invokeai_metadata`, `sd-metadata`, `Dream`, `invokeai_graph`", read};

}  // namespace sdmeta
