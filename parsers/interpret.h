// Raw text of an image -> how the image was made: the entry to parsers/.
//
//   const ImageFields image = extract_fields(source);
//   const Interpretation found = interpret(image);
//   if (found.generation) use(found.generation->prompt);
#pragma once

#include <optional>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "extractor/raw_fields.h"
#include "parsers/generation.h"

namespace sdmeta {

struct Interpretation {
  std::optional<Generation> generation;
  /// kMalformed when a payload was claimed and did not parse and nothing else
  /// gave a generation; kUnreadable when memory ran out.
  std::optional<Error> error;
  std::vector<Error> warnings;
  /// Text of interest was present: tells `unrecognized` from `no_metadata`.
  bool has_text = false;
};

/// Tries all writers in the order that `sdmeta formats` prints. Pure: no file,
/// clock, locale or global state; may run in any number of threads.
Interpretation interpret(const ImageFields& image,
                         const Limits& limits = {}) noexcept;
/// The same, into one that is empty: a Generation is large, so it is filled
/// where it stays.
void interpret(const ImageFields& image, const Limits& limits,
               Interpretation& result) noexcept;

}  // namespace sdmeta
