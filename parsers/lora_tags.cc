// Grammar: `<kind:name[:weight...][:key=value...]>`, read by ExtraNetworkLora in
// extensions-builtin/Lora/extra_networks_lora.py of
// https://github.com/AUTOMATIC1111/stable-diffusion-webui: the first weight is
// the text encoder's, the second the UNet's, and one weight is both.
#include "parsers/lora_tags.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::string_view kHypernetwork = "hypernet";
constexpr std::array<std::string_view, 6> kKinds = {
    "lora", "lyco", "lycoris", "locon", "dora", kHypernetwork};

// Two weights and LyCORIS's dynamic dimension.
constexpr std::size_t kMostNumbers = 3;

// `lbw=OUTALL`, `stop=20`: named arguments of extensions and of the reader.
bool is_named_argument(std::string_view part) {
  const std::size_t equals = part.find('=');
  if (equals == part.npos) return false;
  const std::string_view key = trimmed(part.substr(0, equals));
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return is_letter(c) || c == '_';
  });
}

// `0.8@0.5,0@1` of the loractl extension: weight@step pairs.
bool is_schedule(std::string_view part) {
  const std::size_t at = part.find('@');
  return at != part.npos && at > 0 &&
         number_in<double>(part.substr(0, at)).has_value();
}

// A block weight list of the lora-block-weight extension, by name or in full,
// after the weight: `name:0.8:OUTALL`, `name:1:0,0,0.5,1`.
bool is_block_weights(std::string_view part) {
  return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
    return is_digit(c) || (c >= 'A' && c <= 'Z') || c == ',' || c == '.' ||
           c == '-' || c == '_';
  });
}

void take_named_argument(std::string_view part, std::optional<double>& encoder,
                         std::optional<double>& model) {
  const std::size_t equals = part.find('=');
  const std::string_view key = trimmed(part.substr(0, equals));
  const auto value = number_in<double>(part.substr(equals + 1));
  if (key == "te") encoder = value;
  if (key == "unet") model = value;
}

std::string_view without_quotes(std::string_view name) {
  if (name.size() > 2 && name.front() == '"' && name.back() == '"')
    return name.substr(1, name.size() - 2);
  return name;
}

// What stands between the first colon of a tag and its end, taken apart from
// the right.
class Body {
 public:
  explicit Body(std::string_view text) { set(text); }

  std::string_view text() const { return text_; }
  bool has_part() const { return colon_ != text_.npos; }
  std::string_view last_part() const {
    return trimmed(text_.substr(colon_ + 1));
  }
  /// Nothing if there is no part, or it is no number.
  std::optional<double> last_number() const {
    return has_part() ? number_in<double>(last_part()) : std::nullopt;
  }
  Body without_part() const { return Body(text_.substr(0, colon_)); }
  void drop_part() { set(text_.substr(0, colon_)); }

 private:
  void set(std::string_view text) {
    text_ = text;
    colon_ = text.rfind(':');
  }

  std::string_view text_;
  std::size_t colon_ = 0;
};

NetworkTag read_body(std::string_view text) {
  std::optional<double> named_encoder;
  std::optional<double> named_model;
  Body body(text);
  while (body.has_part() && is_named_argument(body.last_part())) {
    take_named_argument(body.last_part(), named_encoder, named_model);
    body.drop_part();
  }
  NetworkTag tag;
  bool is_unreadable = false;  // a schedule is not one number
  auto number = body.last_number();
  if (!number && body.has_part()) {
    const Body before = body.without_part();
    is_unreadable = is_schedule(body.last_part());
    if (is_unreadable ||
        (is_block_weights(body.last_part()) && before.last_number())) {
      body = before;
      number = body.last_number();
    } else if (!has_letter(body.last_part())) {
      // `0,8`, `{0.5|0.8}`, nothing: no part of a name, but a weight that
      // nobody can read.
      is_unreadable = true;
      while (body.has_part() && !has_letter(body.last_part()))
        body.drop_part();
    }
  }
  // Read from the right, so the last number comes first.
  std::array<double, kMostNumbers> numbers{};
  std::size_t count = 0;
  for (; number && count < kMostNumbers; number = body.last_number()) {
    numbers[count++] = *number;
    body.drop_part();
  }
  while (body.has_part() && body.last_part().empty()) body.drop_part();
  if (!is_unreadable) {
    const double first = count > 0 ? numbers[count - 1] : 1.0;
    const double second = count > 1 ? numbers[count - 2] : first;
    const double encoder = named_encoder.value_or(first);
    tag.weight = named_model.value_or(count > 1 ? second : encoder);
    if (encoder != *tag.weight) tag.clip_weight = encoder;
  }
  tag.name = without_quotes(trimmed(body.text()));
  return tag;
}

// Up to so many LoRAs, which is nearly always, are compared with each other. A
// table costs more, and keeps the work linear where there are thousands.
constexpr std::size_t kFewLoras = 16;

// A1111 writes `name(0a1b2c3d4e5f)` into prompts where two files share a name.
std::string_view without_hash(std::string_view name) {
  if (!name.ends_with(')')) return name;
  const std::size_t open = name.rfind('(');
  if (open == name.npos || open == 0) return name;
  const std::string_view digits = name.substr(open + 1, name.size() - open - 2);
  const bool is_hash =
      digits.size() >= 8 && digits.size() <= 12 &&
      digits.find_first_not_of("0123456789ABCDEFabcdef") == digits.npos;
  return is_hash ? name.substr(0, open) : name;
}

// As names appear in `Lora hashes`.
std::string plain_name(std::string_view name) {
  std::string plain = lower(without_hash(model_base_name(name)));
  std::erase_if(plain, [](char c) { return c == ':' || c == ','; });
  return plain;
}

// `plain_name(a) == plain_name(b)` without the copies.
bool same_plain_name(std::string_view a, std::string_view b) {
  if (a == b) return true;
  a = without_hash(model_base_name(a));
  b = without_hash(model_base_name(b));
  for (;;) {
    a.remove_prefix(std::min(a.find_first_not_of(":,"), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of(":,"), b.size()));
    if (a.empty() || b.empty()) return a.empty() && b.empty();
    if (to_lower(a.front()) != to_lower(b.front())) return false;
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
}

// Of the same kind of hash one may be the beginning of the other: AutoV2 is the
// beginning of SHA256.
constexpr std::size_t kShortestHash = 8;

bool is_same_file(const Lora& a, const Lora& b) {
  return a.hash && b.hash &&
         std::min(a.hash->size(), b.hash->size()) >= kShortestHash &&
         (starts_with_ignoring_case(*a.hash, *b.hash) ||
          starts_with_ignoring_case(*b.hash, *a.hash));
}

// Empty if there is no hash to go by.
std::string hash_key(const Lora& lora) {
  return lora.hash && lora.hash->size() >= kShortestHash
             ? lower(std::string_view(*lora.hash).substr(0, kShortestHash))
             : std::string();
}

// Writers spell one name in two ways (spaces or underscores), but not its hash.
bool is_same_lora(const Lora& a, const Lora& b) {
  return same_plain_name(a.name, b.name) || is_same_file(a, b);
}

void fill_gaps(Lora& lora, const Lora& from) {
  if (!lora.weight) {
    lora.weight = from.weight;
    lora.clip_weight = from.clip_weight;
  }
  if (!lora.hash) lora.hash = from.hash;
  if (!lora.model_version_id) lora.model_version_id = from.model_version_id;
}

}  // namespace

std::vector<NetworkTag> find_network_tags(std::string_view prompt) {
  std::vector<NetworkTag> tags;
  std::size_t open = prompt.find('<');
  while (open != prompt.npos && tags.size() < kMostNetworkTags) {
    const auto bracket =
        std::find_if(prompt.begin() + open + 1, prompt.end(),
                     [](char c) { return c == '<' || c == '>'; });
    if (bracket == prompt.end()) break;
    const auto end = static_cast<std::size_t>(bracket - prompt.begin());
    if (prompt[end] == '<') {
      open = end;
      continue;
    }
    const std::string_view inside = prompt.substr(open + 1, end - open - 1);
    open = prompt.find('<', end + 1);
    const std::size_t colon = inside.find(':');
    if (colon == inside.npos) continue;
    const std::string_view word = trimmed(inside.substr(0, colon));
    const bool is_kind =
        std::any_of(kKinds.begin(), kKinds.end(), [word](std::string_view kind) {
          return equal_ignoring_case(word, kind);
        });
    if (!is_kind) continue;
    NetworkTag tag = read_body(inside.substr(colon + 1));
    tag.is_hypernetwork = equal_ignoring_case(word, kHypernetwork);
    // No file is called so; a tag that somebody left open is.
    const bool has_line_end = tag.name.find('\n') != tag.name.npos;
    if (!tag.name.empty() && !has_line_end) tags.push_back(tag);
  }
  return tags;
}

void add_tagged_loras(std::string_view prompt, std::vector<Lora>& loras) {
  using Claim = std::tuple<std::string_view, std::optional<double>,
                           std::optional<double>>;
  const std::vector<NetworkTag> tags = find_network_tags(prompt);
  if (tags.empty()) return;
  loras.reserve(loras.size() + tags.size());  // keeps the views below valid
  const bool are_few = loras.size() + tags.size() <= kFewLoras;
  std::set<Claim> known;
  if (!are_few)
    for (const Lora& lora : loras)
      known.emplace(lora.name, lora.weight, lora.clip_weight);
  const auto is_new = [&](const Claim& claim) {
    if (!are_few) return known.insert(claim).second;
    return std::none_of(loras.begin(), loras.end(), [&](const Lora& lora) {
      return claim == Claim(lora.name, lora.weight, lora.clip_weight);
    });
  };
  for (const NetworkTag& tag : tags) {
    if (tag.is_hypernetwork) continue;
    if (!is_new({tag.name, tag.weight, tag.clip_weight})) continue;
    Lora lora;
    lora.name = tag.name;
    lora.weight = tag.weight;
    lora.clip_weight = tag.clip_weight;
    loras.push_back(std::move(lora));
  }
}

namespace {

// Of two entries for one file the second is another use of it if it has another
// weight.
bool is_other_use(const Lora& a, const Lora& b) {
  return a.weight && b.weight && a.weight != b.weight;
}

void merge_few(std::vector<Lora>& loras, std::vector<Lora>& more) {
  const std::size_t size = loras.size();
  for (Lora& lora : more) {
    bool is_known = false;
    for (std::size_t i = 0; i < loras.size(); ++i) {
      if ((i >= size && is_other_use(loras[i], lora)) ||
          !is_same_lora(loras[i], lora))
        continue;
      fill_gaps(loras[i], lora);
      is_known = true;
    }
    if (!is_known) loras.push_back(std::move(lora));
  }
}

void merge_many(std::vector<Lora>& loras, std::vector<Lora>& more) {
  struct News {
    Lora lora;
    bool is_known = false;
    std::optional<std::size_t> position;  // in `loras`, once appended
  };
  std::deque<News> news;
  std::unordered_map<std::string, News*> by_name;
  std::unordered_map<std::string, News*> by_hash;
  const auto find = [&](const Lora& lora) -> News* {
    const auto name = by_name.find(plain_name(lora.name));
    if (name != by_name.end()) return name->second;
    const auto hash = by_hash.find(hash_key(lora));
    return hash != by_hash.end() ? hash->second : nullptr;
  };
  for (const Lora& lora : more) {
    News* entry = find(lora);
    if (entry == nullptr) entry = &news.emplace_back();
    fill_gaps(entry->lora, lora);
    by_name.emplace(plain_name(lora.name), entry);
    if (!hash_key(lora).empty()) by_hash.emplace(hash_key(lora), entry);
  }
  for (Lora& lora : loras) {
    News* const entry = find(lora);
    if (entry == nullptr) continue;
    fill_gaps(lora, entry->lora);
    entry->is_known = true;
  }
  for (Lora& lora : more) {
    News& entry = *find(lora);
    if (entry.is_known) continue;
    if (entry.position && !is_other_use(loras[*entry.position], lora)) {
      fill_gaps(loras[*entry.position], lora);
      continue;
    }
    if (!entry.position) entry.position = loras.size();
    loras.push_back(std::move(lora));
  }
}

}  // namespace

void merge_loras(std::vector<Lora>& loras, std::vector<Lora> more) {
  if (loras.size() + more.size() <= kFewLoras)
    merge_few(loras, more);
  else
    merge_many(loras, more);
}

}  // namespace sdmeta
