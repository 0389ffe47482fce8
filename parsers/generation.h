// How an image was made, whatever tool wrote it down: the `generation` object
// of a record (schema 1). Absent, empty and zero differ, so everything that a
// writer may leave out is optional.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sdmeta {

struct KeyValue {
  std::string key;    // in the writer's spelling
  std::string value;  // as text; nested data as compact JSON

  bool operator==(const KeyValue&) const = default;
};

struct Lora {
  std::string name;  // as written, with folder and extension if it has them
  std::optional<double> weight;       // of the UNet / model; may be negative
  std::optional<double> clip_weight;  // of the text encoder, where it differs
  std::optional<std::string> hash;    // as written
  std::optional<std::uint64_t> model_version_id;  // civitai

  bool operator==(const Lora&) const = default;
};

struct Embedding {
  std::string name;
  std::optional<std::string> hash;

  bool operator==(const Embedding&) const = default;
};

struct CivitaiResource {
  std::optional<std::string> type;  // "checkpoint", "lora", "embedding", ...
  std::optional<std::uint64_t> model_version_id;
  std::optional<double> weight;
  std::optional<std::string> name;
  std::optional<std::string> version_name;
  std::optional<std::string> air;  // urn:air:... as written

  bool operator==(const CivitaiResource&) const = default;
};

struct Hires {
  std::optional<double> upscale;  // factor
  std::optional<std::string> upscaler;
  std::optional<std::int64_t> steps;
  std::optional<std::int64_t> width;   // pixels, of the result
  std::optional<std::int64_t> height;
  std::optional<double> denoising_strength;

  bool operator==(const Hires&) const = default;
};

/// A prompt for a part of the picture: a NovelAI character, a region.
struct PromptPart {
  std::string role;  // "character", "region", "background", "refiner", ...
  std::optional<std::string> prompt;
  std::optional<std::string> negative_prompt;

  bool operator==(const PromptPart&) const = default;
};

struct ControlNet {
  std::optional<std::string> model;
  std::optional<std::string> module;  // preprocessor
  std::optional<double> weight;
  std::optional<double> start;  // fraction of the steps, 0 to 1
  std::optional<double> end;

  bool operator==(const ControlNet&) const = default;
};

struct Upscaler {
  std::string name;
  std::optional<double> scale;

  bool operator==(const Upscaler&) const = default;
};

struct Generation {
  /// What wrote the payload; one of the names printed by `sdmeta formats`.
  std::string software;
  std::optional<std::string> software_version;
  /// Verbatim, LoRA tags included; line ends are LF.
  std::optional<std::string> prompt;
  std::optional<std::string> negative_prompt;  // "" = explicitly empty
  std::optional<std::int64_t> steps;
  std::optional<std::string> sampler;    // as written, scheduler suffix split off
  std::optional<std::string> scheduler;  // as written
  std::optional<std::string> sampler_normalized;    // A1111's label
  std::optional<std::string> scheduler_normalized;  // lower case, _ for spaces
  std::optional<double> cfg_scale;
  std::optional<double> guidance;  // distilled (Flux); never merged into cfg
  /// Decimal digits, possibly with a minus: seeds exceed 2^63.
  std::optional<std::string> seed;
  std::optional<std::int64_t> width;  // pixels, as the parameters claim
  std::optional<std::int64_t> height;
  std::optional<std::string> model;  // as written
  std::optional<std::string> model_hash;
  std::optional<std::string> vae;
  std::optional<std::int64_t> clip_skip;  // positive: layers counted from the end
  std::optional<double> denoising_strength;
  Hires hires;
  std::vector<Lora> loras;
  std::vector<Embedding> embeddings;
  std::vector<PromptPart> prompts;
  std::vector<ControlNet> controlnets;
  std::vector<Upscaler> upscalers;
  std::vector<CivitaiResource> civitai_resources;
  /// Every pair that no field above holds, in the writer's order.
  std::vector<KeyValue> extra;

  bool operator==(const Generation&) const = default;
};

}  // namespace sdmeta
