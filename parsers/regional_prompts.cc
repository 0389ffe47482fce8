// Forge Couple: scripts/forge_couple.py of Haoming02/sd-forge-couple. Regional
// Prompter: `keyconverter` in scripts/rp.py of
// hako-mikan/sd-webui-regional-prompter. Latent Couple:
// opparco/stable-diffusion-webui-two-shot. Tiled Diffusion:
// pkuliyi2015/multidiffusion-upscaler-for-automatic1111. SwarmUI:
// docs/Features/Prompt Syntax.md of mcmonkeyprojects/SwarmUI.
#include "parsers/regional_prompts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/json.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

using std::string_view;

// Nobody divides a picture into more; hostile prompts are all separators.
constexpr std::size_t kMostParts = 64;

struct Part {
  string_view role;
  string_view text;
};
using Parts = std::vector<Part>;

// Adds both sides, paired by position where `are_pair` holds.
template <class ArePair>
void add_pairs(const Parts& positive, const Parts& negative, ArePair are_pair,
               Generation& generation) {
  if (positive.size() > kMostParts) return;
  const bool is_paired = negative.size() == positive.size();
  for (std::size_t i = 0; i < positive.size(); ++i) {
    PromptPart part{
        std::string(positive[i].role), std::string(positive[i].text), {}};
    if (is_paired && are_pair(positive[i], negative[i]))
      part.negative_prompt = std::string(negative[i].text);
    generation.prompts.push_back(std::move(part));
  }
}

// Parts of a whole: none where there is nothing to divide.
void add_parts(const Parts& positive, const Parts& negative,
               Generation& generation) {
  if (positive.size() < 2) return;
  add_pairs(
      positive, negative, [](const Part&, const Part&) { return true; },
      generation);
}

bool is_word_char(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

bool is_whole_word(string_view text, std::size_t at, std::size_t size) {
  return (at == 0 || !is_word_char(text[at - 1])) &&
         (at + size == text.size() || !is_word_char(text[at + size]));
}

// What stands between separators, empty pieces aside. `role_of(separator)` is
// the role of the text in front of it.
template <std::size_t N, class RoleOf>
Parts split_at_words(string_view text, const std::array<string_view, N>& words,
                     RoleOf role_of) {
  Parts parts;
  std::size_t start = 0;
  for (std::size_t at = 0; at <= text.size() && parts.size() <= kMostParts;) {
    const string_view rest = text.substr(at);
    const auto* const word =
        std::find_if(words.begin(), words.end(), [&](string_view each) {
          return rest.starts_with(each) && is_whole_word(text, at, each.size());
        });
    if (word == words.end() && at < text.size()) {
      ++at;
      continue;
    }
    const string_view piece = trimmed(text.substr(start, at - start));
    const string_view separator = word == words.end() ? string_view() : *word;
    if (!piece.empty()) parts.push_back({role_of(separator), piece});
    at += std::max<std::size_t>(separator.size(), 1);
    start = at;
  }
  return parts;
}

Parts split_at(string_view text, string_view separator) {
  Parts parts;
  while (!text.empty() && parts.size() <= kMostParts) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const string_view piece = trimmed(text.substr(0, end));
    if (!piece.empty()) parts.push_back({"region", piece});
    text.remove_prefix(std::min(end + separator.size(), text.size()));
  }
  return parts;
}

std::string value_of(const SettingsReader& settings, string_view key) {
  const Setting* const setting = settings.find(key);
  return setting == nullptr ? std::string() : setting->value();
}

bool is_on(const SettingsReader& settings, string_view key) {
  return equal_ignoring_case(value_of(settings, key), "true");
}

// One line for each region unless another separator was chosen; the first or
// the last may be the background.
void read_forge_couple(const SettingsReader& settings, Generation& generation) {
  const std::string written = value_of(settings, "forge_couple_separator");
  const bool is_line_end = trimmed(written).empty() || written == "\\n";
  Parts parts =
      split_at(*generation.prompt, is_line_end ? string_view("\n") : written);
  if (parts.empty()) return;
  const std::string background = value_of(settings, "forge_couple_background");
  if (background == "First Line") parts.front().role = "background";
  if (background == "Last Line") parts.back().role = "background";
  add_parts(parts, {}, generation);
}

Parts split_regions(string_view prompt, const SettingsReader& settings) {
  constexpr std::array<string_view, 5> kWords = {"ADDCOMM", "ADDBASE", "ADDCOL",
                                                 "ADDROW", "BREAK"};
  Parts parts = split_at_words(prompt, kWords, [](string_view separator) {
    return separator == "ADDCOMM"   ? string_view("common")
           : separator == "ADDBASE" ? string_view("base")
                                    : string_view("region");
  });
  // Where a check box says that there is such a part and no word does, it is
  // the first of the regions.
  const auto mark = [&](string_view key, string_view role) {
    const auto has_role = [role](const Part& part) {
      return part.role == role;
    };
    if (!is_on(settings, key) ||
        std::any_of(parts.begin(), parts.end(), has_role))
      return;
    const auto first =
        std::find_if(parts.begin(), parts.end(),
                     [](const Part& part) { return part.role == "region"; });
    if (first != parts.end()) first->role = role;
  };
  mark("RP Use Common", "common");
  mark("RP Use Base", "base");
  return parts;
}

void read_regional_prompter(const SettingsReader& settings,
                            Generation& generation) {
  const Parts negative =
      generation.negative_prompt
          ? split_regions(*generation.negative_prompt, settings)
          : Parts();
  add_parts(split_regions(*generation.prompt, settings), negative, generation);
}

// {"Region control": {"Region 1": {"prompt": "..", "neg_prompt": ".."}}}
void read_tiled_diffusion(string_view json, const Limits& limits,
                          Generation& generation) {
  const JsonDocument document = parse_json(json, limits);
  std::size_t count = 0;
  document.root()["Region control"].for_each_member(
      [&](string_view, JsonValue region) {
        PromptPart part{"region", {}, {}};
        if (const auto text = region["prompt"].string())
          part.prompt = std::string(*text);
        if (const auto text = region["neg_prompt"].string())
          part.negative_prompt = std::string(*text);
        if (part.prompt && ++count <= kMostParts)
          generation.prompts.push_back(std::move(part));
      });
}

// --- SwarmUI

// `<region:0,0,0.5,1>`, `<segment:face,0.6//cid=8>`: its word, or nothing.
string_view section_role(string_view tag) {
  constexpr std::array<string_view, 3> kRoles = {"region", "object", "segment"};
  for (const string_view role : kRoles)
    if (tag.starts_with(role) && tag.substr(role.size()).starts_with(':'))
      return role;
  return {};
}

Parts split_sections(string_view prompt) {
  Parts parts;
  string_view role;
  std::size_t start = 0;
  const auto end_part = [&](std::size_t at) {
    if (!role.empty())
      parts.push_back({role, trimmed(prompt.substr(start, at - start))});
  };
  for (std::size_t at = prompt.find('<');
       at != prompt.npos && parts.size() <= kMostParts;
       at = prompt.find('<', at + 1)) {
    const string_view next = section_role(prompt.substr(at + 1));
    if (next.empty()) continue;
    const std::size_t close = prompt.find('>', at);
    if (close == prompt.npos) break;
    end_part(at);
    role = next;
    start = close + 1;
  }
  end_part(prompt.size());
  return parts;
}

}  // namespace

void add_regional_prompts(const SettingsReader& settings, const Limits& limits,
                          Generation& generation) {
  if (!generation.prompt) return;
  if (is_on(settings, "forge_couple"))
    read_forge_couple(settings, generation);
  else if (is_on(settings, "RP Active"))
    read_regional_prompter(settings, generation);
  else if (settings.find("Latent Couple") != nullptr)
    add_parts(
        split_at_words(*generation.prompt, std::array<string_view, 1>{"AND"},
                       [](string_view) { return string_view("region"); }),
        {}, generation);
  if (const Setting* const tiled = settings.find("Tiled Diffusion"))
    read_tiled_diffusion(tiled->value(), limits, generation);
}

void add_prompt_sections(Generation& generation) {
  if (!generation.prompt) return;
  const Parts positive = split_sections(*generation.prompt);
  const Parts negative = generation.negative_prompt
                             ? split_sections(*generation.negative_prompt)
                             : Parts();
  add_pairs(
      positive, negative,
      [](const Part& a, const Part& b) { return a.role == b.role; },
      generation);
}

}  // namespace sdmeta
