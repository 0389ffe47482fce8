// Takes secrets out of text before it is written anywhere: graphs of sites that
// run ComfyUI hold links to their storage, signed for the user who made them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parsers/generation.h"

namespace sdmeta {

/// `text` with the query of every signed URL removed, the question mark
/// included; nothing if there is none, which is found out at the speed of
/// memchr. Signed is a query with a parameter such as `sig`, `accessToken`,
/// `X-Amz-Signature`, also inside the value of another. URLs inside JSON
/// (`\/`, `\u0026`) and inside URLs (`%3F`) are understood.
std::optional<std::string> without_url_secrets(std::string_view text);

/// The same in place.
void redact(std::string& text);

/// The same for every string of a Generation.
void remove_url_secrets(Generation& generation);

}  // namespace sdmeta
