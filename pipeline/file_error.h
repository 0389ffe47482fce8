// What the system said about a file, as an Error.
#pragma once

#include <string_view>

#include "extractor/error.h"

namespace sdmeta {

/// kUnreadable with "`doing`: the system's text", e.g. "open: Permission
/// denied". `errno_value` is an errno; the text is that of the C locale.
Error file_error(std::string_view doing, int errno_value);

/// file_error("open", ...) of an input, which says so where `path` is an
/// address, or that of an archive's member: only `sdmeta show` takes those.
Error open_error(std::string_view path, int errno_value);

/// file_error() as kUnwritable.
Error write_error(std::string_view doing, int errno_value);

/// `error`, whose detail now begins with what it is about: "path: detail".
Error at_path(std::string_view path, Error error);

}  // namespace sdmeta
