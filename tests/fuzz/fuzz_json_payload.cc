// interpret() over raw fields built from bytes. First byte: how many fields; then
// for each a byte that picks key and carrier from the table below, and text up
// to the next byte 0xFF. Text is made valid UTF-8 as the extractor hands it on,
// half of the time.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "parsers/interpret.h"
#include "parsers/json.h"
#include "parsers/json_repair.h"
#include "parsers/redact.h"

namespace {

using sdmeta::Carrier;

struct Place {
  Carrier carrier;
  const char* key;
};

constexpr std::array<Place, 32> kPlaces = {{
    {Carrier::kPngText, "parameters"},
    {Carrier::kPngText, "prompt"},
    {Carrier::kPngText, "workflow"},
    {Carrier::kPngText, "Comment"},
    {Carrier::kPngText, "Description"},
    {Carrier::kPngText, "Software"},
    {Carrier::kPngText, "Source"},
    {Carrier::kPngText, "Title"},
    {Carrier::kPngText, "invokeai_metadata"},
    {Carrier::kPngText, "invokeai_graph"},
    {Carrier::kPngText, "sd-metadata"},
    {Carrier::kPngText, "Dream"},
    {Carrier::kPngText, "generation_data"},
    {Carrier::kPngText, "parameters-json"},
    {Carrier::kPngText, "smproj"},
    {Carrier::kPngText, "fooocus_scheme"},
    {Carrier::kPngText, "use_stable_diffusion_model"},
    {Carrier::kPngText, "use_lora_model"},
    {Carrier::kPngText, "lora_alpha"},
    {Carrier::kPngText, "negative_prompt"},
    {Carrier::kPngText, "seed"},
    {Carrier::kPngText, "num_inference_steps"},
    {Carrier::kPngText, "extraMetadata"},
    {Carrier::kExifIfd, "UserComment"},
    {Carrier::kExifIfd0, "UserComment"},
    {Carrier::kExifIfd0, "Make"},
    {Carrier::kExifIfd0, "Model"},
    {Carrier::kExifIfd0, "MakerNote"},
    {Carrier::kXmp, "exif:UserComment"},
    {Carrier::kXmp, "xmp:CreatorTool"},
    {Carrier::kStealthAlpha, "parameters"},
    {Carrier::kMp4Mdta, "metadata"},
}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  sdmeta::ImageFields image;
  image.container = sdmeta::Container::kPng;
  std::size_t at = 0;
  while (at < size && image.fields.size() < 16) {
    const Place& place = kPlaces[data[at++] % kPlaces.size()];
    std::string text;
    while (at < size && data[at] != 0xFF)
      text += static_cast<char>(data[at++]);
    ++at;
    image.fields.push_back(
        {place.carrier, sdmeta::Encoding::kUtf8, place.key, std::move(text)});
  }
  const sdmeta::Limits limits;
  sdmeta::Interpretation got = sdmeta::interpret(image, limits);
  if (got.generation) sdmeta::remove_secrets(*got.generation);
  sdmeta::remove_secrets(image.fields);

  // What the repair makes is JSON, or it makes nothing.
  for (const sdmeta::RawField& field : image.fields) {
    const auto repaired = sdmeta::repair_json(field.value, 64);
    if (!repaired) continue;
    const auto document = sdmeta::parse_json(repaired->text, limits);
    if (document.root().is_missing() || document.repair()) std::abort();
  }
  return 0;
}
