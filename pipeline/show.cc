#include "pipeline/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "extractor/utf8.h"
#include "pipeline/encode.h"
#include "pipeline/terminal.h"

namespace sdmeta {
namespace {

constexpr std::size_t kLabelWidth = 18;

std::string in_short(double number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  return std::string(digits, end.ptr);
}
std::string in_short(std::int64_t number) { return std::to_string(number); }
std::string in_short(std::uint64_t number) { return std::to_string(number); }
std::string in_short(const std::string& text) { return text; }

/// Characters, which is columns for most scripts.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      }));
}

/// Text in lines of `label  value`, values aligned and wrapped at spaces.
class Page {
 public:
  explicit Page(std::size_t width) : width_(std::max(width, kLabelWidth + 20)) {}

  void heading(std::string_view text) {
    text_ += printable(text);
    text_ += '\n';
  }
  void line(std::string_view label, std::string_view value) {
    std::string prefix = fmt::format("  {:<{}}", printable(label), kLabelWidth);
    if (columns(prefix) > kLabelWidth + 2 || prefix.back() != ' ')
      prefix += "  ";
    // A prompt has line ends of its own; they stay.
    do {
      const std::size_t end = std::min(value.find('\n'), value.size());
      wrap(prefix, printable(value.substr(0, end)));
      prefix = std::string(kLabelWidth + 2, ' ');
      value.remove_prefix(std::min(end + 1, value.size()));
    } while (!value.empty());
  }
  template <class T>
  void line(std::string_view label, const std::optional<T>& value) {
    if (value) line(label, in_short(*value));
  }
  std::string take() { return std::move(text_); }

 private:
  void wrap(std::string_view prefix, std::string_view value) {
    const std::size_t room = width_ - kLabelWidth - 2;
    text_ += prefix;
    while (true) {
      std::size_t end = 0;
      for (std::size_t count = 0; count < room && end < value.size(); ++count)
        end += utf8_length(value.substr(end));
      if (end == value.size()) break;
      const std::size_t space = value.rfind(' ', end);
      const bool has_space = space != value.npos && space > 0;
      text_ += value.substr(0, has_space ? space : end);
      text_ += '\n';
      text_.append(kLabelWidth + 2, ' ');
      value.remove_prefix(has_space ? space + 1 : end);
    }
    text_ += value;
    text_ += '\n';
  }

  std::size_t width_;
  std::string text_;
};

/// The parts that are there, in one line.
class Phrase {
 public:
  explicit Phrase(std::string start) : text_(std::move(start)) {}
  template <class T>
  Phrase& add(std::string_view label, const std::optional<T>& value) {
    if (!value) return *this;
    if (!text_.empty()) text_ += "  ";
    if (!label.empty()) text_.append(label).append(" ");
    text_ += in_short(*value);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string size_of(const std::optional<std::int64_t>& width,
                    const std::optional<std::int64_t>& height) {
  if (!width || !height) return {};
  return fmt::format("{} x {}", *width, *height);
}

void describe(Page& page, const Generation& generation) {
  page.line("software",
            Phrase(generation.software)
                .add("", generation.software_version)
                .text());
  page.line("prompt", generation.prompt);
  page.line("negative prompt", generation.negative_prompt);
  page.line("steps", generation.steps);
  page.line("sampler", generation.sampler);
  page.line("scheduler", generation.scheduler);
  page.line("cfg scale", generation.cfg_scale);
  page.line("guidance", generation.guidance);
  page.line("seed", generation.seed);
  if (const auto size = size_of(generation.width, generation.height);
      !size.empty())
    page.line("size", size);
  page.line("model", generation.model);
  page.line("model hash", generation.model_hash);
  page.line("vae", generation.vae);
  page.line("clip skip", generation.clip_skip);
  page.line("denoising", generation.denoising_strength);
  const Hires& hires = generation.hires;
  if (hires != Hires{}) {
    Phrase phrase(size_of(hires.width, hires.height));
    page.line("hires", phrase.add("by", hires.upscale)
                           .add("with", hires.upscaler)
                           .add("steps", hires.steps)
                           .add("denoising", hires.denoising_strength)
                           .text());
  }
  for (const Lora& lora : generation.loras)
    page.line("lora", Phrase(lora.name)
                          .add("weight", lora.weight)
                          .add("clip weight", lora.clip_weight)
                          .add("hash", lora.hash)
                          .add("civitai", lora.model_version_id)
                          .text());
  for (const Embedding& embedding : generation.embeddings)
    page.line("embedding",
              Phrase(embedding.name).add("hash", embedding.hash).text());
  for (const PromptPart& part : generation.prompts) {
    page.line(part.role + " prompt", part.prompt);
    page.line(part.role + " negative", part.negative_prompt);
  }
  for (const ControlNet& net : generation.controlnets)
    page.line("controlnet", Phrase("")
                                .add("", net.model)
                                .add("module", net.module)
                                .add("weight", net.weight)
                                .add("from", net.start)
                                .add("to", net.end)
                                .text());
  for (const Upscaler& upscaler : generation.upscalers)
    page.line("upscaler",
              Phrase(upscaler.name).add("by", upscaler.scale).text());
  for (const CivitaiResource& resource : generation.civitai_resources)
    page.line("civitai", Phrase("")
                             .add("", resource.type)
                             .add("version", resource.model_version_id)
                             .add("weight", resource.weight)
                             .add("", resource.name)
                             .add("", resource.version_name)
                             .add("", resource.air)
                             .text());
  for (const KeyValue& pair : generation.extra) page.line(pair.key, pair.value);
}

}  // namespace

std::string describe_for_person(const Record& record, std::size_t width) {
  Page page(width);
  page.heading(record.member ? record.file + "!/" + *record.member
                             : record.file);
  const ImageFields& image = record.image;
  std::string about(container_name(image.container));
  if (image.width && image.height)
    about += fmt::format("  {} x {}", *image.width, *image.height);
  if (record.bytes) about += fmt::format("  {} bytes", *record.bytes);
  if (!about.empty()) page.line("image", about);
  page.line("status", status_name(record.status));
  if (record.error) page.line("error", to_text(*record.error));
  for (const RawField& field : image.fields)
    page.line("found", fmt::format("{} {}, {} bytes",
                                   carrier_name(field.carrier), field.key,
                                   field.value.size()));
  if (record.generation) describe(page, *record.generation);
  for (const Error& warning : record.warnings)
    page.line("warning", to_text(warning));
  return page.take();
}

std::string describe_as_json(const Record& record) {
  std::string line;
  append_record(line, record, true);
  return nlohmann::ordered_json::parse(line).dump(2) + "\n";
}

}  // namespace sdmeta
