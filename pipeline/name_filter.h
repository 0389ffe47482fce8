// Which names are inputs in a folder, a tar or a zip. Names decide here, and
// nothing else: the bytes are looked at later, and decide what a file is.
#pragma once

#include <cstdint>
#include <string_view>

namespace sdmeta {

enum class NameKind : std::uint8_t {
  kImage,    // image or video extension, or none (`<uuid>/original=true`)
  kArchive,  // opened, its members are inputs
  kOther,    // skipped and counted
};

/// Kind of the file `name`, a base name of any bytes. Case does not matter.
/// Hidden names (`.DS_Store`, `._a.png`, `@eaDir`) are kOther. What
/// follows the last dot is an extension if it is 1 to 8 letters and digits, so
/// `1girl, solo. masterpiece` has none.
NameKind kind_of_name(std::string_view name) noexcept;

/// True for `@eaDir` and `__MACOSX`, and for names that begin with a dot, except
/// "." and "..", which archives made with `tar -C folder .` have in front of
/// every name.
bool is_hidden(std::string_view name) noexcept;

/// What follows the last '/' (all of it, if there is none).
std::string_view base_name(std::string_view path) noexcept;

}  // namespace sdmeta
