#include "pipeline/encode.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "pipeline/lossless_text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sdmeta {
namespace {

// --- strings

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

/// Offset of the first byte at or after `at` that cannot be copied as it is: a
/// control character, quote, backslash, or the start of a longer character.
std::size_t find_special(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(0x20);
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    // Signed comparison: bytes from 0x80 on are negative, so less than a space.
    const __m128i special = _mm_or_si128(
        _mm_cmplt_epi8(bytes, space),
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quote),
                     _mm_cmpeq_epi8(bytes, backslash)));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (mask != 0) return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

void append_escape(std::string& out, unsigned char byte) {
  switch (byte) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u00";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

/// Appends the characters from `at` that begin with a byte of 0x80 or more;
/// returns where they end.
std::size_t append_wide(std::string& out, std::string_view text,
                        std::size_t at) {
  const std::size_t start = at;
  while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      out.append(text, start, at - start);
      out += "\xEF\xBF\xBD";
      return at + 1;
    }
    at += length;
  }
  out.append(text, start, at - start);
  return at;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (true) {
    const std::size_t special = find_special(text, at);
    out.append(text, at, special - at);
    if (special == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[special]);
    if (byte >= 0x80) {
      at = append_wide(out, text, special);
    } else {
      append_escape(out, byte);
      at = special + 1;
    }
  }
  out += '"';
}

bool is_ascii(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) return false;
  }
  for (; at < text.size(); ++at)
    if (static_cast<unsigned char>(text[at]) >= 0x80) return false;
  return true;
}

void append_bytes(std::string& out, std::string_view bytes) {
  if (is_ascii(bytes)) append_quoted(out, bytes);
  else append_quoted(out, to_lossless_text(bytes));
}

// --- values: one `append_value` for each type a record has

void append_value(std::string& out, const KeyValue& pair);
void append_value(std::string& out, const Lora& lora);
void append_value(std::string& out, const Embedding& embedding);
void append_value(std::string& out, const PromptPart& part);
void append_value(std::string& out, const ControlNet& controlnet);
void append_value(std::string& out, const Upscaler& upscaler);
void append_value(std::string& out, const CivitaiResource& resource);
void append_value(std::string& out, const Hires& hires);
void append_value(std::string& out, const Generation& generation);
void append_value(std::string& out, const Row& row);
void append_value(std::string& out, const RawField& field);
void append_value(std::string& out, const Error& error);

void append_value(std::string& out, const std::string& text) {
  append_quoted(out, text);
}

void append_value(std::string& out, std::int64_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end.ptr);
}

void append_value(std::string& out, std::uint64_t number) {
  if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    out += "null";
  else append_value(out, static_cast<std::int64_t>(number));
}

void append_value(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  const std::string_view text(digits, static_cast<std::size_t>(end.ptr - digits));
  out += text;
  // A column that is 7 in one record and 7.5 in the next would change its type.
  if (text.find_first_of(".e") == text.npos) out += ".0";
}

template <class T>
void append_value(std::string& out, const std::optional<T>& value) {
  if (value) append_value(out, *value);
  else out += "null";
}

template <class T>
void append_list(std::string& out, const std::vector<T>& items) {
  out += '[';
  const char* separator = "";
  for (const T& item : items) {
    out += separator;
    append_value(out, item);
    separator = ",";
  }
  out += ']';
}

/// Punctuation and key together, e.g. `,"steps":`, so that a member costs two
/// appends.
template <class T>
void append_member(std::string& out, std::string_view key, const T& value) {
  out += key;
  append_value(out, value);
}

template <class T>
void append_list_member(std::string& out, std::string_view key,
                        const std::vector<T>& items) {
  out += key;
  append_list(out, items);
}

// --- objects, in the order of their members

void append_value(std::string& out, const KeyValue& pair) {
  append_member(out, R"({"key":)", pair.key);
  append_member(out, R"(,"value":)", pair.value);
  out += '}';
}

void append_value(std::string& out, const Lora& lora) {
  append_member(out, R"({"name":)", lora.name);
  append_member(out, R"(,"weight":)", lora.weight);
  append_member(out, R"(,"clip_weight":)", lora.clip_weight);
  append_member(out, R"(,"hash":)", lora.hash);
  append_member(out, R"(,"model_version_id":)", lora.model_version_id);
  out += '}';
}

void append_value(std::string& out, const Embedding& embedding) {
  append_member(out, R"({"name":)", embedding.name);
  append_member(out, R"(,"hash":)", embedding.hash);
  out += '}';
}

void append_value(std::string& out, const PromptPart& part) {
  append_member(out, R"({"role":)", part.role);
  append_member(out, R"(,"prompt":)", part.prompt);
  append_member(out, R"(,"negative_prompt":)", part.negative_prompt);
  out += '}';
}

void append_value(std::string& out, const ControlNet& controlnet) {
  append_member(out, R"({"model":)", controlnet.model);
  append_member(out, R"(,"module":)", controlnet.module);
  append_member(out, R"(,"weight":)", controlnet.weight);
  append_member(out, R"(,"start":)", controlnet.start);
  append_member(out, R"(,"end":)", controlnet.end);
  out += '}';
}

void append_value(std::string& out, const Upscaler& upscaler) {
  append_member(out, R"({"name":)", upscaler.name);
  append_member(out, R"(,"scale":)", upscaler.scale);
  out += '}';
}

void append_value(std::string& out, const CivitaiResource& resource) {
  append_member(out, R"({"type":)", resource.type);
  append_member(out, R"(,"model_version_id":)", resource.model_version_id);
  append_member(out, R"(,"weight":)", resource.weight);
  append_member(out, R"(,"name":)", resource.name);
  append_member(out, R"(,"version_name":)", resource.version_name);
  append_member(out, R"(,"air":)", resource.air);
  out += '}';
}

void append_value(std::string& out, const Hires& hires) {
  append_member(out, R"({"upscale":)", hires.upscale);
  append_member(out, R"(,"upscaler":)", hires.upscaler);
  append_member(out, R"(,"steps":)", hires.steps);
  append_member(out, R"(,"width":)", hires.width);
  append_member(out, R"(,"height":)", hires.height);
  append_member(out, R"(,"denoising_strength":)", hires.denoising_strength);
  out += '}';
}

void append_value(std::string& out, const Generation& generation) {
  append_member(out, R"({"software":)", generation.software);
  append_member(out, R"(,"software_version":)", generation.software_version);
  append_member(out, R"(,"prompt":)", generation.prompt);
  append_member(out, R"(,"negative_prompt":)", generation.negative_prompt);
  append_member(out, R"(,"steps":)", generation.steps);
  append_member(out, R"(,"sampler":)", generation.sampler);
  append_member(out, R"(,"scheduler":)", generation.scheduler);
  append_member(out, R"(,"sampler_normalized":)",
                generation.sampler_normalized);
  append_member(out, R"(,"scheduler_normalized":)",
                generation.scheduler_normalized);
  append_member(out, R"(,"cfg_scale":)", generation.cfg_scale);
  append_member(out, R"(,"guidance":)", generation.guidance);
  append_member(out, R"(,"seed":)", generation.seed);
  append_member(out, R"(,"width":)", generation.width);
  append_member(out, R"(,"height":)", generation.height);
  append_member(out, R"(,"model":)", generation.model);
  append_member(out, R"(,"model_hash":)", generation.model_hash);
  append_member(out, R"(,"vae":)", generation.vae);
  append_member(out, R"(,"clip_skip":)", generation.clip_skip);
  append_member(out, R"(,"denoising_strength":)",
                generation.denoising_strength);
  append_member(out, R"(,"hires":)", generation.hires);
  append_list_member(out, R"(,"loras":)", generation.loras);
  append_list_member(out, R"(,"embeddings":)", generation.embeddings);
  append_list_member(out, R"(,"prompts":)", generation.prompts);
  append_list_member(out, R"(,"controlnets":)", generation.controlnets);
  append_list_member(out, R"(,"upscalers":)", generation.upscalers);
  append_list_member(out, R"(,"civitai_resources":)",
                     generation.civitai_resources);
  append_list_member(out, R"(,"extra":)", generation.extra);
  out += '}';
}

void append_value(std::string& out, const Row& row) {
  append_member(out, R"({"id":)", row.id);
  append_member(out, R"(,"image_url":)", row.image_url);
  out += R"(,"url":)";
  if (row.image_url) append_quoted(out, image_address(*row.image_url));
  else out += "null";
  append_member(out, R"(,"user_id":)", row.user_id);
  append_member(out, R"(,"username":)", row.username);
  append_member(out, R"(,"nsfw_level":)", row.nsfw_level);
  append_member(out, R"(,"created_at":)", row.created_at);
  append_member(out, R"(,"published_at":)", row.published_at);
  append_list_member(out, R"(,"tag_ids":)", row.tag_ids);
  append_member(out, R"(,"image_id":)", row.image_id);
  append_list_member(out, R"(,"extra":)", row.extra);
  out += '}';
}

void append_value(std::string& out, const RawField& field) {
  out += R"({"carrier":)";
  append_quoted(out, carrier_name(field.carrier));
  append_member(out, R"(,"key":)", field.key);
  out += R"(,"text":)";
  if (field.encoding == Encoding::kBytes) append_bytes(out, field.value);
  else append_quoted(out, field.value);
  out += '}';
}

void append_value(std::string& out, const Error& error) {
  out += R"({"code":)";
  append_quoted(out, error_name(error.code));
  append_member(out, R"(,"detail":)", error.detail);
  append_member(out, R"(,"offset":)", error.offset);
  out += '}';
}

void append_image(std::string& out, const Record& record) {
  const ImageFields& image = record.image;
  const auto optional_number = [](const std::optional<std::uint32_t>& value) {
    return value ? std::optional<std::uint64_t>(*value) : std::nullopt;
  };
  out += R"({"format":)";
  if (image.container == Container::kUnknown) out += "null";
  else append_quoted(out, container_name(image.container));
  append_member(out, R"(,"width":)", optional_number(image.width));
  append_member(out, R"(,"height":)", optional_number(image.height));
  append_member(out, R"(,"bytes":)", record.bytes);
  out += '}';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  append_quoted(out, text);
}

void append_record(std::string& out, const Record& record, bool with_raw) {
  out += R"({"schema":1,"status":)";
  append_quoted(out, status_name(record.status));
  out += R"(,"file":)";
  append_bytes(out, record.file);
  out += R"(,"member":)";
  if (record.member) append_bytes(out, *record.member);
  else out += "null";
  append_member(out, R"(,"image_id":)", record.image_id);
  out += R"(,"image":)";
  append_image(out, record);
  append_member(out, R"(,"generation":)", record.generation);
  append_member(out, R"(,"row":)", record.row);
  out += R"(,"raw":)";
  if (with_raw) append_list(out, record.image.fields);
  else out += "null";
  append_member(out, R"(,"error":)", record.error);
  out += R"(,"warnings":[)";
  const char* separator = "";
  for (const Error& warning : record.warnings) {
    out += separator;
    append_quoted(out, to_text(warning));
    separator = ",";
  }
  out += "]}\n";
}

}  // namespace sdmeta
