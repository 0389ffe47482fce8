// One text chunk for each parameter, by programs that no other row knows
// (generic_rules.h). Told apart are AI Runner, by its `action`
// (`prepare_metadata` in https://github.com/Capsize-Games/airunner), gen_img.py
// of https://github.com/kohya-ss/sd-scripts, by its `scale`, and the web UI of
// hlky and Sygil, which puts `SD:` in front of its keys (`save_sample` in
// https://github.com/Sygil-Dev/sygil-webui/blob/master/scripts/webui_streamlit.py),
// as mold does `mold:` in animations (its images have JSON, too).
//
//   prompt: a cat
//   seed: 7
//   steps: 50
//   scale: 7.5
//   negative-prompt: dog
#include <algorithm>
#include <vector>

#include "parsers/field_map.h"
#include "parsers/generic_rules.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// Keys are the writer's own there, and no tags.
bool is_pair(const Payload& payload) {
  switch (payload.field().carrier) {
    case Carrier::kPngText:
    case Carrier::kPngZtxt:
    case Carrier::kPngItxt:
    case Carrier::kMp4Mdta:
    case Carrier::kMatroskaTag: return payload.key() != "workflow";
    default: return false;
  }
}

bool is_chunk(const Payload& payload) {
  return is_pair(payload) && !payload.looks_like_json();
}

std::string_view without_prefix(std::string_view key) {
  for (const std::string_view prefix : {"SD:", "mold:"})
    if (key.starts_with(prefix)) return key.substr(prefix.size());
  return key;
}

const Payload* find_chunk(const Payloads& payloads, std::string_view key) {
  for (const Payload& payload : payloads.all())
    if (without_prefix(payload.key()) == key && is_chunk(payload))
      return &payload;
  return nullptr;
}

// A key counts if its value fits, since `Size` and `Model` are anybody's words.
bool has_fitting(const Payloads& payloads, const FieldRule& rule) {
  const Payload* const chunk = find_chunk(payloads, rule.key);
  Generation empty;
  return chunk != nullptr && !chunk->text().empty() &&
         set_field(empty, rule.field, chunk->text());
}

// `prompt` and `seed` need no more: FramePack Studio writes only those. Screens
// of games have a `Seed`, and any program a `text`.
bool are_parameters(const Payloads& payloads) {
  if (payloads.find("mold:parameters") != nullptr) return false;  // the whole
  std::vector<Field> fields;
  for (const FieldRule& rule : generic_rules())
    if (has_fitting(payloads, rule)) fields.push_back(rule.field);
  return describe_generation(fields) ||
         (has_fitting(payloads, {"prompt", Field::kPrompt}) &&
          has_fitting(payloads, {"seed", Field::kSeed}));
}

std::string_view software_of(const Payloads& payloads) {
  if (payloads.find("SD:prompt") != nullptr) return "sygil";
  if (payloads.find("mold:prompt") != nullptr) return "mold";
  if (find_chunk(payloads, "scale") == nullptr) return "unknown-chunks";
  return find_chunk(payloads, "action") != nullptr ? "airunner" : "sd-scripts";
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>&) {
  if (!are_parameters(payloads)) return false;
  generation.software = software_of(payloads);
  std::vector<const Payload*> taken;
  for (const FieldRule& rule : generic_rules()) {
    const Payload* const chunk = find_chunk(payloads, rule.key);
    if (chunk != nullptr && rule.field != Field::kElsewhere &&
        set_field(generation, rule.field, chunk->text()))
      taken.push_back(chunk);
  }
  for (const Payload& payload : payloads.all())
    if (is_pair(payload) &&
        std::find(taken.begin(), taken.end(), &payload) == taken.end())
      add_extra(generation, payload.key(), payload.text());
  split_scheduler(generation);
  return true;
}

}  // namespace

extern const ParserRow generic_chunks_row = {
    "generic_chunks", "airunner sd-scripts sygil mold unknown-chunks",
    "one PNG chunk for each parameter", read};

}  // namespace sdmeta
