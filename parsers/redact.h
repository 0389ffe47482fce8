// Takes secrets out of text before it is written anywhere: graphs of sites that
// run ComfyUI hold links to their storage, signed for the user who made them,
// and graphs that ask a service hold the user's key (named_secrets.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/raw_fields.h"
#include "parsers/generation.h"

namespace sdmeta {

/// `text` with the query of every signed URL removed, the question mark
/// included; nothing if there is none, which is found out at the speed of
/// memchr. Signed is a query with a parameter such as `sig`, `accessToken`,
/// `X-Amz-Signature`, also inside the value of another. URLs inside JSON
/// (`\/`, `\u0026`) and inside URLs (`%3F`) are understood.
std::optional<std::string> without_url_secrets(std::string_view text);

/// `text` without the queries of signed URLs and the values of named secrets.
void redact(std::string& text);

/// The same for every string of a Generation, and for every field. What a name
/// told is taken out of all fields: editor's files list values without names.
void remove_secrets(Generation& generation);
void remove_secrets(std::vector<RawField>& fields);

}  // namespace sdmeta
