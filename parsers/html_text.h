// Text that was escaped for a web page and stored so: `&lt;lora:ink:1&gt;`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sdmeta {

/// `text` with HTML's escapes (named, decimal and hexadecimal) resolved, if
/// they are a program's for sure: around the names of JSON, a LoRA tag or a
/// list of hashes. Else nothing: `&amp;` in a prompt may be its author's.
std::optional<std::string> without_html_escapes(std::string_view text);

}  // namespace sdmeta
