// The word that somebody may have meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sdmeta {

/// The one of `known` that is closest to `word`: the fewest letters changed,
/// left out, added or swapped with their neighbour; nullopt if that is more
/// than a third of them. Of equally close ones the first.
std::optional<std::string> closest_word(std::string_view word,
                                        std::span<const std::string> known);

}  // namespace sdmeta
