#include "parsers/named_secrets.h"

#include <algorithm>

#include "parsers/secret_names.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

using std::string_view;

constexpr std::size_t kShortestKey = 16;  // bytes
constexpr std::size_t kMostSecrets = 16;  // of one image
// JSON in a string of JSON in a string of JSON; bounds the work.
constexpr std::size_t kMostBackslashes = 7;

// `Bearer 4f1c..`, as headers of requests have it.
string_view without_scheme(string_view value) {
  const std::size_t blank = value.find(' ');
  if (blank == value.npos) return value;
  for (const string_view scheme : {"Bearer", "Basic", "Token", "Key"})
    if (equal_ignoring_case(value.substr(0, blank), scheme))
      return value.substr(blank + 1);
  return value;
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

// The string of the member whose name ends in front of `colon`; empty if there
// is none or it is no secret.
string_view secret_at(string_view text, std::size_t colon) {
  std::size_t quote = colon;
  while (quote > 0 && is_space(text[quote - 1])) --quote;
  if (quote == 0 || text[--quote] != '"') return {};
  const std::size_t bars = backslashes_before(text, quote);
  if (bars > kMostBackslashes) return {};
  const std::size_t name_end = quote - bars;
  if (!may_end_secret_name(text.substr(0, name_end))) return {};
  const std::size_t from =
      name_end - std::min(name_end, kLongestSecretName + 1);
  const string_view before = text.substr(from, name_end - from);
  const std::size_t open = before.rfind('"');
  if (open == before.npos) return {};
  const string_view name = before.substr(open + 1);
  if (naming_of(name) == Naming::kNothing) return {};
  std::size_t start = colon + 1;
  while (start < text.size() && is_space(text[start])) ++start;
  start = std::min(start + bars, text.size());
  if (!text.substr(start).starts_with('"') ||
      backslashes_before(text, start) != bars)
    return {};
  ++start;
  const std::size_t end = closing_quote(text, start, bars);
  const string_view value =
      text.substr(start, end == text.size() ? end : end - bars - start);
  return is_secret(name, value) ? value : string_view();
}

}  // namespace

bool is_secret(string_view name, string_view value) {
  value = without_scheme(value);
  // Most values are sentences, which is seen sooner than what a name says.
  if (std::any_of(value.begin(), value.end(), is_space)) return false;
  const Naming naming = naming_of(name);
  const bool is_named =
      naming == Naming::kSecret ||
      (naming == Naming::kPerhaps && value.size() >= kShortestKey);
  return is_named && !is_placeholder(value);
}

std::optional<std::string> without_named_secrets(
    string_view text, std::vector<std::string>& secrets) {
  std::optional<std::string> clean;
  std::size_t kept = 0;  // bytes of `text` that are copied or left out
  for (std::size_t colon = text.find(':'); colon < text.size();
       colon = text.find(':', std::max(colon + 1, kept))) {
    const string_view value = secret_at(text, colon);
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
