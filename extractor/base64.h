// Base64 (RFC 4648), in either alphabet, with or without line ends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sdmeta {

/// The bytes that `text` stands for, up to its padding, its end or the first
/// character of neither alphabet. `read` is how many characters that were.
std::string decode_base64(std::string_view text, std::size_t& read);

}  // namespace sdmeta
