// Extra network tags inside prompts, such as `<lora:name:0.8>`. Names in the
// wild hold spaces, dots, slashes, parentheses and colons, so a tag is read
// from the right: weights first, what is left is the name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/generation.h"

namespace sdmeta {

struct NetworkTag {
  bool is_hypernetwork = false;  // `hypernet`; all other kinds are LoRAs
  std::string_view name;         // trimmed, never empty
  /// Of the model; 1 where the tag has none. Nothing for a schedule over the
  /// steps (`0.8@0.5,0@1`) and all else that is not one number (`0,8`).
  std::optional<double> weight;
  std::optional<double> clip_weight;  // of the text encoder, where it differs
};

/// Of one prompt; a hostile one has a million.
constexpr std::size_t kMostNetworkTags = 8192;

/// The first kMostNetworkTags tags of `prompt` in order, repeats included;
/// views into it.
std::vector<NetworkTag> find_network_tags(std::string_view prompt);

/// Adds the LoRA tags of `prompt` to `loras`. A tag that says the same as an
/// entry (name and weights) adds nothing.
void add_tagged_loras(std::string_view prompt, std::vector<Lora>& loras);

/// Adds what another source says about LoRAs. An entry whose name is already
/// there (folder, extension and case aside; colons and commas too, which A1111
/// removes from names where it lists hashes) only fills what is still missing;
/// any other is appended. Linear.
void merge_loras(std::vector<Lora>& loras, std::vector<Lora> more);

}  // namespace sdmeta
