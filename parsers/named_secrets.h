// Keys and passwords that graphs and requests hold under a name that says so:
// nodes that ask a service take them as inputs.
//   {"class_type": "SomeLLM", "inputs": {"api_key": "4f1c..", "max_tokens":
//   64}}
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sdmeta {

/// Whether `value` is one word and `name` says that it is a secret: `api_key`,
/// `hf_token`, `Authorization`, .. (secret_names.h). Under a name that prompts
/// have, too (`token`), it must be as long as a key.
bool is_secret(std::string_view name, std::string_view value);

/// `text` with the strings of such members of JSON, or of JSON inside strings
/// of JSON, as ""; nothing if there is none. Appends to `secrets` those that
/// are long enough to be known again without their names. Linear.
std::optional<std::string> without_named_secrets(
    std::string_view text, std::vector<std::string>& secrets);

}  // namespace sdmeta
