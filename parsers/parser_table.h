// Which parser reads what. One ordered list, top wins; the list is
// parser_table.inc, one line per writer family.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "extractor/error.h"
#include "parsers/generation.h"
#include "parsers/payload.h"

namespace sdmeta {

struct ParserRow {
  std::string_view name;      // of the family, as in parser_table.inc
  std::string_view software;  // values of Generation::software, space separated
  std::string_view where;     // for people: where its text is found
  /// True if there is text of this writer, and it is read. False if there is
  /// none, which is found out cheaply; nothing is touched then. An error if the
  /// text is broken: what was filled by then means nothing. Fills `generation`,
  /// which is empty before; it is large, so it is filled where it stays. Adds
  /// findings (low_confidence, bad_number, ...) to `notes`.
  Result<bool> (*read)(const Payloads&, Generation& generation,
                       std::vector<Error>& notes);
  /// True where another payload of the same file may hold more (infotext beside
  /// a ComfyUI graph): the first row further down that `fills_gaps` and reads
  /// something then completes the Generation (merge.h).
  bool is_partial = false;
  /// True for graphs: what they say may complete a row that `is_partial`.
  bool fills_gaps = false;
};

/// In order of precedence.
std::span<const ParserRow* const> parser_table();

}  // namespace sdmeta
