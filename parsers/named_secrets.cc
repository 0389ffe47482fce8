#include "parsers/named_secrets.h"

#include <algorithm>
#include <array>

#include "parsers/text.h"

namespace sdmeta {
namespace {

using std::string_view;

// Letters only, as the signs between words differ: `api_key`, `apiKey`,
// `X-API-Key`. Names may have other words in front (`openai_api_key`).
constexpr auto kSecretEndings = std::to_array<string_view>(
    {"accesskey", "accesstoken", "apikey", "apikeycomfyorg", "apisecret",
     "apitoken", "authtoken", "authtokencomfyorg", "bearertoken", "bottoken",
     "civitaitoken", "clientsecret", "hftoken", "huggingfacetoken", "passwd",
     "password", "privatekey", "refreshtoken", "secretkey", "sessiontoken",
     // Addresses whose path lets anybody post.
     "webhook", "webhookurl"});
// Words that name other things too, so that nothing may stand in front of them
// (`negative_token`).
constexpr auto kSecretWords =
    std::to_array<string_view>({"authorization", "bearer", "secret", "token"});

constexpr std::size_t kLongestName = 48;  // bytes
constexpr std::size_t kShortestKey = 16;  // bytes
constexpr std::size_t kMostSecrets = 16;  // of one image
// JSON in a string of JSON in a string of JSON; bounds the work.
constexpr std::size_t kMostBackslashes = 7;

enum class Naming { kNothing, kPerhaps, kSecret };

Naming naming_of(string_view name) {
  if (name.size() > kLongestName) return Naming::kNothing;
  std::array<char, kLongestName> letters;
  std::size_t count = 0;
  for (const char c : name)
    if (is_letter(c)) letters[count++] = to_lower(c);
  const string_view word(letters.data(), count);
  if (std::any_of(kSecretEndings.begin(), kSecretEndings.end(),
                  [word](string_view end) { return word.ends_with(end); }))
    return Naming::kSecret;
  const bool is_word = std::find(kSecretWords.begin(), kSecretWords.end(),
                                 word) != kSecretWords.end();
  return is_word ? Naming::kPerhaps : Naming::kNothing;
}

// `Bearer 4f1c..`, as headers of requests have it.
string_view without_scheme(string_view value) {
  for (const string_view scheme : {"Bearer ", "Basic ", "Token ", "Key "})
    if (starts_with_ignoring_case(value, scheme))
      return value.substr(scheme.size());
  return value;
}

bool is_one_word(string_view value) {
  return !is_placeholder(value) &&
         std::none_of(value.begin(), value.end(), is_space);
}

bool is_secret(Naming naming, string_view value) {
  value = without_scheme(value);
  if (naming == Naming::kNothing || !is_one_word(value)) return false;
  return naming == Naming::kSecret || value.size() >= kShortestKey;
}

std::size_t backslashes_before(string_view text, std::size_t at) {
  std::size_t start = at;
  while (start > 0 && text[start - 1] == '\\') --start;
  return at - start;
}

// Where the quote is that closes a string behind `at`, or the end of the text.
// Where one backslash stands before its quotes, three stand before those inside
// it, and seven in it are one before its own: so strings in strings are
// escaped.
std::size_t closing_quote(string_view text, std::size_t at, std::size_t bars) {
  for (at = text.find('"', at); at < text.size(); at = text.find('"', at + 1)) {
    const std::size_t before = backslashes_before(text, at);
    if (before >= bars && (before - bars) % (2 * (bars + 1)) == 0) return at;
  }
  return text.size();
}

// The string of the member whose name ends at `quote`, a colon behind it; empty
// if it has none or is no secret.
string_view secret_at(string_view text, std::size_t quote) {
  const std::size_t bars = backslashes_before(text, quote);
  if (bars > kMostBackslashes) return {};
  const std::size_t name_end = quote - bars;
  const std::size_t from = name_end - std::min(name_end, kLongestName + 1);
  const string_view before = text.substr(from, name_end - from);
  const std::size_t open = before.rfind('"');
  if (open == before.npos) return {};
  const Naming naming = naming_of(before.substr(open + 1));
  if (naming == Naming::kNothing) return {};
  std::size_t start = quote + 2;
  while (start < text.size() && is_space(text[start])) ++start;
  start = std::min(start + bars, text.size());
  if (!text.substr(start).starts_with('"') ||
      backslashes_before(text, start) != bars)
    return {};
  ++start;
  const std::size_t end = closing_quote(text, start, bars);
  const string_view value =
      text.substr(start, end == text.size() ? end : end - bars - start);
  return is_secret(naming, value) ? value : string_view();
}

}  // namespace

bool may_have_members(string_view text) {
  for (std::size_t at = text.find('"'); at < text.size();
       at = text.find('"', at + 1))
    if (text.substr(at + 1).starts_with(':')) return true;
  return false;
}

bool is_secret(string_view name, string_view value) {
  return is_secret(naming_of(name), value);
}

std::optional<std::string> without_named_secrets(
    string_view text, std::vector<std::string>& secrets) {
  std::optional<std::string> clean;
  std::size_t kept = 0;  // bytes of `text` that are copied or left out
  for (std::size_t colon = text.find(':'); colon < text.size();
       colon = text.find(':', std::max(colon + 1, kept))) {
    if (colon == 0 || text[colon - 1] != '"') continue;
    const string_view value = secret_at(text, colon - 1);
    if (value.empty()) continue;
    const auto start = static_cast<std::size_t>(value.data() - text.data());
    if (!clean) clean.emplace();
    *clean += text.substr(kept, start - kept);
    kept = start + value.size();
    const string_view key = without_scheme(value);
    if (secrets.size() < kMostSecrets && key.size() >= kShortestKey)
      secrets.emplace_back(key);
  }
  if (clean) *clean += text.substr(kept);
  return clean;
}

}  // namespace sdmeta
