#include "parsers/redact.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "parsers/named_secrets.h"
#include "parsers/secret_names.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

/// A character and the bytes that stand for it; NUL for what no URL has.
struct Sign {
  char c = '\0';
  std::size_t length = 1;
};

std::optional<char> hex_byte(std::string_view digits) {
  unsigned value = 0;
  if (digits.size() < 2) return std::nullopt;
  const char* const end = digits.data() + 2;
  if (std::from_chars(digits.data(), end, value, 16).ptr != end)
    return std::nullopt;
  return static_cast<char>(value);
}

// The sign at the start of `text`, which JSON (`\/`, `\u0026`), JSON inside
// JSON (`\\u003d`) or a URL inside a URL (`%3F`, `%253F`) may have escaped.
Sign sign_at(std::string_view text) {
  if (text[0] == '\\') {
    const std::size_t bars =
        std::min(text.find_first_not_of('\\'), text.size());
    const std::string_view rest = text.substr(bars);
    if (rest.starts_with('/')) return {'/', bars + 1};
    const auto c = starts_with_ignoring_case(rest, "u00")
                       ? hex_byte(rest.substr(3))
                       : std::nullopt;
    return c ? Sign{*c, bars + 5} : Sign{'\0', bars};
  }
  if (text[0] == '%') {
    std::size_t digits = 1;
    while (text.substr(digits).starts_with("25")) digits += 2;
    const char c = hex_byte(text.substr(digits)).value_or('%');
    // Whatever else is escaped is part of a name or a value.
    constexpr std::string_view kMeaning = "/?&=#;";
    return kMeaning.find(c) == kMeaning.npos ? Sign{'%', 1}
                                             : Sign{c, digits + 2};
  }
  return {text[0], 1};
}

// White space, and what stands around URLs in prose, JSON and HTML.
bool is_beside_urls(char c) {
  constexpr std::string_view kDelimiters = "\"<>`";
  return static_cast<unsigned char>(c) <= ' ' ||
         kDelimiters.find(c) != kDelimiters.npos;
}

// Brackets and apostrophes are in URLs and behind them: `?a[0]=1&b=it's`,
// `(see http://x?a=1), 'http://x?b=2'`.
bool closes_url(std::string_view text, std::size_t at) {
  constexpr std::string_view kClosing = "')]}|";
  if (kClosing.find(text[at]) == kClosing.npos) return false;
  if (at + 1 == text.size()) return true;
  constexpr std::string_view kGoesOn = "=&%.-_";
  const char next = sign_at(text.substr(at + 1)).c;
  return !is_letter(next) && !is_digit(next) &&
         kGoesOn.find(next) == kGoesOn.npos;
}

// Is there a host, behind two slashes, in the last word of `text`?
bool ends_in_address(std::string_view text) {
  std::size_t start = text.size();
  while (start > 0 && !is_beside_urls(text[start - 1])) --start;
  bool is_behind_slash = false;
  while (start < text.size()) {
    const Sign sign = sign_at(text.substr(start));
    if (sign.c == '/' && is_behind_slash) return true;
    is_behind_slash = sign.c == '/';
    start += sign.length;
  }
  return false;
}

struct Query {
  std::size_t end = 0;     // in the text
  bool is_signed = false;  // a parameter's name marks a secret
};

// The query whose first parameter is at `at`. Parameters of URLs in values
// (`?next=http://x?sig=1`) count as its own.
Query query_at(std::string_view text, std::size_t at) {
  Query query{at, false};
  bool in_name = true;
  for (std::size_t name = at; query.end < text.size();) {
    const std::size_t i = query.end;
    const Sign sign = sign_at(text.substr(i));
    if (is_beside_urls(sign.c) || closes_url(text, i)) break;
    query.end += sign.length;
    if (sign.c == '=' && in_name) {
      query.is_signed |= signs_query(text.substr(name, i - name));
      in_name = false;
    } else if (constexpr std::string_view kBetween = "&?#;";
               kBetween.find(sign.c) != kBetween.npos) {
      in_name = true;
      name = query.end;
    }
  }
  return query;
}

void redact(std::string& text, std::vector<std::string>& secrets) {
  if (auto clean = without_url_secrets(text)) text = std::move(*clean);
  if (auto clean = without_named_secrets(text, secrets))
    text = std::move(*clean);
}

void redact(std::optional<std::string>& text) {
  if (text) sdmeta::redact(*text);
}

void remove_all(std::string_view secret, std::string& text) {
  std::size_t at = text.find(secret);
  if (at == text.npos) return;
  const std::string whole = std::exchange(text, {});
  std::size_t kept = 0;
  for (; at != whole.npos; at = whole.find(secret, kept)) {
    text.append(whole, kept, at - kept);
    kept = at + secret.size();
  }
  text.append(whole, kept);
}

}  // namespace

std::optional<std::string> without_url_secrets(std::string_view text) {
  constexpr std::string_view kShortest = "//x?sig=1";
  std::optional<std::string> clean;
  if (text.size() < kShortest.size() ||
      (text.find('?') == text.npos && text.find('%') == text.npos))
    return clean;
  std::size_t kept = 0;  // bytes of `text` that are copied or cut
  std::size_t seen = 0;  // bytes of `text` that belong to nothing ahead
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '?' && text[at] != '%') continue;
    const Sign mark = sign_at(text.substr(at));
    if (mark.c != '?') continue;
    const bool is_url = ends_in_address(text.substr(seen, at - seen));
    seen = at + mark.length;
    if (is_url) {
      const Query query = query_at(text, seen);
      seen = query.end;
      if (query.is_signed) {
        if (!clean) clean.emplace();
        *clean += text.substr(kept, at - kept);
        kept = query.end;
      }
    }
    at = seen - 1;
  }
  if (clean) *clean += text.substr(kept);
  return clean;
}

void redact(std::string& text) {
  std::vector<std::string> secrets;
  redact(text, secrets);
}

void remove_secrets(Generation& generation) {
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
    if (is_secret(pair.key, pair.value)) pair.value.clear();
    redact(pair.key);
    redact(pair.value);
  }
}

void remove_secrets(std::vector<RawField>& fields) {
  std::vector<std::string> secrets;
  for (RawField& field : fields) {
    if (is_secret(field.key, field.value)) field.value.clear();
    redact(field.key);
    redact(field.value, secrets);
  }
  for (const std::string& secret : secrets)
    for (RawField& field : fields) remove_all(secret, field.value);
}

}  // namespace sdmeta
