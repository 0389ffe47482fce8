// AIR, civitai's names for models:
// `urn:air:sdxl:lora:civitai:328553@368189`. See
// https://github.com/civitai/civitai/wiki/AIR-%E2%80%90-Uniform-Resource-Names-for-AI
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sdmeta {

/// Parts as written, views into the text; empty where left out.
struct Air {
  std::string_view ecosystem;  // sd1, sdxl, pony, flux1, ...
  std::string_view type;       // checkpoint, lora, embedding, ...
  std::string_view source;     // civitai, huggingface, ...
  std::string_view id;         // of the model; may be a path
  std::string_view version;    // behind `@`
  std::string_view tail;       // layer, format, file: from `:`, `.` or `+` on
  /// Of source civitai and made of digits only; never guessed.
  std::optional<std::uint64_t> model_id;
  std::optional<std::uint64_t> model_version_id;
};

/// Reads an AIR; `urn:` and `air:` in front may be left out. Nothing if it has
/// not the five parts.
std::optional<Air> parse_air(std::string_view text);

/// Reads an AIR's ids alone, `328553@368189`, as civitai's nodes for ComfyUI
/// write them; `@` and the version may be left out.
std::optional<Air> parse_air_ids(std::string_view text);

}  // namespace sdmeta
