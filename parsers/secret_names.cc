#include "parsers/secret_names.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "parsers/text.h"

namespace sdmeta {
namespace {

using std::string_view;

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

// Of parameters: Azure (sig), AWS and compatible stores (X-Amz-*), CloudFront
// and Google (Signature, Key-Pair-Id, Policy), Cloudflare, Akamai (hdnts),
// Discord (hm) and others.
constexpr auto kSigningWords = std::to_array<string_view>(
    {"sig", "sign", "auth", "key", "keypairid", "policy", "hmac", "hm", "hdnts",
     "hdnea", "verify", "jwt", "sas", "pwd"});
// x-tos-signature, OSSAccessKeyId ...
constexpr auto kSigningEndings = std::to_array<string_view>(
    {"signature", "token", "secret", "credential", "authkey", "accesskeyid"});
constexpr auto kSigningPrefixes =
    std::to_array<string_view>({"xamz", "xgoog", "xoss", "xcos"});

// Of the last three letters of these words: for each pair, those that stand
// before it as bits.
using LastLetters = std::array<std::uint32_t, 26 * 26>;

constexpr std::size_t number_of(char letter) {
  return static_cast<std::size_t>(letter - 'a');
}

constexpr void add_last_letters(std::span<const string_view> words,
                                LastLetters& letters) {
  for (const string_view word : words) {
    const string_view end = word.substr(word.size() - 3);
    letters[26 * number_of(end[1]) + number_of(end[2])] |= 1u
                                                           << number_of(end[0]);
  }
}

constexpr LastLetters kLastLetters = [] {
  LastLetters letters{};
  add_last_letters(kSecretEndings, letters);
  add_last_letters(kSecretWords, letters);
  return letters;
}();

/// The letters of a name; none of one that is too long for a name.
class Letters {
 public:
  explicit Letters(string_view name) {
    if (name.size() > letters_.size()) return;
    for (const char c : name)
      if (is_letter(c)) letters_[count_++] = to_lower(c);
  }

  bool are_one_of(std::span<const string_view> words) const {
    return std::find(words.begin(), words.end(), word()) != words.end();
  }
  bool end_in(std::span<const string_view> endings) const {
    return std::any_of(endings.begin(), endings.end(), [this](string_view end) {
      return word().ends_with(end);
    });
  }
  bool start_with(std::span<const string_view> prefixes) const {
    return std::any_of(
        prefixes.begin(), prefixes.end(),
        [this](string_view prefix) { return word().starts_with(prefix); });
  }

 private:
  string_view word() const { return {letters_.data(), count_}; }

  std::array<char, kLongestSecretName> letters_{};
  std::size_t count_ = 0;
};

Naming naming_of(const Letters& letters) {
  if (letters.end_in(kSecretEndings)) return Naming::kSecret;
  return letters.are_one_of(kSecretWords) ? Naming::kPerhaps : Naming::kNothing;
}

}  // namespace

bool may_end_secret_name(string_view text) noexcept {
  if (text.size() < 3) return false;
  const string_view end = text.substr(text.size() - 3);
  // Signs between letters do not count.
  if (!is_letter(end[0]) || !is_letter(end[1]) || !is_letter(end[2]))
    return true;
  const std::uint32_t before = kLastLetters[26 * number_of(to_lower(end[1])) +
                                            number_of(to_lower(end[2]))];
  return (before >> number_of(to_lower(end[0])) & 1u) != 0;
}

Naming naming_of(string_view name) { return naming_of(Letters(name)); }

bool signs_query(string_view name) {
  const Letters letters(name);
  return naming_of(letters) != Naming::kNothing ||
         letters.are_one_of(kSigningWords) || letters.end_in(kSigningEndings) ||
         letters.start_with(kSigningPrefixes);
}

}  // namespace sdmeta
