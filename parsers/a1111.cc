// Infotext wherever it is found. Writer: `create_infotext` in
// modules/processing.py of
// https://github.com/AUTOMATIC1111/stable-diffusion-webui, and all who imitate
// it (infotext_dialects.h).
//   Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x768, ...
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "parsers/civitai_resources.h"
#include "parsers/infotext.h"
#include "parsers/infotext_dialects.h"
#include "parsers/infotext_fields.h"
#include "parsers/parser_table.h"
#include "parsers/postprocessing.h"
#include "parsers/regional_prompts.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

bool is_one_of(std::string_view key, std::string_view a, std::string_view b) {
  return equal_ignoring_case(key, a) || equal_ignoring_case(key, b);
}

// `[1, 2, 3]` is no prompt, but numbers of something else.
bool is_list_of_numbers(std::string_view text) {
  return text.starts_with('[') && !has_letter(text);
}

// Text under these keys is a prompt even if it has no settings.
bool is_parameters(const Payload& payload) {
  return is_one_of(payload.field().key, "parameters", "sdcpp:parameters");
}

// Prompts may begin with a brace or a bracket, but JSON, also if it was cut, is
// none. JSON never has a line that begins with Steps.
bool is_text(const Payload& payload) {
  const std::string_view text = payload.whole_text();
  if (text.empty() || payload.field().encoding == Encoding::kBytes)
    return false;
  if (payload.looks_like_json() || text == "{") return false;
  return text.front() == '{' || !starts_like_json(text) ||
         text.find("\nSteps: ") != std::string_view::npos;
}

const Payload* find_graph(const Payloads& payloads) {
  for (const std::string_view key : {"prompt", "workflow"})
    if (const Payload* const payload = payloads.find(key);
        payload != nullptr && payload->looks_like_json())
      return payload;
  return nullptr;
}

// The first text that can only be infotext; else the first that stands where
// infotext stands, if no graph beside it says more; else null. The Extras tab's
// text counts only where it repeats the parameters and nothing else has them:
// of an image that was enlarged twice it stands in front of them.
const Payload* choose(const Payloads& payloads) {
  const Payload* likely = nullptr;
  const Payload* repeated = nullptr;
  for (const Payload& payload : payloads.all()) {
    if (!is_text(payload)) continue;
    if (is_postprocessing(payload)) {
      if (payload.is_infotext() && payload.infotext().prompt)
        repeated = &payload;
      continue;
    }
    if (payload.is_infotext()) return &payload;
    if (likely == nullptr && is_parameters(payload) &&
        !is_list_of_numbers(payload.whole_text()))
      likely = &payload;
  }
  if (repeated != nullptr) return repeated;
  if (likely == nullptr) return nullptr;
  const Payload* const graph = find_graph(payloads);
  return graph != nullptr && graph->json() ? nullptr : likely;
}

bool has_postprocessing(const Payloads& payloads) {
  return std::any_of(payloads.all().begin(), payloads.all().end(),
                     [](const Payload& payload) {
                       return is_text(payload) && is_postprocessing(payload);
                     });
}

void note_doubts(const Infotext& infotext, const Limits& limits,
                 std::vector<Error>& notes) {
  if (infotext.is_cut)
    notes.push_back({ErrorCode::kFieldTooLarge,
                     "settings line has more than " +
                         std::to_string(limits.max_settings) + " settings",
                     {}});
  if (infotext.form == InfotextForm::kPlain)
    notes.push_back({ErrorCode::kLowConfidence,
                     "no settings line: all of the text is taken as the prompt",
                     {}});
}

// Texts that came from different tools: a saver, then an upscaler.
void note_other_texts(const Payloads& payloads, const Payload& chosen,
                      std::vector<Error>& notes) {
  for (const Payload& payload : payloads.all()) {
    if (&payload == &chosen || !is_text(payload) || !is_parameters(payload) ||
        payload.whole_text() == chosen.whole_text())
      continue;
    notes.push_back({ErrorCode::kLowConfidence,
                     "another text of parameters in the same image differs",
                     {}});
    return;
  }
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const Payload* const payload = choose(payloads);
  const bool is_postprocessed = has_postprocessing(payloads);
  if (payload == nullptr && !is_postprocessed) return false;
  const Limits& limits = payloads.limits();
  generation.software = "a1111";
  if (payload != nullptr) {
    const Infotext& infotext = payload->infotext();
    if (infotext.prompt) generation.prompt = std::string(*infotext.prompt);
    if (infotext.negative_prompt)
      generation.negative_prompt = std::string(*infotext.negative_prompt);
    SettingsReader settings(infotext.settings, limits, generation, notes);
    apply_dialect(payloads, settings, limits, generation);
    settings.read_fields();
    add_regional_prompts(settings, limits, generation);
    settings.keep_rest();
    generation.extra.insert(generation.extra.end(), infotext.blocks.begin(),
                            infotext.blocks.end());
    note_doubts(infotext, limits, notes);
    note_other_texts(payloads, *payload, notes);
  }
  if (is_postprocessed)
    add_postprocessing(payloads, payload, generation, notes);
  // Beside a graph the LoRAs have their file names there.
  if (find_graph(payloads) == nullptr) apply_civitai_resources(generation);
  return true;
}

}  // namespace

extern const ParserRow a1111_row = {
    .name = "a1111",
    .software =
        "a1111 forge forge-classic forge-neo reforge easy-reforge sd-next "
        "comfyui civitai fooocus ruined-fooocus stability-matrix artbot "
        "draw-things krita stable-diffusion.cpp",
    .where =
        "PNG text `parameters`, Exif UserComment, JPEG and GIF comments, XMP, "
        "stealth pixels",
    .read = read,
    .is_partial = true};

}  // namespace sdmeta
