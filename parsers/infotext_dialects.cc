#include "parsers/infotext_dialects.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "parsers/field_map.h"
#include "parsers/infotext.h"
#include "parsers/json.h"
#include "parsers/lora_tags.h"
#include "parsers/sampler_names.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

struct Clues {
  const Payloads& payloads;
  const SettingsReader& settings;
  std::string_view version;  // empty if there is none
};

std::string_view raw_value(const SettingsReader& settings,
                           std::string_view key) {
  const Setting* const setting = settings.find(key);
  return setting == nullptr ? std::string_view() : setting->raw;
}

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
         raw_value(clues.settings, "Sampler").starts_with("k_");
}

bool is_comfy_saver(const Clues& clues) {
  for (const std::string_view key :
       {"Lora_0 Model name", "Embedding_0 name", "Batch index"})
    if (clues.settings.find(key) != nullptr) return true;
  for (const Payload& payload : clues.payloads.all())
    if (has_prompt_label(payload.text())) return true;
  // SaveImageWithMetaData: A1111 writes models without their extension.
  const std::string_view model = raw_value(clues.settings, "Model");
  return clues.settings.find("Hashes") != nullptr &&
         model_base_name(model).size() != model.size();
}

// Before `App` was written (2023): settings that only SD.Next has.
bool is_early_sd_next(const Clues& clues) {
  return raw_value(clues.settings, "Parser").ends_with(" parser") ||
         raw_value(clues.settings, "Backend") == "Diffusers" ||
         raw_value(clues.settings, "Backend") == "Original";
}

// One writer. The first whose test is true has written the text.
struct Writer {
  std::string_view software;
  bool (*wrote)(const Clues&);
};

constexpr std::array kWriters = std::to_array<Writer>({
    {"comfyui",
     [](const Clues& c) {
       return contains_ignoring_case(c.version, "comfyui");
     }},
    {"ruined-fooocus",
     [](const Clues& c) { return c.version.starts_with("RuinedFooocus"); }},
    {"fooocus",
     [](const Clues& c) {
       return c.version.starts_with("Fooocus") ||
              c.payloads.text_of("fooocus_scheme") == "a1111" ||
              c.payloads.text_of("Software").starts_with("Fooocus");
     }},
    {"stable-diffusion.cpp",
     [](const Clues& c) {
       return c.version.starts_with("stable-diffusion.cpp") ||
              c.settings.find("SDCPP") != nullptr;
     }},
    {"sd-next",
     [](const Clues& c) {
       return raw_value(c.settings, "App") == "SD.Next" || is_early_sd_next(c);
     }},
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
     }},
    {"krita",
     [](const Clues& c) {
       return c.version.empty() &&
              raw_value(c.settings, "Model hash") == "unknown";
     }},
    {"comfyui", is_comfy_saver},
    {"a1111", [](const Clues&) { return true; }},
});

// Its `quote` puts quotes round text with a comma, a colon or a line end only:
// others are the user's.
std::string without_fooocus_quotes(const Setting& setting) {
  const std::string value = setting.value();
  return value.find_first_of(",:\n") == value.npos ? std::string(setting.raw)
                                                   : value;
}

// Fooocus writes the prompts after its styles and its language model were at
// work, and the user's own as settings.
void read_fooocus(SettingsReader& settings, Generation& generation) {
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
void read_krita(Generation& generation) {
  constexpr std::string_view kLabel = "Prompt: ";
  if (generation.prompt && generation.prompt->starts_with(kLabel))
    generation.prompt->erase(0, kLabel.size());
}

// Where its JSON was lost and the description kept: the negative prompt is the
// last line in front of the settings that begins with a minus.
void read_draw_things(SettingsReader& settings, Generation& generation) {
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

template <class T>
void fill(std::optional<T>& field, std::optional<T> value) {
  if (!field && value) field = std::move(value);
}

std::optional<std::string> text_of(JsonValue value) {
  const auto text = value.string();
  if (!text || is_placeholder(*text)) return std::nullopt;
  return std::string(*text);
}

std::optional<std::int64_t> positive(std::optional<std::int64_t> number) {
  return number && *number > 0 ? number : std::nullopt;
}

// Where the diffusion model is a file of its own, `Model` is empty.
void read_sdcpp_model(SettingsReader& settings, Generation& generation) {
  if (!raw_value(settings, "Model").empty()) return;
  auto unet = settings.take("Unet");
  if (unet && !is_placeholder(*unet)) generation.model = std::move(unet);
}

// `SDCPP: {..}` repeats the settings with exact numbers
// (`build_sdcpp_image_metadata_json` in examples/common/common.cpp of
// https://github.com/leejet/stable-diffusion.cpp).
void read_sdcpp(const SettingsReader& settings, const Limits& limits,
                Generation& generation) {
  const Setting* const json = settings.find("SDCPP");
  if (json == nullptr) return;
  const JsonDocument document = parse_json(json->value(), limits);
  const JsonValue root = document.root();
  if (!root.is_object()) return;
  const auto prefer = [](std::optional<std::string>& prompt, JsonValue value) {
    if (const auto text = value.string())
      if (prompt || !text->empty()) prompt = std::string(trimmed(*text));
  };
  prefer(generation.prompt, root["prompt"]["positive"]);
  prefer(generation.negative_prompt, root["prompt"]["negative"]);
  fill(generation.software_version, text_of(root["generator"]["version"]));
  fill(generation.seed, root["seed"].digits());
  fill(generation.width, positive(root["width"].integer()));
  fill(generation.height, positive(root["height"].integer()));
  fill(generation.clip_skip, positive(root["clip_skip"].integer()));
  fill(generation.model, text_of(root["models"]["model"]));
  fill(generation.model, text_of(root["models"]["diffusion_model"]));
  fill(generation.vae, text_of(root["models"]["vae"]));
  const JsonValue sampling = root["sampling"];
  fill(generation.steps, sampling["steps"].integer());
  fill(generation.steps, sampling["sample_steps"].integer());
  fill(generation.cfg_scale, sampling["guidance"]["txt_cfg"].number());
  fill(generation.guidance,
       sampling["guidance"]["distilled_guidance"].number());
  const auto method = sampling["method"] ? sampling["method"].string()
                                         : sampling["sample_method"].string();
  if (method) set_sampler(generation, *method, sampling["scheduler"].string());
  const JsonValue hires = root["hires"];
  if (hires["enabled"].boolean().value_or(false)) {
    fill(generation.hires.upscaler, text_of(hires["upscaler"]));
    fill(generation.hires.upscale, hires["scale"].number());
    fill(generation.hires.steps, positive(hires["steps"].integer()));
    fill(generation.hires.width, positive(hires["target_width"].integer()));
    fill(generation.hires.height, positive(hires["target_height"].integer()));
    fill(generation.hires.denoising_strength,
         hires["denoising_strength"].number());
  }
  std::vector<Lora> loras;
  root["loras"].for_each_element([&loras](JsonValue item) {
    auto name = text_of(item["name"]);
    if (!name) return;
    Lora lora;
    lora.name = std::move(*name);
    lora.weight = item["multiplier"].number();
    loras.push_back(std::move(lora));
  });
  merge_loras(generation.loras, std::move(loras));
}

// The schedule is an option of SD.Next's samplers there.
void read_sd_next(SettingsReader& settings, Generation& generation) {
  if (settings.find("Schedule type") != nullptr ||
      settings.find("Scheduler") != nullptr)
    return;
  const Setting* const sigma = settings.find("Sampler sigma");
  if (sigma == nullptr || is_placeholder(sigma->raw) ||
      equal_ignoring_case(sigma->raw, "default"))
    return;
  generation.scheduler = settings.take("Sampler sigma");
}

// What the version says beside the name of the software.
std::optional<std::string> version_of(std::string_view software,
                                      std::string_view version) {
  if (software == "fooocus" && version.starts_with("Fooocus "))
    version.remove_prefix(std::string_view("Fooocus ").size());
  if (software == "stable-diffusion.cpp" &&
      version.starts_with("stable-diffusion.cpp"))
    version = trimmed(version.substr(software.size()));
  if (version.empty() || version == "ComfyUI") return std::nullopt;
  return std::string(version);
}

}  // namespace

void apply_dialect(const Payloads& payloads, SettingsReader& settings,
                   const Limits& limits, Generation& generation) {
  const std::string version = settings.take("Version").value_or("");
  const Clues clues{payloads, settings, version};
  const auto* const writer =
      std::find_if(kWriters.begin(), kWriters.end(),
                   [&clues](const Writer& w) { return w.wrote(clues); });
  const std::string_view software = writer->software;
  generation.software = software;
  generation.software_version = version_of(software, version);
  if (software == "sd-next") {
    settings.take("App");
    read_sd_next(settings, generation);
  } else if (software == "fooocus") {
    read_fooocus(settings, generation);
  } else if (software == "draw-things") {
    read_draw_things(settings, generation);
  } else if (software == "krita") {
    read_krita(generation);
  } else if (software == "stable-diffusion.cpp") {
    read_sdcpp_model(settings, generation);
    read_sdcpp(settings, limits, generation);
  } else if (software == "comfyui") {
    // The saver's text inputs say `unknown` when nothing is wired to them.
    for (auto* const prompt : {&generation.prompt, &generation.negative_prompt})
      if (*prompt && equal_ignoring_case(**prompt, "unknown")) prompt->reset();
  }
}

}  // namespace sdmeta
