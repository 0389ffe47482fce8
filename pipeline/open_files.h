// How many files this process may have open at once.
#pragma once

#include <cstddef>

namespace sdmeta {

/// Raises the limit to what the system allows; shells give less, for the sake
/// of programs that use select(2).
void raise_open_file_limit();

/// The limit as it is.
std::size_t open_file_limit();

}  // namespace sdmeta
