#include "parsers/infotext_dialects.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parsers/field_map.h"
#include "parsers/infotext.h"
#include "parsers/sdcpp.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

struct Clues {
  const Payloads& payloads;
  const SettingsReader& settings;
  std::string_view version;  // empty if there is none
};

// `f2.0.1v1.10.1-previous-669-gdfdcbab6` and its descendants: what stands
// between the fork's version and the first dash.
enum class Fork { kNone, kForge, kReforge, kEasyReforge };

Fork fork_of(std::string_view version) {
  const auto skip = [&version](std::string_view characters) {
    const std::size_t end = version.find_first_not_of(characters);
    version.remove_prefix(std::min(end, version.size()));
  };
  if (version.size() < 2 || version[0] != 'f' || !is_digit(version[1]))
    return Fork::kNone;
  version.remove_prefix(1);
  skip("0123456789.");
  if (version.starts_with("-v")) return Fork::kEasyReforge;
  if (!version.starts_with('v')) return Fork::kForge;
  version.remove_prefix(1);
  skip("0123456789");
  return version.starts_with("-v") ? Fork::kReforge : Fork::kForge;
}

// Where its name was lost: it alone calls the model `model`, and samplers as
// the AI Horde does.
bool is_artbot(const Clues& clues) {
  const Setting* const model = clues.settings.find("model");
  return model != nullptr && model->key == "model" &&
         clues.settings.raw("Sampler").starts_with("k_");
}

bool is_comfy_saver(const Clues& clues) {
  for (const std::string_view key :
       {"Lora_0 Model name", "Embedding_0 name", "Batch index"})
    if (clues.settings.find(key) != nullptr) return true;
  for (const Payload& payload : clues.payloads.all())
    if (!payload.looks_like_json() && payload.is_infotext() &&
        payload.infotext().is_labelled)
      return true;
  // No web UI puts a graph beside its text.
  for (const std::string_view key : {"prompt", "workflow"}) {
    const Payload* const graph = clues.payloads.find(key);
    if (graph != nullptr && graph->looks_like_json()) return true;
  }
  // SaveImageWithMetaData: A1111 writes models without their extension.
  const std::string_view model = clues.settings.raw("Model");
  return clues.settings.find("Hashes") != nullptr &&
         model_base_name(model).size() != model.size();
}

// Before `App` was written (2023): settings that only SD.Next has.
bool is_early_sd_next(const Clues& clues) {
  return clues.settings.raw("Parser").ends_with(" parser") ||
         clues.settings.raw("Backend") == "Diffusers" ||
         clues.settings.raw("Backend") == "Original";
}

// Its `quote` puts quotes round text with a comma, a colon or a line end only:
// others are the user's.
std::string without_fooocus_quotes(const Setting& setting) {
  const std::string value = setting.value();
  return value.find_first_of(",:\n") == value.npos ? std::string(setting.raw)
                                                   : value;
}

// Fooocus writes the prompts after its styles and its language model were at
// work, and the user's own as settings.
void read_fooocus(SettingsReader& settings, const Limits&,
                  Generation& generation) {
  PromptPart expanded{"expanded", {}, {}};
  const auto prefer = [&](std::string_view key,
                          std::optional<std::string>& prompt,
                          std::optional<std::string>& full) {
    const Setting* const setting = settings.find(key);
    if (setting == nullptr) return;
    settings.take(key);
    std::string own = without_fooocus_quotes(*setting);
    if (prompt && *prompt != own) full = std::move(prompt);
    prompt = std::move(own);
  };
  prefer("Raw prompt", generation.prompt, expanded.prompt);
  prefer("Raw negative prompt", generation.negative_prompt,
         expanded.negative_prompt);
  if (expanded.prompt || expanded.negative_prompt)
    generation.prompts.push_back(std::move(expanded));
}

// Early versions of Krita's plug-in label the prompt as well.
void read_krita(SettingsReader&, const Limits&, Generation& generation) {
  constexpr std::string_view kLabel = "Prompt: ";
  if (generation.prompt && generation.prompt->starts_with(kLabel))
    generation.prompt->erase(0, kLabel.size());
}

// Where its JSON was lost and the description kept: the negative prompt is the
// last line in front of the settings that begins with a minus.
void read_draw_things(SettingsReader& settings, const Limits&,
                      Generation& generation) {
  if (const Setting* const strength = settings.find("Strength"))
    if (set_field(generation, Field::kDenoisingStrength, strength->raw))
      settings.take("Strength");
  if (!generation.prompt || generation.negative_prompt) return;
  const std::size_t minus = generation.prompt->rfind("\n-");
  if (minus == std::string::npos) return;
  generation.negative_prompt = std::string(
      trimmed(std::string_view(*generation.prompt).substr(minus + 2)));
  generation.prompt->resize(minus);
}

// `Canny;Depth`; with commas in its first versions.
std::vector<std::string> listed_parts(const SettingsReader& settings,
                                      std::string_view key) {
  constexpr std::size_t kMost = 64;
  std::vector<std::string> parts;
  const Setting* const setting = settings.find(key);
  if (setting == nullptr) return parts;
  const std::string value = setting->value();
  for (std::string_view rest = value; !rest.empty() && parts.size() < kMost;) {
    const std::size_t end = std::min(rest.find_first_of(";,"), rest.size());
    parts.emplace_back(trimmed(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

// SD.Next has a list for each part of its units (modules/control/run.py), of
// which that of preprocessors leaves out units without one.
void read_control_units(const SettingsReader& settings,
                        Generation& generation) {
  const auto models = listed_parts(settings, "Control model");
  const auto modules = listed_parts(settings, "Control process");
  const auto weights = listed_parts(settings, "Control conditioning");
  const auto starts = listed_parts(settings, "Control start");
  const auto ends = listed_parts(settings, "Control end");
  const auto number = [](const std::vector<std::string>& parts, std::size_t i) {
    return i < parts.size() ? number_in<double>(parts[i]) : std::nullopt;
  };
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (is_placeholder(models[i])) continue;
    ControlNet& unit = generation.controlnets.emplace_back();
    unit.model = models[i];
    if (modules.size() == models.size()) unit.module = modules[i];
    unit.weight = number(weights, i);
    unit.start = number(starts, i);
    unit.end = number(ends, i);
  }
}

// What enlarged the picture when it was done; mode 0 says that nothing did. In
// 2025 the keys began with another word.
void read_resize(const SettingsReader& settings, Generation& generation) {
  for (const std::string word : {"Size", "Resize"}) {
    const std::string_view name = settings.raw(word + " name after");
    if (is_placeholder(name) || settings.raw(word + " mode after") == "0")
      continue;
    auto scale = number_in<double>(settings.raw(word + " scale after"));
    if (scale == 1.0) scale.reset();  // it was told a size
    generation.upscalers.push_back({std::string(name), scale});
  }
}

// SD.Next's schedule is an option of its samplers.
void read_sigma(SettingsReader& settings, Generation& generation) {
  if (settings.find("Schedule type") != nullptr ||
      settings.find("Scheduler") != nullptr)
    return;
  const Setting* const sigma = settings.find("Sampler sigma");
  if (sigma == nullptr || is_placeholder(sigma->raw) ||
      equal_ignoring_case(sigma->raw, "default"))
    return;
  generation.scheduler = settings.take("Sampler sigma");
}

void read_sd_next(SettingsReader& settings, const Limits&,
                  Generation& generation) {
  settings.take("App");
  read_sigma(settings, generation);
  read_control_units(settings, generation);
  read_resize(settings, generation);
}

// SaveImageWithMetaDataUniversal labels the prompts of two text encoders, and
// repeats one that is for both.
void join_encoder_prompts(std::optional<std::string>& prompt) {
  constexpr std::string_view kT5 = "T5 Prompt: ";
  constexpr std::string_view kClip = "\nCLIP Prompt: ";
  if (!prompt || !prompt->starts_with(kT5)) return;
  const std::size_t second = prompt->find(kClip);
  if (second == std::string::npos) return;
  std::string t5 = prompt->substr(kT5.size(), second - kT5.size());
  std::string clip = prompt->substr(second + kClip.size());
  prompt = clip == t5 ? std::move(t5) : std::move(clip) + '\n' + t5;
}

// The text inputs of a saver say `unknown` when nothing is wired to them.
void read_comfy_saver(SettingsReader&, const Limits&, Generation& generation) {
  join_encoder_prompts(generation.prompt);
  for (auto* const prompt : {&generation.prompt, &generation.negative_prompt})
    if (*prompt && equal_ignoring_case(**prompt, "unknown")) prompt->reset();
}

// One writer. The first whose test is true has written the text.
struct Writer {
  std::string_view software;
  bool (*wrote)(const Clues&);
  /// What only this writer's text says; null if there is no such thing.
  void (*read)(SettingsReader&, const Limits&, Generation&) = nullptr;
  std::string_view version_prefix = {};  // of `Version`: its name, no version
};

constexpr std::array kWriters = std::to_array<Writer>({
    {"comfyui",
     [](const Clues& c) {
       return contains_ignoring_case(c.version, "comfyui");
     },
     read_comfy_saver},
    {"ruined-fooocus",
     [](const Clues& c) { return c.version.starts_with("RuinedFooocus"); }},
    {"fooocus",
     [](const Clues& c) {
       return c.version.starts_with("Fooocus") ||
              c.payloads.text_of("fooocus_scheme") == "a1111" ||
              c.payloads.text_of("Software").starts_with("Fooocus");
     },
     read_fooocus, "Fooocus "},
    {"stable-diffusion.cpp",
     [](const Clues& c) {
       return c.version.starts_with("stable-diffusion.cpp") ||
              c.settings.find("SDCPP") != nullptr;
     },
     read_sdcpp, "stable-diffusion.cpp"},
    {"sd-next",
     [](const Clues& c) {
       return c.settings.raw("App") == "SD.Next" || is_early_sd_next(c);
     },
     read_sd_next},
    {"reforge",
     [](const Clues& c) { return fork_of(c.version) == Fork::kReforge; }},
    {"easy-reforge",
     [](const Clues& c) { return fork_of(c.version) == Fork::kEasyReforge; }},
    {"forge",
     [](const Clues& c) { return fork_of(c.version) == Fork::kForge; }},
    {"forge-classic",
     [](const Clues& c) { return c.version.starts_with("classic"); }},
    {"forge-neo", [](const Clues& c) { return c.version.starts_with("neo"); }},
    {"a1111",
     [](const Clues& c) {
       return c.version.size() > 1 && c.version[0] == 'v' &&
              is_digit(c.version[1]);
     }},
    {"civitai",
     [](const Clues& c) {
       return c.settings.find("Civitai resources") != nullptr ||
              c.settings.find("Civitai metadata") != nullptr ||
              c.settings.find("Created Date") != nullptr ||
              c.payloads.text_of("Artist") == "ai";
     }},
    {"stability-matrix",
     [](const Clues& c) {
       return c.payloads.find("smproj") != nullptr ||
              c.payloads.find("parameters-json") != nullptr;
     }},
    {"artbot",
     [](const Clues& c) {
       return starts_with_ignoring_case(c.payloads.text_of("Software"),
                                        "ArtBot") ||
              is_artbot(c);
     }},
    {"draw-things",
     [](const Clues& c) {
       return c.payloads.text_of("xmp:CreatorTool").starts_with("Draw Things");
     },
     read_draw_things},
    {"comfyui", is_comfy_saver, read_comfy_saver},
    {"krita",
     [](const Clues& c) {
       return c.version.empty() && c.settings.raw("Model hash") == "unknown";
     },
     read_krita},
    {"a1111", [](const Clues&) { return true; }},
});

std::optional<std::string> version_of(const Writer& writer,
                                      std::string_view version) {
  const std::string_view prefix = writer.version_prefix;
  if (!prefix.empty() && version.starts_with(prefix))
    version = trimmed(version.substr(prefix.size()));
  if (version.empty() || version == "ComfyUI") return std::nullopt;
  return std::string(version);
}

}  // namespace

void apply_dialect(const Payloads& payloads, SettingsReader& settings,
                   const Limits& limits, Generation& generation) {
  const std::string version = settings.take("Version").value_or("");
  const Clues clues{payloads, settings, version};
  const Writer& writer =
      *std::find_if(kWriters.begin(), kWriters.end(),
                    [&clues](const Writer& w) { return w.wrote(clues); });
  generation.software = writer.software;
  generation.software_version = version_of(writer, version);
  if (writer.read != nullptr) writer.read(settings, limits, generation);
}

}  // namespace sdmeta
