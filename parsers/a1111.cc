#include "parsers/parser_table.h"

namespace sdmeta {
namespace {

bool claims(const Payloads& payloads) {
  return payloads.find("parameters") != nullptr;
}

Result<Generation> parse(const Payloads& payloads, std::vector<Error>&) {
  Generation generation;
  generation.software = "a1111";
  generation.prompt = std::string(payloads.find("parameters")->text());
  return generation;
}

}  // namespace

extern const ParserRow a1111_row = {
    "a1111", "a1111", "PNG tEXt/iTXt `parameters`; UserComment", claims, parse, true};

}  // namespace sdmeta
