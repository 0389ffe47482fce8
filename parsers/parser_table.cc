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

}  // namespace sdmeta
