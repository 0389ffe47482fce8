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

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>&) {
  const std::string_view model = payloads.text_of("Model");
  if (payloads.text_of("Make") != "Black Forest Labs" || model.empty())
    return false;
  generation.software = "black-forest-labs";
  set_field(generation, Field::kModel, model);
  if (const auto prompt = payloads.text_of("ImageDescription"); !prompt.empty())
    set_field(generation, Field::kPrompt, prompt);
  if (const auto software = payloads.text_of("Software"); !software.empty())
    add_extra(generation, "Software", software);
  return true;
}

}  // namespace

extern const ParserRow black_forest_labs_row = {
    "black_forest_labs", "black-forest-labs",
    "Exif Make, Model, ImageDescription", read};

}  // namespace sdmeta
