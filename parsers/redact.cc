#include "parsers/redact.h"

#include <string.h>  // memmem

#include <array>

#include "parsers/text.h"

namespace sdmeta {
namespace {

// Names of parameters that carry a secret: Azure (sig), AWS and compatible
// stores (X-Amz-*), CloudFront and Google (Signature, Key-Pair-Id, Policy),
// Cloudflare and others.
constexpr std::array<std::string_view, 20> kSecretNames = {
    "sig",          "signature",    "sign",          "token",
    "access_token", "auth",         "auth_key",      "authorization",
    "api_key",      "apikey",       "key",           "secret",
    "password",     "policy",       "key-pair-id",   "awsaccesskeyid",
    "hmac",         "verify",       "jwt",           "credential"};
constexpr std::array<std::string_view, 3> kSecretPrefixes = {"x-amz-", "x-goog-",
                                                             "x-oss-"};

std::size_t find(std::string_view text, std::string_view what,
                 std::size_t start) {
  if (start >= text.size()) return text.npos;
  const void* found = memmem(text.data() + start, text.size() - start,
                             what.data(), what.size());
  if (found == nullptr) return text.npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) -
                                  text.data());
}

// Length of an escaped slash, ampersand or equals sign at the start of `text`,
// as JSON inside JSON writes them (`\/`, `\u0026`, `\\u003d`); otherwise 0.
std::size_t escape_length(std::string_view text) {
  const std::size_t bars = text.find_first_not_of('\\');
  if (bars == 0 || bars == text.npos) return 0;
  const std::string_view rest = text.substr(bars);
  if (rest.starts_with('/')) return bars + 1;
  const bool is_sign = starts_with_ignoring_case(rest, "u0026") ||
                       starts_with_ignoring_case(rest, "u003d");
  return is_sign ? bars + 5 : 0;
}

// A URL in prose or JSON ends at white space, quotes and brackets, and at a
// backslash that escapes something else.
std::size_t end_of_url(std::string_view text, std::size_t at) {
  constexpr std::string_view kClosing = "\"'<>`|)]}";
  while (at < text.size()) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) <= ' ' || kClosing.find(c) != kClosing.npos)
      break;
    const std::size_t length = c == '\\' ? escape_length(text.substr(at)) : 1;
    if (length == 0) break;
    at += length;
  }
  return at;
}

bool is_secret(std::string_view name) {
  for (const std::string_view secret : kSecretNames)
    if (equal_ignoring_case(name, secret)) return true;
  for (const std::string_view prefix : kSecretPrefixes)
    if (starts_with_ignoring_case(name, prefix)) return true;
  return false;
}

// `query` begins behind the question mark. A name begins there and behind every
// ampersand (`&`, `&amp;`, `\u0026`) and ends at an equals sign.
bool has_secret(std::string_view query) {
  bool in_name = true;
  std::size_t start = 0;
  for (std::size_t i = 0; i < query.size();) {
    const std::string_view rest = query.substr(i);
    const std::size_t escape = rest[0] == '\\' ? escape_length(rest) : 0;
    const char sign = escape == 0          ? rest[0]
                      : rest[escape - 1] == '6' ? '&'
                                                : '=';
    const std::size_t length = escape == 0 ? 1 : escape;
    if (sign == '=' && in_name) {
      if (is_secret(query.substr(start, i - start))) return true;
      in_name = false;
    } else if (sign == '&') {
      in_name = true;
      start = i + (rest.starts_with("&amp;") ? 5 : length);
    }
    i += length;
  }
  return false;
}

void redact(std::optional<std::string>& text) {
  if (text) sdmeta::redact(*text);
}

}  // namespace

std::optional<std::string> without_url_secrets(std::string_view text) {
  std::optional<std::string> clean;
  // Rarer than what memmem takes for a likely beginning of a URL.
  if (text.find('?') == text.npos) return clean;
  std::size_t kept = 0;  // bytes of `text` that are copied or skipped
  std::size_t at = 0;
  while ((at = find(text, "http", at)) != text.npos) {
    const std::size_t end = end_of_url(text, at);
    const std::string_view url = text.substr(at, end - at);
    const std::size_t question = url.find('?');
    if (question != url.npos && has_secret(url.substr(question + 1))) {
      if (!clean) clean.emplace();
      *clean += text.substr(kept, at + question - kept);
      kept = end;
    }
    at = end > at ? end : at + 4;
  }
  if (clean) *clean += text.substr(kept);
  return clean;
}

void redact(std::string& text) {
  if (auto clean = without_url_secrets(text)) text = std::move(*clean);
}

void remove_url_secrets(Generation& generation) {
  for (auto* const text :
       {&generation.software_version, &generation.prompt,
        &generation.negative_prompt, &generation.sampler, &generation.scheduler,
        &generation.sampler_normalized, &generation.scheduler_normalized,
        &generation.seed, &generation.model, &generation.model_hash,
        &generation.vae, &generation.hires.upscaler})
    redact(*text);
  for (Lora& lora : generation.loras) {
    redact(lora.name);
    redact(lora.hash);
  }
  for (Embedding& embedding : generation.embeddings) {
    redact(embedding.name);
    redact(embedding.hash);
  }
  for (PromptPart& part : generation.prompts) {
    redact(part.prompt);
    redact(part.negative_prompt);
  }
  for (ControlNet& control : generation.controlnets) {
    redact(control.model);
    redact(control.module);
  }
  for (Upscaler& upscaler : generation.upscalers) redact(upscaler.name);
  for (CivitaiResource& resource : generation.civitai_resources) {
    redact(resource.type);
    redact(resource.name);
    redact(resource.version_name);
    redact(resource.air);
  }
  for (KeyValue& pair : generation.extra) {
    redact(pair.key);
    redact(pair.value);
  }
}

}  // namespace sdmeta
