#include "parsers/infotext.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parsers/infotext_lines.h"
#include "parsers/infotext_settings.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

using std::string_view;

// The reader of A1111 takes the prefix off every line of the negative prompt.
std::string without_labels(string_view block) {
  std::string negative;
  negative.reserve(block.size());
  while (!block.empty()) {
    const std::size_t newline = std::min(block.find('\n'), block.size());
    string_view line = block.substr(0, newline);
    block.remove_prefix(std::min(newline + 1, block.size()));
    if (line.starts_with(kNegativeLabel))
      line = without_leading_blanks(line.substr(kNegativeLabel.size()));
    negative += line;
    if (!block.empty()) negative += '\n';
  }
  return negative;
}

void set_negative(string_view block, Infotext& result) {
  if (block.find(kNegativeLabel) != block.npos) {
    result.negative_lines =
        std::make_unique<const std::string>(without_labels(block));
    block = *result.negative_lines;
  }
  result.negative_prompt = trimmed(block);
}

struct BlockName {
  string_view prefix;
  string_view key;
};
constexpr std::array kBlocks = std::to_array<BlockName>({
    {"Template:", "Template"},
    {"Negative Template:", "Negative Template"},
    // LoRA Manager's preview images
    {"Recipe metadata:", "Recipe metadata"},
});

const BlockName* block_at(string_view line) {
  for (const BlockName& block : kBlocks)
    if (line.starts_with(block.prefix)) return &block;
  return nullptr;
}

std::size_t find_block(string_view text) {
  return find_line(
      text, [](string_view line) { return block_at(line) != nullptr; });
}

// Templates run until the next of them; other text is kept as it is.
void read_blocks(string_view text, std::vector<KeyValue>& blocks) {
  while (!text.empty()) {
    const BlockName* const block = block_at(text);
    if (block != nullptr) text.remove_prefix(block->prefix.size());
    const std::size_t end = std::min(find_block(text), text.size());
    const string_view value = trimmed(text.substr(0, end));
    text.remove_prefix(end);
    if (block != nullptr)
      blocks.push_back({std::string(block->key), std::string(value)});
    else if (!value.empty())
      blocks.push_back({"trailing", std::string(value)});
  }
}

// Below the settings line: the line of A1111's Extras tab, templates, others.
void read_below(string_view text, const Limits& limits, Infotext& result) {
  text = trimmed(text);
  if (starts_postprocessing(text)) {
    SettingsLine line = split_settings(
        text, limits.max_settings -
                  std::min(limits.max_settings, result.settings.size()));
    result.settings.insert(result.settings.end(), line.settings.begin(),
                           line.settings.end());
    text = trimmed(line.rest);
  }
  read_blocks(text, result.blocks);
}

// `Parameters:` in front of the settings, as the last word above them.
bool drop_settings_label(string_view& text) {
  constexpr std::array<string_view, 2> kLabels = {"Parameters:", "Settings:"};
  const string_view whole = trimmed(text);
  if (!whole.ends_with(':')) return false;
  const std::size_t start = line_start_before(whole, whole.size());
  for (const string_view label : kLabels) {
    if (!equal_ignoring_case(trimmed(whole.substr(start)), label)) continue;
    text = whole.substr(0, start);
    return true;
  }
  return false;
}

// Where settings are labelled, or have a line each, the prompt has a label too.
void drop_prompt_label(std::optional<string_view>& prompt) {
  constexpr std::array<string_view, 2> kLabels = {"Prompt:",
                                                  "Positive prompt:"};
  if (!prompt) return;
  for (const string_view label : kLabels)
    if (starts_with_ignoring_case(*prompt, label)) {
      prompt = trimmed(prompt->substr(label.size()));
      return;
    }
}

// Without commas and periods at its end, up to so many.
string_view without_separators(string_view part, std::size_t most) {
  part = trimmed(part);
  for (; most > 0 && (part.ends_with('.') || part.ends_with(',')); --most)
    part = trimmed(part.substr(0, part.size() - 1));
  return part;
}

// Where line ends were lost, other signs stand between the parts. Older Sage
// Utils (https://github.com/arcum42/ComfyUI_SageUtils) put a comma in front of
// the settings alone.
void read_above(string_view text, bool is_jammed, Infotext& result) {
  std::size_t negative = find_negative_line(text);
  const bool has_line = negative != text.npos && negative > 0;
  if (is_jammed && !has_line) negative = text.rfind(kNegativeLabel);
  const std::size_t most = !is_jammed ? 0 : has_line ? 1 : text.npos;
  if (negative == text.npos) {
    const string_view prompt = without_separators(text, most);
    if (!prompt.empty()) result.prompt = prompt;
    return;
  }
  result.prompt =
      without_separators(text.substr(0, negative), has_line ? 0 : most);
  string_view block = text.substr(negative + kNegativeLabel.size());
  if (!is_jammed) {
    const std::size_t templates = find_block(block);
    if (templates != block.npos) {
      read_blocks(trimmed(block.substr(templates)), result.blocks);
      block = block.substr(0, templates);
    }
  }
  set_negative(without_separators(block, most), result);
}

string_view without_label(string_view text) {
  constexpr string_view kLabel = "parameters:";
  text = trimmed(text);
  if (starts_with_ignoring_case(text, kLabel))
    text = trimmed(text.substr(kLabel.size()));
  return text;
}

bool has_prompt_label(string_view text) {
  constexpr string_view kLabel = "Positive prompt:";
  if (!starts_with_ignoring_case(text, kLabel)) return false;
  text.remove_prefix(kLabel.size());
  return text.starts_with('\n') || text.starts_with('\r');
}

}  // namespace

bool has_infotext_words(string_view text) {
  return has_prompt_label(text) || text.find(kStepsLabel) != text.npos ||
         text.find(kNegativeLabel) != text.npos ||
         text.find("Sampler:") != text.npos ||
         text.find("steps:") != text.npos ||
         text.find("Postprocess upscale") != text.npos;
}

Infotext read_infotext(string_view text, const Limits& limits) {
  text = without_label(text);
  Infotext result;
  result.is_labelled = has_prompt_label(text);
  if (result.is_labelled) text.remove_prefix(text.find('\n'));
  SettingsPlace found = find_settings(text, result.is_labelled, limits);
  result.form = found.form;
  result.settings = std::move(found.line.settings);
  result.is_cut = found.line.is_cut;
  string_view above = text.substr(0, found.start);
  const bool has_settings_label =
      !result.settings.empty() && drop_settings_label(above);
  read_above(above, found.form == InfotextForm::kJammed, result);
  if (has_settings_label || found.is_column) drop_prompt_label(result.prompt);
  read_below(found.line.rest, limits, result);
  return result;
}

std::optional<std::string> with_line_ends(string_view text) {
  if (text.find('\n') != text.npos) return std::nullopt;
  // Values of settings hold such escapes too, but behind the first label.
  const std::size_t label =
      std::min(text.find("Steps: "), text.find(kNegativeLabel));
  if (label == text.npos || !text.substr(0, label).ends_with("\\n"))
    return std::nullopt;
  if (text.size() > 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  std::string result = unescaped(text);
  if (result.find('\n') != result.npos) return result;
  // Other backslashes are the prompt's own: `\(`.
  result.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n') {
      if (result.ends_with("\\r")) result.resize(result.size() - 2);
      result += '\n';
      ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

}  // namespace sdmeta
