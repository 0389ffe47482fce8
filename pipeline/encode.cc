#include "pipeline/encode.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "pipeline/line_writer.h"

namespace sdmeta {
namespace {

// --- values: one `put_value` for each type a record has

void put_value(LineWriter& out, const KeyValue& pair);
void put_value(LineWriter& out, const Lora& lora);
void put_value(LineWriter& out, const Embedding& embedding);
void put_value(LineWriter& out, const PromptPart& part);
void put_value(LineWriter& out, const ControlNet& controlnet);
void put_value(LineWriter& out, const Upscaler& upscaler);
void put_value(LineWriter& out, const CivitaiResource& resource);
void put_value(LineWriter& out, const Hires& hires);
void put_value(LineWriter& out, const Generation& generation);
void put_value(LineWriter& out, const Row& row);
void put_value(LineWriter& out, const RawField& field);
void put_value(LineWriter& out, const Error& error);

void put_value(LineWriter& out, const std::string& text) {
  put_quoted(out, text);
}

void put_value(LineWriter& out, std::int64_t number) {
  constexpr std::size_t kMostDigits = 24;
  char* const digits = out.room(kMostDigits);
  out.advance(static_cast<std::size_t>(
      std::to_chars(digits, digits + kMostDigits, number).ptr - digits));
}

void put_value(LineWriter& out, std::uint64_t number) {
  if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    out.put("null");
  } else {
    put_value(out, static_cast<std::int64_t>(number));
  }
}

/// Weights and scales mostly have two decimals. If a double is the nearest to a
/// whole number of hundredths, their digits are the shortest that mean it, and
/// are found with far less work than by std::to_chars. False, and nothing done,
/// elsewhere.
bool put_hundredths(LineWriter& out, double number) {
  constexpr double kMost = 1e5;  // that is written as 1e+05
  if (!(number >= 0 && number < kMost) || std::signbit(number)) return false;
  const auto hundredths = static_cast<std::int64_t>(number * 100 + 0.5);
  if (static_cast<double>(hundredths) / 100 != number) return false;
  put_value(out, hundredths / 100);
  out.put('.');
  const auto fraction = static_cast<char>(hundredths % 100);
  out.put(static_cast<char>('0' + fraction / 10));
  if (fraction % 10 != 0) out.put(static_cast<char>('0' + fraction % 10));
  return true;
}

void put_value(LineWriter& out, double number) {
  if (put_hundredths(out, number)) return;
  if (!std::isfinite(number)) return out.put("null");
  constexpr std::size_t kMostDigits = 32;
  char* const digits = out.room(kMostDigits);
  const std::string_view text(
      digits,
      static_cast<std::size_t>(
          std::to_chars(digits, digits + kMostDigits, number).ptr - digits));
  out.advance(text.size());
  // A column that is 7 in one record and 7.5 in the next would change its type.
  if (text.find_first_of(".e") == text.npos) out.put(".0");
}

template <class T>
void put_value(LineWriter& out, const std::optional<T>& value) {
  if (value) {
    put_value(out, *value);
  } else {
    out.put("null");
  }
}

template <class T>
void put_value(LineWriter& out, const std::vector<T>& items) {
  out.put('[');
  for (const T& item : items) {
    if (&item != items.data()) out.put(',');
    put_value(out, item);
  }
  out.put(']');
}

/// Punctuation and key together, e.g. `,"steps":`.
template <std::size_t N, class T>
void put_member(LineWriter& out, const char (&key)[N], const T& value) {
  out.put(key);
  put_value(out, value);
}

// --- objects, in the order of their members

void put_value(LineWriter& out, const KeyValue& pair) {
  put_member(out, R"({"key":)", pair.key);
  put_member(out, R"(,"value":)", pair.value);
  out.put('}');
}

void put_value(LineWriter& out, const Lora& lora) {
  put_member(out, R"({"name":)", lora.name);
  put_member(out, R"(,"weight":)", lora.weight);
  put_member(out, R"(,"clip_weight":)", lora.clip_weight);
  put_member(out, R"(,"hash":)", lora.hash);
  put_member(out, R"(,"model_version_id":)", lora.model_version_id);
  out.put('}');
}

void put_value(LineWriter& out, const Embedding& embedding) {
  put_member(out, R"({"name":)", embedding.name);
  put_member(out, R"(,"hash":)", embedding.hash);
  out.put('}');
}

void put_value(LineWriter& out, const PromptPart& part) {
  put_member(out, R"({"role":)", part.role);
  put_member(out, R"(,"prompt":)", part.prompt);
  put_member(out, R"(,"negative_prompt":)", part.negative_prompt);
  out.put('}');
}

void put_value(LineWriter& out, const ControlNet& controlnet) {
  put_member(out, R"({"model":)", controlnet.model);
  put_member(out, R"(,"module":)", controlnet.module);
  put_member(out, R"(,"weight":)", controlnet.weight);
  put_member(out, R"(,"start":)", controlnet.start);
  put_member(out, R"(,"end":)", controlnet.end);
  out.put('}');
}

void put_value(LineWriter& out, const Upscaler& upscaler) {
  put_member(out, R"({"name":)", upscaler.name);
  put_member(out, R"(,"scale":)", upscaler.scale);
  out.put('}');
}

void put_value(LineWriter& out, const CivitaiResource& resource) {
  put_member(out, R"({"type":)", resource.type);
  put_member(out, R"(,"model_version_id":)", resource.model_version_id);
  put_member(out, R"(,"weight":)", resource.weight);
  put_member(out, R"(,"name":)", resource.name);
  put_member(out, R"(,"version_name":)", resource.version_name);
  put_member(out, R"(,"air":)", resource.air);
  out.put('}');
}

void put_value(LineWriter& out, const Hires& hires) {
  put_member(out, R"({"upscale":)", hires.upscale);
  put_member(out, R"(,"upscaler":)", hires.upscaler);
  put_member(out, R"(,"steps":)", hires.steps);
  put_member(out, R"(,"width":)", hires.width);
  put_member(out, R"(,"height":)", hires.height);
  put_member(out, R"(,"denoising_strength":)", hires.denoising_strength);
  out.put('}');
}

void put_value(LineWriter& out, const Generation& generation) {
  put_member(out, R"({"software":)", generation.software);
  put_member(out, R"(,"software_version":)", generation.software_version);
  put_member(out, R"(,"prompt":)", generation.prompt);
  put_member(out, R"(,"negative_prompt":)", generation.negative_prompt);
  put_member(out, R"(,"steps":)", generation.steps);
  put_member(out, R"(,"sampler":)", generation.sampler);
  put_member(out, R"(,"scheduler":)", generation.scheduler);
  put_member(out, R"(,"sampler_normalized":)", generation.sampler_normalized);
  put_member(out, R"(,"scheduler_normalized":)",
             generation.scheduler_normalized);
  put_member(out, R"(,"cfg_scale":)", generation.cfg_scale);
  put_member(out, R"(,"guidance":)", generation.guidance);
  put_member(out, R"(,"seed":)", generation.seed);
  put_member(out, R"(,"width":)", generation.width);
  put_member(out, R"(,"height":)", generation.height);
  put_member(out, R"(,"model":)", generation.model);
  put_member(out, R"(,"model_hash":)", generation.model_hash);
  put_member(out, R"(,"vae":)", generation.vae);
  put_member(out, R"(,"clip_skip":)", generation.clip_skip);
  put_member(out, R"(,"denoising_strength":)", generation.denoising_strength);
  put_member(out, R"(,"hires":)", generation.hires);
  put_member(out, R"(,"loras":)", generation.loras);
  put_member(out, R"(,"embeddings":)", generation.embeddings);
  put_member(out, R"(,"prompts":)", generation.prompts);
  put_member(out, R"(,"controlnets":)", generation.controlnets);
  put_member(out, R"(,"upscalers":)", generation.upscalers);
  put_member(out, R"(,"civitai_resources":)", generation.civitai_resources);
  put_member(out, R"(,"extra":)", generation.extra);
  out.put('}');
}

void put_value(LineWriter& out, const Row& row) {
  put_member(out, R"({"id":)", row.id);
  put_member(out, R"(,"image_url":)", row.image_url);
  put_member(out, R"(,"url":)",
             row.image_url ? image_address(*row.image_url) : std::nullopt);
  put_member(out, R"(,"user_id":)", row.user_id);
  put_member(out, R"(,"username":)", row.username);
  put_member(out, R"(,"nsfw_level":)", row.nsfw_level);
  put_member(out, R"(,"created_at":)", row.created_at);
  put_member(out, R"(,"published_at":)", row.published_at);
  put_member(out, R"(,"tag_ids":)", row.tag_ids);
  put_member(out, R"(,"image_id":)", row.image_id);
  put_member(out, R"(,"extra":)", row.extra);
  out.put('}');
}

void put_value(LineWriter& out, const RawField& field) {
  out.put(R"({"carrier":)");
  put_quoted(out, carrier_name(field.carrier));
  put_member(out, R"(,"key":)", field.key);
  out.put(R"(,"text":)");
  if (field.encoding == Encoding::kBytes)
    put_bytes(out, field.value);
  else
    put_quoted(out, field.value);
  out.put('}');
}

void put_value(LineWriter& out, const Error& error) {
  out.put(R"({"code":)");
  put_quoted(out, error_name(error.code));
  put_member(out, R"(,"detail":)", error.detail);
  put_member(out, R"(,"offset":)", error.offset);
  out.put('}');
}

void put_image(LineWriter& out, const Record& record) {
  const ImageFields& image = record.image;
  const auto optional_number = [](const std::optional<std::uint32_t>& value) {
    return value ? std::optional<std::uint64_t>(*value) : std::nullopt;
  };
  out.put(R"({"format":)");
  if (image.container == Container::kUnknown)
    out.put("null");
  else
    put_quoted(out, container_name(image.container));
  put_member(out, R"(,"width":)", optional_number(image.width));
  put_member(out, R"(,"height":)", optional_number(image.height));
  put_member(out, R"(,"bytes":)", record.bytes);
  out.put('}');
}

}  // namespace

void append_record(std::string& out, const Record& record, bool with_raw) {
  LineWriter line(out);
  line.put(R"({"schema":1,"status":)");
  put_quoted(line, status_name(record.status));
  line.put(R"(,"file":)");
  put_bytes(line, record.file);
  line.put(R"(,"member":)");
  if (record.member) {
    put_bytes(line, *record.member);
  } else {
    line.put("null");
  }
  put_member(line, R"(,"image_id":)", record.image_id);
  line.put(R"(,"image":)");
  put_image(line, record);
  put_member(line, R"(,"generation":)", record.generation);
  put_member(line, R"(,"row":)", record.row);
  line.put(R"(,"raw":)");
  if (with_raw) {
    put_value(line, record.image.fields);
  } else {
    line.put("null");
  }
  put_member(line, R"(,"error":)", record.error);
  line.put(R"(,"warnings":[)");
  for (const Error& warning : record.warnings) {
    if (&warning != record.warnings.data()) line.put(',');
    put_quoted(line, to_text(warning));
  }
  line.put("]}\n");
}

}  // namespace sdmeta
