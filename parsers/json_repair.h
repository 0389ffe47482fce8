// Turns almost-JSON, as tools really write it, into strict JSON. Text in, text
// out, one pass, no recursion: it knows no parser and no tool.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sdmeta {

struct RepairedJson {
  std::string text;  // strict JSON without white space
  std::string done;  // for people: "single quotes, ends at byte 9 of 120"; empty if
                     // nothing but NaN and infinities was replaced
};

/// Repairs an object or array; nothing if `text` is neither, or if not even its
/// first member is whole. Outside strings:
///   - NaN, Infinity, undefined, None become null; True and False lower case;
///   - integers beyond 64 bits, doubles out of range and numbers in forms that
///     JSON lacks (+1, .5, 007) become strings, digit for digit;
///   - superfluous commas, and whatever follows the value, are dropped;
///   - ( ) of Python tuples become [ ];
///   - a text that breaks off, is nested deeper than `max_depth`, or goes wrong
///     is closed after its last whole member.
/// Inside strings: raw control characters are escaped; bytes that are not UTF-8
/// and surrogates without their pair become U+FFFD; backslashes that escape
/// nothing stay as they are; strings in single quotes are read as Python's.
std::optional<RepairedJson> repair_json(std::string_view text,
                                        std::size_t max_depth);

}  // namespace sdmeta
