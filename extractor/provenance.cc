#include "extractor/provenance.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace sdmeta {
namespace {

struct Signer {
  std::string_view mark;  // a string of its manifests or certificates
  std::string_view name;
};

// Services that generate come before programs that edit: an edited image
// carries the manifests of both.
constexpr auto kSigners = std::to_array<Signer>({
    {"OpenAI", "OpenAI"},
    {"Google LLC", "Google"},
    {"Google C2PA", "Google"},
    {"Google Media Processing Services", "Google"},
    {"Adobe Firefly", "Adobe Firefly"},
    {"Adobe_Firefly", "Adobe Firefly"},
    {"Microsoft_Responsible_AI", "Microsoft"},
    {"Microsoft Corporation", "Microsoft"},
    {"Stability AI", "Stability AI"},
    {"Black Forest Labs", "Black Forest Labs"},
    {"TikTok", "TikTok"},
    {"Adobe", "Adobe"},
});

// https://cv.iptc.org/newscodes/digitalsourcetype/ : the ones that say that a
// model made the picture, or a part of it. A longer name stands before the one
// it ends with.
constexpr auto kSourceTypes = std::to_array<std::string_view>({
    "compositeWithTrainedAlgorithmicMedia",
    "trainedAlgorithmicMedia",
    "compositeSynthetic",
    "algorithmicMedia",
});

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

/// The CBOR text string at the start of `bytes`, if it is one that fits.
std::string_view cbor_text(std::string_view bytes) {
  if (bytes.empty()) return {};
  const std::uint8_t head = static_cast<std::uint8_t>(bytes[0]);
  if (head >= 0x60 && head < 0x78) return bytes.substr(1, head - 0x60);
  if (head == 0x78 && bytes.size() > 1)
    return bytes.substr(2, static_cast<std::uint8_t>(bytes[1]));
  return {};
}

/// Name of the program that made the claim. The manifest is CBOR in boxes; a
/// full parse would buy nothing over looking for the key.
std::string_view claim_generator(std::string_view manifest) {
  constexpr std::size_t kSearchBytes = 256;
  constexpr std::string_view kInfo = "claim_generator_info";
  constexpr std::string_view kName = "\x64name";  // CBOR text of 4 bytes
  constexpr std::string_view kOldKey =
      "\x6F"
      "claim_generator";
  if (const std::size_t at = manifest.find(kInfo); at != manifest.npos) {
    const std::string_view near = manifest.substr(at, kSearchBytes);
    if (const std::size_t name = near.find(kName); name != near.npos)
      return cbor_text(near.substr(name + kName.size()));
  }
  if (const std::size_t at = manifest.find(kOldKey); at != manifest.npos)
    return cbor_text(manifest.substr(at + kOldKey.size()));
  return {};
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                        (c >= 'A' && c <= 'F');
    const bool is_dash_place = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash_place ? c != '-' : !is_hex) return false;
  }
  return true;
}

std::string_view value_of(const ImageFields& image, std::string_view key) {
  for (const RawField& field : image.fields)
    if (field.key == key) return field.value;
  return {};
}

void note_source_type(std::string_view text, FieldCollector& out) {
  for (const std::string_view type : kSourceTypes)
    if (contains(text, type))
      return out.note(ErrorCode::kProvenance, std::string(type));
}

/// Midjourney closes the description with its arguments and a job number.
bool is_midjourney(const ImageFields& image) {
  constexpr std::string_view kJob = "Job ID: ";
  for (const std::string_view key :
       {"Description", "dc:description", "ImageDescription"}) {
    const std::string_view text = value_of(image, key);
    const std::size_t at = text.rfind(kJob);
    if (at != text.npos && is_uuid(text.substr(at + kJob.size(), 36)))
      return true;
  }
  return !value_of(image, "Iptc4xmpExt:DigImageGUID").empty() &&
         contains(value_of(image, "Iptc4xmpExt:DigitalSourceType"),
                  "rainedAlgorithmicMedia");
}

bool has_content_label(const ImageFields& image) {
  return std::any_of(image.fields.begin(), image.fields.end(),
                     [](const RawField& field) {
                       return is_content_label(field.key, field.value);
                     });
}

}  // namespace

void note_c2pa(Bytes manifest, FieldCollector& out) {
  constexpr std::size_t kMaxNameBytes = 80;
  const std::string_view text = as_text(manifest);
  if (!contains(text, "c2pa")) return;  // JUMBF serves other purposes too

  const auto signer =
      std::find_if(kSigners.begin(), kSigners.end(),
                   [text](const Signer& s) { return contains(text, s.mark); });
  std::string name;
  if (signer != kSigners.end())
    name = signer->name;
  else
    name = decode_text(as_bytes(claim_generator(text))).value;
  cut_utf8(name, kMaxNameBytes);
  if (!is_printable(name)) name.clear();
  out.note(ErrorCode::kC2pa, std::move(name));
  if (contains(text, "digitalsourcetype/")) note_source_type(text, out);
}

void note_marks(FieldCollector& out) {
  const ImageFields& image = out.image();
  if (image.fields.empty()) return;
  if (is_midjourney(image)) out.note(ErrorCode::kMidjourney, "");
  if (value_of(image, "ImageDescription").starts_with("Signature: ") &&
      is_uuid(value_of(image, "Artist")))
    out.note(ErrorCode::kProvenance, "Grok");
  note_source_type(value_of(image, "Iptc4xmpExt:DigitalSourceType"), out);
  if (contains(value_of(image, "photoshop:Credit"), "Made with Google AI"))
    out.note(ErrorCode::kProvenance, "Made with Google AI");
  if (has_content_label(image)) out.note(ErrorCode::kProvenance, "AIGC label");
}

}  // namespace sdmeta
