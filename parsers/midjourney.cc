// Midjourney, whose downloads have the prompt as it was typed, arguments and
// all, with the number of the job behind it: PNG `Description`, XMP
// dc:description, Exif ImageDescription.
// https://docs.midjourney.com/hc/en-us/articles/32859204029709-Parameter-List
//
//   a cat on a wall --ar 2:3 --v 6.1 --seed 7 --no dogs, birds --tile
//   Job ID: 2f1c9a34-0b1d-4c3e-9f00-aabbccddeeff
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::string_view kJob = "Job ID: ";
constexpr std::string_view kDashes = "--";

constexpr auto kRules = std::to_array<FieldRule>({
    {"no", Field::kNegativePrompt},
    {"seed", Field::kSeed},
    {"v", Field::kSoftwareVersion},
    {"version", Field::kSoftwareVersion},
});

const Payload* find_description(const Payloads& payloads) {
  for (const std::string_view key :
       {"Description", "dc:description", "ImageDescription"})
    if (const Payload* const payload = payloads.find(key)) {
      constexpr std::size_t kIdLength = 36;
      const std::string_view text = payload->text();
      const std::size_t job = text.rfind(kJob);
      if (job != text.npos && text.size() - job == kJob.size() + kIdLength)
        return payload;
    }
  return nullptr;
}

// White space, two dashes and a letter: dashes between words are prose.
std::size_t find_argument(std::string_view text) {
  for (std::size_t at = text.find(kDashes); at != text.npos;
       at = text.find(kDashes, at + 1)) {
    const std::size_t name = at + kDashes.size();
    if (at > 0 && is_space(text[at - 1]) && name < text.size() &&
        is_letter(text[name]))
      return at;
  }
  return text.npos;
}

void read_argument(std::string_view argument, Generation& generation) {
  const std::size_t end = argument.find_first_of(" \t\r\n");
  const std::string_view name = argument.substr(0, end);
  const std::string_view value =
      end == argument.npos ? std::string_view() : trimmed(argument.substr(end));
  for (const FieldRule& rule : kRules)
    if (rule.key == name && !value.empty() &&
        set_field(generation, rule.field, value))
      return;
  add_extra(generation, name, value);
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>&) {
  const Payload* const description = find_description(payloads);
  if (description == nullptr) return false;
  std::string_view text = description->text();
  const std::size_t job = text.rfind(kJob);
  const std::string_view id = text.substr(job + kJob.size());
  text = trimmed(text.substr(0, job));
  generation.software = "midjourney";
  std::size_t next = find_argument(text);
  generation.prompt = with_lf(trimmed(text.substr(0, next)));
  while (next != text.npos) {
    text.remove_prefix(next + kDashes.size());
    next = find_argument(text);
    read_argument(trimmed(text.substr(0, next)), generation);
  }
  add_extra(generation, "Job ID", id);
  return true;
}

}  // namespace

extern const ParserRow midjourney_row = {
    "midjourney", "midjourney", "PNG `Description`, XMP dc:description", read};

}  // namespace sdmeta
