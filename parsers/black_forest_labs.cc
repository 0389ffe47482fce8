// Black Forest Labs' own FLUX programs and services: Exif tags only.
// `save_image` in
// https://github.com/black-forest-labs/flux/blob/main/src/flux/util.py
//
//   Software: AI generated;txt2img;flux
//   Make: Black Forest Labs
//   Model: flux-dev
//   ImageDescription: a cat on a wall    (left out where it was asked for)
#include "parsers/field_map.h"
#include "parsers/parser_table.h"

namespace sdmeta {
namespace {

std::string_view text_of(const Payloads& payloads, std::string_view key) {
  const Payload* const payload = payloads.find(key);
  return payload == nullptr ? std::string_view() : payload->text();
}

bool claims(const Payloads& payloads) {
  return text_of(payloads, "Make") == "Black Forest Labs" &&
         !text_of(payloads, "Model").empty();
}

std::optional<Error> parse(const Payloads& payloads, Generation& generation,
                           std::vector<Error>&) {
  generation.software = "black-forest-labs";
  set_field(generation, Field::kModel, text_of(payloads, "Model"));
  if (const auto prompt = text_of(payloads, "ImageDescription");
      !prompt.empty())
    set_field(generation, Field::kPrompt, prompt);
  if (const auto software = text_of(payloads, "Software"); !software.empty())
    add_extra(generation, "Software", software);
  return std::nullopt;
}

}  // namespace

extern const ParserRow black_forest_labs_row = {
    "black_forest_labs", "black-forest-labs",
    "Exif Make, Model, ImageDescription", claims, parse};

}  // namespace sdmeta
