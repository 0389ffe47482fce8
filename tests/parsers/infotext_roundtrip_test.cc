// Writes infotext the way A1111 does and reads it back, over thousands of
// parameter sets with strings made to mislead a reader.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "parsers/parser_table.h"
#include "tests/support/fields_file.h"

namespace sdmeta {

extern const ParserRow a1111_row;

namespace {

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t count) { return engine_() % count; }
  bool chance(std::size_t percent) { return below(100) < percent; }
  template <class List>
  const auto& one_of(const List& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937 engine_;
};

// `quote` of modules/infotext_utils.py.
std::string quoted(const std::string& value) {
  if (value.find_first_of(",\n:") == value.npos) return value;
  return nlohmann::json(value).dump();
}

std::string trimmed_ends(std::string text) {
  const std::size_t first = text.find_first_not_of(" \n\t");
  if (first == text.npos) return "";
  return text.substr(first, text.find_last_not_of(" \n\t") - first + 1);
}

// Pieces that mislead readers which split at the first sign of something.
constexpr auto kPieces = std::to_array<std::string_view>({
    "a hill", ", ", ": ", "\n", "\n\n", " (fog:1.2)", "[rain|sun]", "{x}",
    "Steps: 5", "\nSteps: 5, Sampler: none, Seed: 3", " Negative prompt: no",
    "\"", "\\", "\\n", "C:\\dir\\", "<b>", "<lora:", "テスト", "\xF0\x9F\x98\x80",
    "Size: 1x1", "BREAK", "{\"a\": [1, 2", "}]", "  ", "\t", "urn:air:x", ".",
    "Version: v9", "Template: x", "\nLora hashes: x", "1girl", "=", "#",
});

std::string nasty(Dice& dice, std::size_t most_pieces) {
  std::string text;
  for (std::size_t i = dice.below(most_pieces + 1); i > 0; --i) {
    const std::string_view piece = dice.one_of(kPieces);
    // Nobody can tell a line that begins so from a negative prompt.
    const std::size_t end = text.find_last_not_of(" \t");
    const bool is_line_start = end == text.npos || text[end] == '\n';
    if (is_line_start && piece.starts_with(" Negative prompt:")) text += 'x';
    text += piece;
  }
  text = trimmed_ends(std::move(text));
  return text;
}

// Without quotes or brackets at the start: A1111 leaves those bare, so that its
// own reader cannot tell where such a value ends.
std::string nasty_value(Dice& dice) {
  std::string value = nasty(dice, 5);
  if (value.find_first_of("\"{[") == 0) value.insert(0, "x");
  return value;
}

constexpr auto kSamplers = std::to_array<std::string_view>(
    {"Euler a", "Euler", "DPM++ 2M", "DPM++ 2M SDE", "LCM", "UniPC", "DDIM"});
constexpr auto kSchedules = std::to_array<std::string_view>(
    {"Automatic", "Karras", "Exponential", "SGM Uniform"});
constexpr auto kWeights = std::to_array<double>({1, 0.8, -0.5, 0.05, 1.25, 2});
constexpr auto kScales = std::to_array<double>({1, 7, 7.5, 3.25, 30, 0.1});
constexpr auto kLoraNames = std::to_array<std::string_view>(
    {"ink", "Ink (wash) v2", "sub/dir/oil.v1", "水墨", "a b c", "x-y_z", "Sci,Fi"});
constexpr auto kKeys = std::to_array<std::string_view>(
    {"ENSD", "Wildcard prompt", "ADetailer prompt", "Original prompt", "RP Ratios",
     "Mask blur", "Module 1", "Styles", "dynthres_enabled", "Score", "é clé"});

struct Written {
  std::string text;
  Generation expected;
};

class Writer {
 public:
  explicit Writer(unsigned seed) : dice_(seed) {}

  Written write() {
    write_prompts();
    write_settings();
    expect_detailer_prompt();
    std::string text = expected_.prompt.value_or("");
    if (expected_.negative_prompt)
      text += "\nNegative prompt: " + *expected_.negative_prompt;
    text += "\n" + settings_;
    return {trimmed_ends(text), expected_};
  }

 private:
  void add(std::string_view key, const std::string& value) {
    if (!settings_.empty()) settings_ += ", ";
    settings_ += std::string(key) + ": " + quoted(value);
  }

  void add(std::string_view key, const std::string& value,
           std::vector<KeyValue>& extra) {
    add(key, value);
    extra.push_back({std::string(key), value});
  }

  void write_prompts() {
    std::string prompt = nasty(dice_, 12);
    for (std::size_t i = dice_.below(3); i > 0; --i) {
      Lora lora;
      lora.name = std::string(dice_.one_of(kLoraNames));
      lora.weight = dice_.one_of(kWeights);
      const bool is_new =
          std::none_of(expected_.loras.begin(), expected_.loras.end(),
                       [&lora](const Lora& l) { return l.name == lora.name; });
      if (!is_new) continue;
      prompt += " <lora:" + lora.name + ":" +
                nlohmann::json(*lora.weight).dump() + ">";
      expected_.loras.push_back(lora);
    }
    prompt = trimmed_ends(prompt);
    if (!prompt.empty()) expected_.prompt = prompt;
    std::string negative = nasty(dice_, 8);
    // Templates at line starts of the negative prompt are dynamic-prompts'.
    if (negative.find("Template:") != negative.npos) negative = "fog";
    if (negative.empty()) return;
    expected_.negative_prompt = negative;
    if (!expected_.prompt) expected_.prompt = "";
  }

  void write_settings() {
    Generation& g = expected_;
    g.software = "a1111";
    g.steps = static_cast<std::int64_t>(1 + dice_.below(150));
    add("Steps", std::to_string(*g.steps));
    g.sampler = std::string(dice_.one_of(kSamplers));
    add("Sampler", *g.sampler);
    if (dice_.chance(70)) {
      g.scheduler = std::string(dice_.one_of(kSchedules));
      add("Schedule type", *g.scheduler);
    }
    g.cfg_scale = dice_.one_of(kScales);
    add("CFG scale", nlohmann::json(*g.cfg_scale).dump());
    g.seed = std::to_string(dice_.below(1u << 30)) +
             (dice_.chance(30) ? "0000000000" : "");
    add("Seed", *g.seed);
    if (dice_.chance(10)) {
      settings_ += ", Tiling";
      g.extra.push_back({"Tiling", "Tiling"});
    }
    g.width = static_cast<std::int64_t>(64 + 8 * dice_.below(200));
    g.height = static_cast<std::int64_t>(64 + 8 * dice_.below(200));
    add("Size", std::to_string(*g.width) + "x" + std::to_string(*g.height));
    if (dice_.chance(80)) {
      g.model_hash = hash(10);
      add("Model hash", *g.model_hash);
    }
    g.model = "model " + nasty_value(dice_);
    g.model = trimmed_ends(*g.model);
    add("Model", *g.model);
    if (dice_.chance(20)) {
      g.vae = "vae " + std::to_string(dice_.below(9)) + ".pt";
      add("VAE hash", hash(10), g.extra);
      add("VAE", *g.vae);
    }
    if (dice_.chance(50)) {
      g.clip_skip = 2;
      add("Clip skip", "2");
    }
    for (std::size_t i = dice_.below(5); i > 0; --i) {
      const KeyValue pair{std::string(dice_.one_of(kKeys)), nasty_value(dice_)};
      add(pair.key, pair.value);
      g.extra.push_back(pair);
    }
    write_hires();
    if (dice_.chance(20)) {
      add("Refiner", "xl_refiner [" + hash(10) + "]", g.extra);
      add("Refiner switch at", "0.8", g.extra);
    }
    write_lora_hashes();
    write_embedding_hashes();
    g.software_version = "v1.10.1";
    add("Version", *g.software_version);
  }

  std::string hash(std::size_t digits) {
    std::string text;
    while (text.size() < digits) text += "0123456789abcdef"[dice_.below(16)];
    return text;
  }

  void write_hires() {
    Generation& g = expected_;
    if (!dice_.chance(30)) return;
    g.denoising_strength = 0.35;
    add("Denoising strength", "0.35");
    if (dice_.chance(50)) {
      g.hires.upscale = 1.5;
      add("Hires upscale", "1.5");
    } else {
      g.hires.width = 1024;
      g.hires.height = 1536;
      add("Hires resize", "1024x1536");
    }
    g.hires.steps = static_cast<std::int64_t>(1 + dice_.below(30));
    add("Hires steps", std::to_string(*g.hires.steps));
    g.hires.upscaler = "4x " + std::string(dice_.one_of(kLoraNames));
    add("Hires upscaler", *g.hires.upscaler);
    if (dice_.chance(50)) return;
    g.prompts.push_back({"hires", "fog" + nasty(dice_, 5), std::nullopt});
    add("Hires prompt", *g.prompts[0].prompt);
    if (dice_.chance(50)) return;
    g.prompts[0].negative_prompt = "fog" + nasty(dice_, 5);
    add("Hires negative prompt", *g.prompts[0].negative_prompt);
  }

  // A detailer's prompt is a part as well; the first, if it is written twice.
  void expect_detailer_prompt() {
    for (const KeyValue& pair : expected_.extra) {
      if (pair.key != "ADetailer prompt") continue;
      expected_.prompts.push_back({"adetailer", pair.value, {}});
      return;
    }
  }

  void write_embedding_hashes() {
    std::string list;
    for (std::size_t i = dice_.chance(30) ? 1 + dice_.below(3) : 0; i > 0;
         --i) {
      expected_.embeddings.push_back(
          {"bad: hands " + std::to_string(i), hash(12)});
      const Embedding& embedding = expected_.embeddings.back();
      list +=
          (list.empty() ? "" : ", ") + embedding.name + ": " + *embedding.hash;
    }
    if (!list.empty()) add("TI hashes", list);
  }

  void write_lora_hashes() {
    std::string list;
    for (Lora& lora : expected_.loras) {
      lora.hash = hash(12);
      std::string name = lora.name;
      std::erase(name, ',');
      list += (list.empty() ? "" : ", ") + name + ": " + *lora.hash;
    }
    if (!list.empty()) add("Lora hashes", list);
  }

  Dice dice_;
  std::string settings_;
  Generation expected_;
};

TEST(InfotextRoundTrip, WhatA1111WritesIsReadBack) {
  for (unsigned seed = 0; seed < 5000; ++seed) {
    const Written written = Writer(seed).write();
    const ImageFields image = fields("parameters", written.text);
    const Limits limits;
    const Payloads payloads(image, limits);
    std::vector<Error> notes;
    Generation got;
    const auto is_read = a1111_row.read(payloads, got, notes);
    ASSERT_TRUE(is_read && *is_read);
    const Generation& expected = written.expected;
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + written.text);
    ASSERT_EQ(got.prompt, expected.prompt);
    ASSERT_EQ(got.negative_prompt, expected.negative_prompt);
    ASSERT_EQ(got.model, expected.model);
    ASSERT_EQ(got.extra.size(), expected.extra.size());
    for (std::size_t i = 0; i < expected.extra.size(); ++i) {
      ASSERT_EQ(got.extra[i].key, expected.extra[i].key);
      ASSERT_EQ(got.extra[i].value, expected.extra[i].value);
    }
    ASSERT_EQ(got.loras.size(), expected.loras.size());
    ASSERT_TRUE(got == expected);
    ASSERT_TRUE(notes.empty());
  }
}

}  // namespace
}  // namespace sdmeta
