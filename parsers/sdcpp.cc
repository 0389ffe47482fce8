// `build_sdcpp_image_metadata_json` in examples/common/common.cpp of
// https://github.com/leejet/stable-diffusion.cpp
//
//   {"prompt": {"positive": "a cat", "negative": ""}, "seed": 7, "width": 512,
//    "height": 768, "models": {"model": "m.safetensors"}, "sampling": {"steps":
//    20, "method": "euler_a", "scheduler": "karras", "guidance": {"txt_cfg":
//    7}}, "hires": {"enabled": false}, "loras": [{"name": "x", "multiplier":
//    0.8}]}
#include "parsers/sdcpp.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parsers/json.h"
#include "parsers/lora_tags.h"
#include "parsers/sampler_names.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

template <class T>
void fill(std::optional<T>& field, std::optional<T> value) {
  if (!field && value) field = std::move(value);
}

std::optional<std::string> text_of(JsonValue value) {
  const auto text = value.string();
  if (!text || is_placeholder(*text)) return std::nullopt;
  return std::string(*text);
}

std::optional<std::int64_t> positive(JsonValue value) {
  const auto number = value.integer();
  return number && *number > 0 ? number : std::nullopt;
}

void prefer(std::optional<std::string>& prompt, JsonValue value) {
  if (const auto text = value.string())
    if (prompt || !text->empty()) prompt = std::string(trimmed(*text));
}

void read_sampling(JsonValue sampling, Generation& generation) {
  fill(generation.steps, sampling["steps"].integer());
  fill(generation.steps, sampling["sample_steps"].integer());
  const JsonValue guidance = sampling["guidance"];
  fill(generation.cfg_scale, guidance["txt_cfg"].number());
  fill(generation.guidance, guidance["distilled_guidance"].number());
  const auto method = sampling["method"] ? sampling["method"].string()
                                         : sampling["sample_method"].string();
  if (method) set_sampler(generation, *method, sampling["scheduler"].string());
}

void read_hires(JsonValue json, Hires& hires) {
  if (!json["enabled"].boolean().value_or(false)) return;
  // Beside a model's name the upscaler is called `Model`.
  if (auto model = text_of(json["model"]))
    hires.upscaler = std::move(model);
  else
    fill(hires.upscaler, text_of(json["upscaler"]));
  fill(hires.upscale, json["scale"].number());
  fill(hires.steps, positive(json["steps"]));
  fill(hires.width, positive(json["target_width"]));
  fill(hires.height, positive(json["target_height"]));
  fill(hires.denoising_strength, json["denoising_strength"].number());
}

std::vector<Lora> loras_of(JsonValue json) {
  std::vector<Lora> loras;
  json.for_each_element([&loras](JsonValue item) {
    if (auto name = text_of(item["name"]))
      loras.push_back(
          {std::move(*name), item["multiplier"].number(), {}, {}, {}});
  });
  return loras;
}

void read_json(JsonValue root, Generation& generation) {
  prefer(generation.prompt, root["prompt"]["positive"]);
  prefer(generation.negative_prompt, root["prompt"]["negative"]);
  fill(generation.software_version, text_of(root["generator"]["version"]));
  fill(generation.seed, root["seed"].digits());
  fill(generation.width, positive(root["width"]));
  fill(generation.height, positive(root["height"]));
  fill(generation.clip_skip, positive(root["clip_skip"]));
  fill(generation.model, text_of(root["models"]["model"]));
  fill(generation.model, text_of(root["models"]["diffusion_model"]));
  fill(generation.vae, text_of(root["models"]["vae"]));
  read_sampling(root["sampling"], generation);
  read_hires(root["hires"], generation.hires);
  merge_loras(generation.loras, loras_of(root["loras"]));
  if (auto net = text_of(root["models"]["control_net"]))
    generation.controlnets.push_back(
        {std::move(net), {}, root["control_strength"].number(), {}, {}});
}

}  // namespace

void read_sdcpp(SettingsReader& settings, const Limits& limits,
                Generation& generation) {
  // `Model` is empty where the diffusion model is a file of its own.
  if (settings.raw("Model").empty()) {
    auto unet = settings.take("Unet");
    if (unet && !is_placeholder(*unet)) generation.model = std::move(unet);
  }
  const Setting* const json = settings.find("SDCPP");
  if (json == nullptr) return;
  const JsonDocument document = parse_json(json->value(), limits);
  if (document.root().is_object()) read_json(document.root(), generation);
}

}  // namespace sdmeta
