// Text compressed by the libraries themselves, with none of the program's code.
#pragma once

#include <string>
#include <string_view>

namespace sdmeta::test {

/// A raw deflate stream (RFC 1951), as in zips.
std::string deflated(std::string_view text);
/// A zlib stream (RFC 1950), as in PNG.
std::string zlib_compressed(std::string_view text);
/// A gzip member (RFC 1952).
std::string gzip(std::string_view text);
/// A zstd frame.
std::string zstd(std::string_view text);

}  // namespace sdmeta::test
