// Infotext from anywhere: claims and parse must not crash, and what they give
// must be bounded by the input.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "parsers/infotext.h"
#include "parsers/lora_tags.h"
#include "parsers/parser_table.h"

namespace sdmeta {

extern const ParserRow a1111_row;

namespace {

void check(bool is_true) {
  if (!is_true) std::abort();
}

void read_as(std::string_view key, std::string_view text) {
  ImageFields image;
  RawField field;
  field.key = std::string(key);
  field.value = std::string(text);
  image.fields.push_back(std::move(field));
  const Limits limits;
  const Payloads payloads(image, limits);
  std::vector<Error> notes;
  Generation got;
  const auto is_read = a1111_row.read(payloads, got, notes);
  if (!is_read || !*is_read) return;
  check(got.prompt.value_or("").size() <= 3 * text.size());
  check(got.loras.size() <= text.size());
  check(got.extra.size() <= text.size());
}

}  // namespace
}  // namespace sdmeta

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  sdmeta::read_as("parameters", text);
  sdmeta::read_as("UserComment", text);
  sdmeta::read_as("postprocessing", text);
  const sdmeta::SettingsLine line = sdmeta::split_settings(text, 1u << 16);
  for (const sdmeta::Setting& setting : line.settings) {
    sdmeta::check(!setting.key.empty());
    sdmeta::check(setting.value().size() <= 3 * size);
  }
  return 0;
}
