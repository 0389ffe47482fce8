// Output that can be cut: each call gives one gzip member or zstd frame, which
// stands by itself, so that a reader sees their concatenation as one stream and
// a resumed run can drop an unfinished last one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sdmeta {

enum class Compression : std::uint8_t { kNone, kGzip, kZstd };

/// By the suffix of a file name, in any case: .gz, .zst, anything else.
Compression compression_of(std::string_view path);

/// The suffix of a name that promises a compression which is not written, such
/// as ".xz"; empty if it does not.
std::string_view unwritten_compression(std::string_view path);

/// `bytes` as one member or frame, none if there are none. The same bytes
/// always give the same result.
std::string compress(std::string bytes, Compression compression);

/// What a reader takes for no bytes; empty for kNone.
std::string empty_member(Compression compression);

/// What a compressed file begins with; empty for kNone.
std::string_view magic_of(Compression compression) noexcept;

}  // namespace sdmeta
