#include "tests/support/random_record.h"

#include <array>
#include <limits>
#include <string>

namespace sdmeta {
namespace {

class Dice {
 public:
  explicit Dice(std::mt19937& random) : random_(random) {}

  std::size_t below(std::size_t count) { return random_() % count; }

  std::string text() {
    static const std::array<std::string, 14> kPieces = {
        "a", " masterpiece, best quality", "\"", "\\", "\n", "\t", "\x01",
        "\x1f", "\x7f", "ü", "雪", "🦊", "\u2028", "sixteen plain ch"};
    std::string result;
    for (std::size_t i = below(8); i > 0; --i)
      result += kPieces[below(kPieces.size())];
    return result;
  }
  double number() {
    static constexpr std::array kNumbers = {
        0.0, -0.0, 1.0, 7.0, 0.8, 0.1, -1.5, 1e-7, 1e22, 1.7976931348623157e308,
        5e-324, 0.30000000000000004, 123456789.0, 1.0 / 3};
    return kNumbers[below(kNumbers.size())];
  }
  std::int64_t integer() {
    static constexpr std::array<std::int64_t, 5> kNumbers = {
        0, 20, -1, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()};
    return kNumbers[below(kNumbers.size())];
  }
  void fill(std::string& value) { value = text(); }
  void fill(double& value) { value = number(); }
  void fill(std::int64_t& value) { value = integer(); }
  void fill(std::uint64_t& value) { value = below(1u << 30); }
  void fill(std::uint32_t& value) {
    value = static_cast<std::uint32_t>(below(1u << 14));
  }
  template <class T>
  void fill(std::optional<T>& value) {
    if (below(2) == 0) fill(value.emplace());
  }
  template <class T>
  void fill(std::vector<T>& values) {
    values.resize(below(3));
    for (T& value : values) fill(value);
  }

  void fill(KeyValue& v) { fill_all(v.key, v.value); }
  void fill(Lora& v) {
    fill_all(v.name, v.weight, v.clip_weight, v.hash, v.model_version_id);
  }
  void fill(Embedding& v) { fill_all(v.name, v.hash); }
  void fill(PromptPart& v) { fill_all(v.role, v.prompt, v.negative_prompt); }
  void fill(ControlNet& v) {
    fill_all(v.model, v.module, v.weight, v.start, v.end);
  }
  void fill(Upscaler& v) { fill_all(v.name, v.scale); }
  void fill(CivitaiResource& v) {
    fill_all(v.type, v.model_version_id, v.weight, v.name, v.version_name,
             v.air);
  }
  void fill(Hires& v) {
    fill_all(v.upscale, v.upscaler, v.steps, v.width, v.height,
             v.denoising_strength);
  }
  void fill(Generation& v) {
    fill_all(v.software, v.software_version, v.prompt, v.negative_prompt,
             v.steps, v.sampler, v.scheduler, v.sampler_normalized,
             v.scheduler_normalized, v.cfg_scale, v.guidance, v.seed, v.width,
             v.height, v.model, v.model_hash, v.vae, v.clip_skip,
             v.denoising_strength, v.hires, v.loras, v.embeddings, v.prompts,
             v.controlnets, v.upscalers, v.civitai_resources, v.extra);
    if (v.seed) v.seed = std::to_string(integer());
  }
  void fill(Row& v) {
    fill_all(v.id, v.image_url, v.user_id, v.username, v.nsfw_level,
             v.created_at, v.published_at, v.tag_ids, v.image_id, v.extra);
  }
  void fill(Error& v) {
    v.code = static_cast<ErrorCode>(below(12));
    fill_all(v.detail, v.offset);
  }
  void fill(RawField& v) {
    v.carrier = static_cast<Carrier>(below(16));
    fill_all(v.key, v.value);
  }
  void fill(Record& v) {
    v.status = static_cast<Status>(below(kStatusCount));
    v.image.container = static_cast<Container>(below(14));
    fill_all(v.file, v.member, v.image_id, v.image.width, v.image.height,
             v.image.fields, v.bytes, v.generation, v.row, v.error, v.warnings);
  }

 private:
  template <class... T>
  void fill_all(T&... values) {
    (fill(values), ...);
  }

  std::mt19937& random_;
};

}  // namespace

Record random_record(std::mt19937& random) {
  Record record;
  Dice(random).fill(record);
  return record;
}

}  // namespace sdmeta
