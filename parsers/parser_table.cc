#include "parsers/parser_table.h"

#include <array>

namespace sdmeta {

#define PARSER(name) extern const ParserRow name##_row;
#include "parsers/parser_table.inc"
#undef PARSER

std::span<const ParserRow* const> parser_table() {
  static constexpr std::array kRows = {
#define PARSER(name) &name##_row,
#include "parsers/parser_table.inc"
#undef PARSER
  };
  return kRows;
}

Interpretation interpret(const ImageFields& image,
                         const Limits& limits) noexcept {
  Interpretation result;
  const Payloads payloads(image, limits);
  result.has_text = !payloads.all().empty();
  for (const ParserRow* row : parser_table()) {
    if (!row->claims(payloads)) continue;
    Result<Generation> parsed = row->parse(payloads, result.warnings);
    if (parsed) {
      result.generation = std::move(*parsed);
      result.error.reset();
      break;
    }
    if (!result.error) result.error = parsed.error();
  }
  return result;
}

}  // namespace sdmeta
