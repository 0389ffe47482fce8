// Names under which requests, graphs and URLs hold keys, passwords and
// signatures, in any case, whatever stands between their words: `api_key`,
// `apiKey`, `X-API-Key`.
#pragma once

#include <cstddef>
#include <string_view>

namespace sdmeta {

inline constexpr std::size_t kLongestSecretName = 64;  // bytes

enum class Naming {
  kNothing,
  kPerhaps,  // a word that prompts have, too: `token`
  kSecret
};

/// Whether the letters that `text` ends with can be the end of a name for which
/// `naming_of` tells anything: false for nearly all, by the last three.
bool may_end_secret_name(std::string_view text) noexcept;

/// What the name of a member of JSON, or of a text, tells about its value.
/// Other words may stand in front: `openai_api_key`.
Naming naming_of(std::string_view name);

/// Whether a parameter of a URL with this name makes its query a secret: a name
/// as above, or that of a signature or what belongs to one (`X-Amz-Date`).
bool signs_query(std::string_view name);

}  // namespace sdmeta
