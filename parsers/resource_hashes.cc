// Writers: extensions-builtin/Lora/extra_networks_lora.py and
// modules/textual_inversion of AUTOMATIC1111/stable-diffusion-webui; AddNet:
// scripts/additional_networks.py of kohya-ss/sd-webui-additional-networks;
// `Hashes`: civitai/sd_civitai_extension; `Lora_0 ..`: edelvarden/
// ComfyUI-ImageMetadataExtension; modules/lora of vladmandic/sdnext; `LoRA
// Model` and `LoRA Weight`, with numbers where there are several: Draw Things.
#include "parsers/resource_hashes.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <unordered_set>
#include <utility>

#include "parsers/json.h"
#include "parsers/lora_tags.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// `TI hashes` and `Hashes` often say the same, and A1111 says some twice.
void unite_embeddings(std::vector<Embedding>& embeddings) {
  std::map<std::string, std::size_t> positions;
  std::vector<Embedding> united;
  for (Embedding& embedding : embeddings) {
    const auto [it, is_new] = positions.emplace(
        lower(model_base_name(embedding.name)), united.size());
    if (is_new)
      united.push_back(std::move(embedding));
    else if (!united[it->second].hash)
      united[it->second].hash = std::move(embedding.hash);
  }
  embeddings = std::move(united);
}

constexpr std::size_t kShortestHash = 6;

bool is_hash(std::string_view text) {
  return text.size() >= kShortestHash &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
         });
}

struct Pair {
  std::string_view name;
  std::string_view value;
};

// At the last colon.
std::optional<Pair> split_pair(std::string_view item) {
  const std::size_t colon = item.rfind(':');
  if (colon == item.npos) return std::nullopt;
  return Pair{trimmed(item.substr(0, colon)), trimmed(item.substr(colon + 1))};
}

// Calls `take(item)` with pieces between commas, grown until it says true.
// Returns what is left.
template <class Take>
std::string_view split_growing(std::string_view text, Take take) {
  std::size_t start = 0;
  std::size_t comma = 0;
  while (comma < text.size()) {
    comma = std::min(text.find(',', comma), text.size());
    // Only the last piece can hold the value: earlier ones have been refused.
    if (take(text.substr(start, comma - start))) start = comma + 1;
    ++comma;
  }
  return trimmed(text.substr(std::min(start, text.size())));
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = trimmed(text.substr(0, comma));
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

Lora named_lora(std::string_view name) {
  Lora lora;
  lora.name = std::string(name);
  return lora;
}

// The value of the last piece only, so that growing stays linear.
std::optional<std::string_view> last_value(std::string_view item) {
  std::size_t start = item.size();
  while (start > 0 && item[start - 1] != ':' && item[start - 1] != ',') --start;
  if (start == 0 || item[start - 1] != ':') return std::nullopt;
  return trimmed(item.substr(start));
}

std::string without_last_word(std::string_view key) {
  return lower(trimmed(key.substr(0, key.find_last_of(' '))));
}

bool has_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// `ink`, `ink : 0.8`, `ink (0.8)`. Nothing for what can be no file's name.
std::optional<Lora> listed_lora(std::string_view item) {
  std::string_view name = item;
  std::string_view weight;
  if (item.ends_with(')')) {
    const std::size_t open = std::min(item.rfind('('), item.size() - 1);
    name = item.substr(0, open);
    weight = item.substr(open + 1, item.size() - open - 2);
  } else if (const auto pair = split_pair(item)) {
    name = pair->name;
    weight = pair->value;
  }
  Lora lora;
  lora.weight = number_in<double>(weight);
  if (!lora.weight) name = item;
  name = trimmed(name);
  if (is_placeholder(name) || number_in<double>(name) ||
      equal_ignoring_case(name, "true") || equal_ignoring_case(name, "false") ||
      name.find_first_of("<>[]{}\"\n") != name.npos)
    return std::nullopt;
  lora.name = std::string(name);
  return lora;
}

}  // namespace

std::vector<NamedValue> split_hashes(std::string_view text, std::string& rest) {
  std::vector<NamedValue> items;
  rest = split_growing(text, [&items](std::string_view item) {
    const auto value = last_value(item);
    if (!value || !(is_hash(*value) || is_placeholder(*value))) return false;
    const auto pair = split_pair(item);
    if (pair->name.empty()) return false;
    items.push_back({std::string(pair->name),
                     is_hash(*value) ? std::string(*value) : ""});
    return true;
  });
  return items;
}

bool ResourceSettings::take_lora_hashes(std::string_view value) {
  // Early Fooocus: `name: hash: weight`.
  const std::string_view rest =
      split_growing(value, [this](std::string_view item) {
        const auto last = last_value(item);
        if (!last) return false;
        const auto pair = split_pair(item);
        if (pair->name.empty()) return false;
        const auto outer = split_pair(pair->name);
        const bool has_hash =
            outer && is_hash(outer->value) && !outer->name.empty();
        if (const auto weight =
                has_hash ? number_in<double>(*last) : std::nullopt) {
          Lora lora = named_lora(outer->name);
          lora.hash = std::string(outer->value);
          lora.weight = *weight;
          loras_.push_back(std::move(lora));
          return true;
        }
        const bool is_hashed = is_hash(*last);
        if (!is_hashed && !is_placeholder(*last)) return false;
        Lora lora = named_lora(pair->name);
        if (is_hashed) lora.hash = std::string(*last);
        loras_.push_back(std::move(lora));
        return true;
      });
  if (rest.empty()) return true;
  // SD.Next: hashes alone, beside `LoRA networks`.
  std::vector<std::string> hashes = split_list(value);
  const bool is_list = std::all_of(hashes.begin(), hashes.end(),
                                   [](const auto& h) { return is_hash(h); });
  if (is_list) network_hashes_ = std::move(hashes);
  return is_list;
}

bool ResourceSettings::take_lora_weights(std::string_view value) {
  const std::string_view rest =
      split_growing(value, [this](std::string_view item) {
        const auto last = last_value(item);
        const auto weight = last ? number_in<double>(*last) : std::nullopt;
        if (!weight) return false;
        Lora lora = named_lora(split_pair(item)->name);
        lora.weight = *weight;
        if (lora.name.empty()) return false;
        weights_.push_back(std::move(lora));
        return true;
      });
  return rest.empty();
}

bool ResourceSettings::take_embedding_hashes(std::string_view value) {
  std::string rest;
  for (NamedValue& item : split_hashes(value, rest)) {
    Embedding embedding;
    embedding.name = std::move(item.name);
    if (!item.value.empty()) embedding.hash = std::move(item.value);
    embeddings_.push_back(std::move(embedding));
  }
  return rest.empty();
}

// `<lora:ink:0.8>, <lora:oil:1>`, `ink.safetensors (0.8), oil : 1`, `ink`.
bool ResourceSettings::take_lora_list(std::string_view value) {
  std::vector<Lora> loras;
  if (value.starts_with('<') && value.ends_with('>')) {
    add_tagged_loras(value, loras);
  } else {
    for (const std::string& item : split_list(value)) {
      auto lora = listed_lora(item);
      if (!lora) return false;
      loras.push_back(std::move(*lora));
    }
  }
  if (loras.empty()) return false;
  // The weight of a single one may be a setting of its own.
  Lora& only = slots_["lora_"].lora;
  if (loras.size() == 1 && only.name.empty()) {
    only.name = std::move(loras[0].name);
    if (loras[0].weight) only.weight = loras[0].weight;
  } else {
    std::move(loras.begin(), loras.end(), std::back_inserter(listed_));
  }
  return true;
}

namespace {

// `name(hash)`; the name may hold parentheses itself.
bool take_addnet_model(std::string_view value, Lora& lora) {
  const std::size_t open = value.rfind('(');
  lora.name = trimmed(value.substr(0, open));
  if (open != value.npos && value.ends_with(')')) {
    const auto hash = value.substr(open + 1, value.size() - open - 2);
    if (is_hash(hash)) lora.hash = std::string(hash);
  }
  return true;
}

// `name : weight` where the key has a number and nothing else.
bool take_numbered_file(std::string_view value, Lora& lora) {
  auto listed = listed_lora(value);
  if (!listed || !lora.name.empty()) return false;
  lora.name = std::move(listed->name);
  if (listed->weight) lora.weight = listed->weight;
  return true;
}

bool take_weight(std::string_view value, std::optional<double>& weight) {
  const auto number = number_in<double>(value);
  if (number && !weight) weight = number;
  return number && weight == number;
}

bool take_part(std::string_view part, std::string_view value, Lora& lora) {
  const auto is_any = [part](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), part) != names.end();
  };
  if (part == "addnet model") return take_addnet_model(value, lora);
  if (part.empty()) return take_numbered_file(value, lora);
  if (is_any({"addnet weight a", "addnet weight", "strength model", "strength",
              "weight", "scale"}))
    return take_weight(value, lora.weight);
  if (is_any({"addnet weight b", "strength clip"}))
    return take_weight(value, lora.clip_weight);
  if (is_any({"model name", "model", "name"})) {
    if (!lora.name.empty()) return false;
    lora.name = value;
    return true;
  }
  if (is_any({"model hash", "hash"})) {
    if (!is_placeholder(value)) lora.hash = value;
    return true;
  }
  return false;
}

}  // namespace

// `AddNet Weight A 1`.
bool ResourceSettings::take_addnet(std::string_view key,
                                   std::string_view value) {
  const std::string name = lower(key);
  const std::string_view number =
      std::string_view(name).substr(name.find_last_of(' ') + 1);
  if (!has_number(number)) return false;
  const std::string part = without_last_word(name);
  Slot& slot = slots_["addnet " + std::string(number)];
  if (part == "addnet module")
    slot.is_other = !equal_ignoring_case(value, "lora");
  else if (!take_part(part, value, slot.lora))
    return false;
  slot.parts.push_back({std::string(key), std::string(value)});
  return true;
}

// `Lora_0 Strength model`, `LoRA 1`, `LoRA Weight`, `Embedding_0 name`.
bool ResourceSettings::take_numbered(std::string_view key,
                                     std::string_view value) {
  const std::string name = lower(key);
  std::string_view rest = name;
  const std::string_view kind = rest.starts_with("lora") ? "lora" : "embedding";
  rest.remove_prefix(kind.size());
  if (rest.starts_with('_') || rest.starts_with(' ')) rest.remove_prefix(1);
  const std::size_t digits =
      std::min(rest.find_first_not_of("0123456789"), rest.size());
  const std::string_view number = rest.substr(0, digits);
  const std::string_view part = trimmed(rest.substr(digits));
  // Embeddings always have a number and more.
  if (kind == "embedding" && (number.empty() || part.empty())) return false;
  Slot& slot = slots_[std::string(kind) + '_' + std::string(number)];
  if (!take_part(part, value, slot.lora)) return false;
  slot.parts.push_back({std::string(key), std::string(value)});
  return true;
}

// `LoRAs: ink: str_0.8, oil: str_1`: SaveImageWithMetaDataUniversal's summary,
// without quotes, so that the second name looks like a key.
// https://github.com/xxmjskxx/ComfyUI_SaveImageWithMetaDataUniversal
bool ResourceSettings::take_summed_up_lora(std::string_view name,
                                           std::string_view strength) {
  constexpr std::string_view kMark = "str_";
  if (name.empty() || !strength.starts_with(kMark)) return false;
  const auto weight = number_in<double>(strength.substr(kMark.size()));
  if (!weight) return false;
  Lora& lora = listed_.emplace_back();
  lora.name = std::string(name);
  lora.weight = weight;
  open_list_ = List::kSummary;
  return true;
}

bool ResourceSettings::take_next_of_list(std::string_view key,
                                         std::string_view value) {
  if (open_list_ == List::kSummary) return take_summed_up_lora(key, value);
  if (ends_with_ignoring_case(key, "hash") ||
      ends_with_ignoring_case(key, "hashes"))
    return false;
  // A name in brackets begins no setting: there may be more than one item.
  std::string rest;
  std::string items(key);
  items += ": ";
  items += value;
  std::vector<NamedValue> hashes = split_hashes(items, rest);
  if (!rest.empty() ||
      std::any_of(hashes.begin(), hashes.end(),
                  [](auto& item) { return item.value.empty(); }))
    return false;
  for (NamedValue& item : hashes) {
    if (open_list_ == List::kLoras) {
      loras_.push_back(named_lora(item.name));
      loras_.back().hash = std::move(item.value);
    } else {
      embeddings_.push_back({std::move(item.name), std::move(item.value)});
    }
  }
  return true;
}

bool ResourceSettings::take(std::string_view key, std::string_view value,
                            bool is_quoted) {
  if (open_list_ != List::kNone && take_next_of_list(key, value)) return true;
  if (!is_quoted && value.starts_with('"')) value.remove_prefix(1);  // cut
  open_list_ = List::kNone;
  if (equal_ignoring_case(key, "Lora hashes")) {
    if (!is_quoted) open_list_ = List::kLoras;
    return take_lora_hashes(value);
  }
  if (equal_ignoring_case(key, "TI hashes")) {
    if (!is_quoted) open_list_ = List::kEmbeddings;
    return take_embedding_hashes(value);
  }
  if (equal_ignoring_case(key, "Lora weights")) return take_lora_weights(value);
  if (equal_ignoring_case(key, "LoRA networks")) {
    network_names_ = split_list(value);
    return true;
  }
  if (equal_ignoring_case(key, "TI") || equal_ignoring_case(key, "Embeddings")) {
    for (std::string& name : split_list(value))
      embeddings_.push_back({std::move(name), std::nullopt});
    return true;
  }
  if (starts_with_ignoring_case(key, "addnet ")) return take_addnet(key, value);
  if (starts_with_ignoring_case(key, "lora")) {
    const std::string_view rest = key.substr(std::string_view("lora").size());
    if (!rest.empty() && !equal_ignoring_case(rest, "s"))
      return take_numbered(key, value);
    const auto pair = split_pair(value);
    return (pair && take_summed_up_lora(pair->name, pair->value)) ||
           take_lora_list(value);
  }
  return starts_with_ignoring_case(key, "embedding_") &&
         take_numbered(key, value);
}

void ResourceSettings::apply(Generation& generation) {
  const bool is_paired = network_hashes_.size() == network_names_.size();
  for (std::size_t i = 0; i < network_names_.size(); ++i) {
    Lora lora = named_lora(network_names_[i]);
    if (is_paired) lora.hash = network_hashes_[i];
    loras_.push_back(std::move(lora));
  }
  if (!is_paired && !network_hashes_.empty()) {
    KeyValue hashes{"LoRA hashes", ""};
    for (const std::string& hash : network_hashes_)
      hashes.value += (hashes.value.empty() ? "" : ", ") + hash;
    generation.extra.push_back(std::move(hashes));
  }
  for (auto& [name, slot] : slots_) {
    if (is_placeholder(slot.lora.name) || slot.is_other) {
      std::move(slot.parts.begin(), slot.parts.end(),
                std::back_inserter(generation.extra));
    } else if (name.starts_with("embedding")) {
      embeddings_.push_back({slot.lora.name, slot.lora.hash});
    } else {
      if (slot.lora.clip_weight == slot.lora.weight)
        slot.lora.clip_weight.reset();
      loras_.push_back(std::move(slot.lora));
    }
  }
  for (std::vector<Lora>* const more : {&weights_, &listed_})
    if (!more->empty()) merge_loras(loras_, std::move(*more));
  merge_loras(generation.loras, std::move(loras_));
  generation.embeddings.insert(generation.embeddings.end(),
                               std::make_move_iterator(embeddings_.begin()),
                               std::make_move_iterator(embeddings_.end()));
  if (generation.embeddings.size() > 1) unite_embeddings(generation.embeddings);
}

namespace {

// One is the beginning of the other: AutoV2 is the beginning of SHA256.
bool same_hash(std::string_view a, std::string_view b) {
  return starts_with_ignoring_case(a, b) || starts_with_ignoring_case(b, a);
}

std::string beginning_of(std::string_view hash) {
  constexpr std::size_t kEnough = 8;
  return lower(hash.substr(0, kEnough));
}

// A1111 and civitai's extension hash the same LoRA in different ways: what
// other settings said first stays, and these would be said nowhere.
bool are_held(const std::vector<std::string>& hashes,
              const Generation& generation) {
  std::unordered_set<std::string> held;
  if (generation.model_hash) held.insert(beginning_of(*generation.model_hash));
  for (const Lora& lora : generation.loras)
    if (lora.hash) held.insert(beginning_of(*lora.hash));
  for (const Embedding& embedding : generation.embeddings)
    if (embedding.hash) held.insert(beginning_of(*embedding.hash));
  return std::all_of(
      hashes.begin(), hashes.end(),
      [&held](const std::string& hash) { return held.contains(hash); });
}

bool place_hash(std::string_view key, const std::string& hash,
                std::vector<Lora>& loras, Generation& generation) {
  if (is_placeholder(hash)) return false;
  if (equal_ignoring_case(key, "model")) {
    if (!generation.model_hash) generation.model_hash = hash;
    return same_hash(*generation.model_hash, hash);
  }
  const std::size_t colon = key.find(':');
  if (colon == key.npos) return false;
  const std::string_view kind = key.substr(0, colon);
  const std::string_view name = trimmed(key.substr(colon + 1));
  if (name.empty()) return false;
  if (equal_ignoring_case(kind, "lora")) {
    loras.push_back(named_lora(name));
    loras.back().hash = hash;
    return true;
  }
  if (equal_ignoring_case(kind, "embed")) {
    generation.embeddings.push_back({std::string(name), hash});
    return true;
  }
  return false;
}

}  // namespace

bool apply_hashes(std::string_view json, const Limits& limits,
                  Generation& generation) {
  const JsonDocument document = parse_json(json, limits);
  if (!document.root().is_object()) return false;
  bool is_placed = true;
  std::vector<Lora> loras;
  std::vector<std::string> hashes;
  document.root().for_each_member([&](std::string_view key, JsonValue value) {
    const std::string hash = value.text();
    const bool is_here =
        value.is_string() && place_hash(key, hash, loras, generation);
    is_placed = is_placed && is_here;
    hashes.push_back(beginning_of(hash));
  });
  merge_loras(generation.loras, std::move(loras));
  unite_embeddings(generation.embeddings);
  return is_placed && are_held(hashes, generation);
}

}  // namespace sdmeta
