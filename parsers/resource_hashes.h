// The settings that list LoRAs and embeddings with their hashes, in every shape
// the infotext family has: `Lora hashes`, `TI hashes`, `Hashes`, `Lora weights`,
// `LoRA networks`, `AddNet Model 1`, `Lora_0 Model name`, `LoRA 1 Model`,
// `LoRA 1`, `LoRA`, `Embedding_0 name`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/limits.h"
#include "parsers/generation.h"

namespace sdmeta {

struct NamedValue {
  std::string name;
  std::string value;

  bool operator==(const NamedValue&) const = default;
};

/// Splits `name: hash, name: hash`. Names may hold commas and colons: an item
/// ends where hexadecimal digits (or a placeholder) follow a colon. What is left
/// over at the end is returned in `rest`.
std::vector<NamedValue> split_hashes(std::string_view text, std::string& rest);

/// Collects such settings, then adds them to a Generation at once, because
/// several of them describe one LoRA.
class ResourceSettings {
 public:
  /// True if the setting is of this kind and all of it was understood. In a
  /// list of hashes without quotes every name but the first looks like a key:
  /// the settings that follow it go on with it until one is no hash.
  bool take(std::string_view key, std::string_view value, bool is_quoted);

  /// For a setting in between that is of no kind: no list goes on behind it.
  void end_list() { open_list_ = List::kNone; }

  /// Merges what was taken; parts of no use go to `extra`.
  void apply(Generation& generation);

 private:
  struct Slot {
    std::vector<KeyValue> parts;  // as written
    Lora lora;
    bool is_other = false;  // AddNet also loads other modules
  };

  // What a list of hashes without quotes is of.
  enum class List { kNone, kLoras, kEmbeddings, kSummary };

  bool take_next_of_list(std::string_view key, std::string_view value);
  bool take_lora_hashes(std::string_view value);
  bool take_lora_weights(std::string_view value);
  bool take_lora_list(std::string_view value);
  bool take_summed_up_lora(std::string_view name, std::string_view strength);
  bool take_embedding_hashes(std::string_view value);
  bool take_addnet(std::string_view key, std::string_view value);
  bool take_numbered(std::string_view key, std::string_view value);

  std::vector<Lora> loras_;
  std::vector<Lora> weights_;
  std::vector<Lora> listed_;  // of `LoRA: ink (0.8), oil`
  List open_list_ = List::kNone;
  std::vector<Embedding> embeddings_;
  // "addnet 1", "lora_0", "lora_" without a number, "embedding_0"
  std::map<std::string, Slot> slots_;
  // SD.Next lists names and hashes apart, in the same order.
  std::vector<std::string> network_names_;
  std::vector<std::string> network_hashes_;
};

/// Reads `Hashes: {"model": "..", "lora:NAME": "..", "embed:NAME": ".."}`. True
/// if every item is held by a field afterwards.
bool apply_hashes(std::string_view json, const Limits& limits,
                  Generation& generation);

}  // namespace sdmeta
