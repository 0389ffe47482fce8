// NovelAI. PNG: one text chunk each for Title, Description (the prompt),
// Software, Source (the model) and Comment (JSON with everything else), and the
// same again as stealth data. WebP: all of it as one JSON object in UserComment.
// https://github.com/NovelAI/novelai-image-metadata
//
//   {"prompt": "1girl", "steps": 28, "scale": 5.0, "seed": 1, "uc": "lowres",
//    "sampler": "k_euler_ancestral", "noise_schedule": "karras",
//    "v4_prompt": {"caption": {"base_caption": "1girl", "char_captions":
//      [{"char_caption": "boy", "centers": [{"x": 0.5, "y": 0.5}]}]}}, ...}
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::array<FieldRule, 14> kRules = {{
    {"prompt", Field::kElsewhere},
    {"uc", Field::kElsewhere},
    {"negative_prompt", Field::kElsewhere},
    {"v4_prompt", Field::kElsewhere},
    {"v4_negative_prompt", Field::kElsewhere},
    {"steps", Field::kSteps},
    {"height", Field::kHeight},
    {"width", Field::kWidth},
    {"scale", Field::kCfgScale},
    {"seed", Field::kSeed},
    {"sampler", Field::kSampler},
    {"noise_schedule", Field::kScheduler},
    {"strength", Field::kDenoisingStrength},
    {"clip_skip", Field::kClipSkip},
}};

constexpr std::array<std::string_view, 5> kCommentMarks = {
    "v4_prompt", "noise_schedule", "uncond_scale", "signed_hash", "uc"};

bool is_comment(JsonValue object) {
  // Draw Things has a `uc` too, and its prompt is `c`.
  if (object["c"] || object["class_type"]) return false;
  for (const std::string_view mark : kCommentMarks)
    if (!object[mark].is_missing()) return true;
  return false;
}

// The parts, wherever they stand.
struct Parts {
  std::string_view title;
  std::string_view description;
  std::string_view software;
  std::string_view source;
  std::string_view generation_time;
  JsonValue comment;
  JsonDocument comment_document;  // owns `comment` where that was a string
};

// {"Comment": "{...}", "Software": "NovelAI", ...}: WebP and stealth data.
const Payload* find_wrapper(const Payloads& payloads) {
  const Payload* payload = payloads.find_object_with("Comment");
  if (payload == nullptr) return nullptr;
  const JsonValue root = payload->json();
  return root["Software"] || root["Source"] || root["Description"] ? payload
                                                                  : nullptr;
}

const Payload* find_comment(const Payloads& payloads) {
  for (const std::string_view mark : kCommentMarks)
    if (const Payload* payload = payloads.find_object_with(mark))
      if (is_comment(payload->json())) return payload;
  return nullptr;
}

// Payload texts are trimmed of NULs at their ends, JSON members are not: the
// WebP writer puts four in front of the description.
std::string_view without_nuls(std::string_view text) {
  while (text.starts_with('\0')) text.remove_prefix(1);
  while (text.ends_with('\0')) text.remove_suffix(1);
  return text;
}

void read_wrapper(JsonValue root, const Limits& limits, Parts& parts) {
  const auto take = [&](std::string_view& part, std::string_view key) {
    if (const auto text = root[key].string()) part = without_nuls(*text);
  };
  take(parts.title, "Title");
  take(parts.description, "Description");
  take(parts.software, "Software");
  take(parts.source, "Source");
  take(parts.generation_time, "Generation time");
  parts.comment = root["Comment"];
  if (const auto text = parts.comment.string()) {
    parts.comment_document = parse_json(*text, limits);
    parts.comment = parts.comment_document.root();
  }
}

// Nothing if NovelAI wrote none of them.
std::optional<Parts> find_parts(const Payloads& payloads) {
  const Payload* const wrapper = find_wrapper(payloads);
  const Payload* const comment =
      wrapper == nullptr ? find_comment(payloads) : nullptr;
  if (wrapper == nullptr && comment == nullptr &&
      !payloads.text_of("Software").starts_with("NovelAI") &&
      !payloads.text_of("Source").starts_with("NovelAI"))
    return std::nullopt;
  Parts parts;
  parts.title = payloads.text_of("Title");
  if (parts.title.empty()) parts.title = payloads.text_of("DocumentName");
  parts.description = payloads.text_of("Description");
  if (parts.description.empty())
    parts.description = payloads.text_of("ImageDescription");
  parts.software = payloads.text_of("Software");
  parts.source = payloads.text_of("Source");
  parts.generation_time = payloads.text_of("Generation time");
  if (wrapper != nullptr)
    read_wrapper(wrapper->json(), payloads.limits(), parts);
  else if (comment != nullptr)
    parts.comment = comment->json();
  else
    parts.comment = payloads.json_of("Comment");
  // WebP repeats the source as the Software tag.
  if (parts.source.empty() && parts.software.size() > 8)
    parts.source = parts.software;
  return parts;
}

// `NovelAI Diffusion V4.5 4BDE2A90`: the hash is the last word.
void read_source(std::string_view source, Generation& generation) {
  constexpr std::size_t kHashDigits = 8;
  source = trimmed(source);
  const std::size_t space = source.rfind(' ');
  const std::string_view last =
      space == source.npos ? std::string_view() : source.substr(space + 1);
  const bool is_hash =
      last.size() == kHashDigits &&
      last.find_first_not_of("0123456789ABCDEFabcdef") == last.npos;
  set_field(generation, Field::kModel,
            is_hash ? source.substr(0, space) : source);
  if (is_hash) set_field(generation, Field::kModelHash, last);
}

// Characters have their own positive and negative captions, in the same order.
void read_characters(JsonValue positive, JsonValue negative,
                     Generation& generation) {
  const auto read = [&](JsonValue captions, auto member) {
    std::size_t index = 0;
    captions.for_each_element([&](JsonValue caption) {
      if (index == generation.prompts.size())
        generation.prompts.push_back({"character", {}, {}});
      if (const auto text = caption["char_caption"].string())
        generation.prompts[index].*member = std::string(*text);
      ++index;
    });
  };
  read(positive, &PromptPart::prompt);
  read(negative, &PromptPart::negative_prompt);
}

// What `v4_prompt` says besides the captions, and where the characters stand.
void keep_rest(JsonValue v4, std::string_view key, Generation& generation) {
  v4.for_each_member([&](std::string_view name, JsonValue value) {
    if (name != "caption")
      add_extra(generation, std::string(key) + "." + std::string(name), value);
  });
  const JsonValue characters = v4["caption"]["char_captions"];
  if (characters.size() > 0)
    add_extra(generation, std::string(key) + ".char_captions", characters);
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  const auto found = find_parts(payloads);
  if (!found) return false;
  const Parts& parts = *found;
  if (!parts.comment.is_object() && parts.description.empty())
    return malformed("Comment", "is no JSON, and there is no Description");
  generation.software = "novelai";
  const JsonValue comment = parts.comment;
  read_fields(comment, kRules, generation, notes);

  const JsonValue v4 = comment["v4_prompt"];
  const JsonValue v4_negative = comment["v4_negative_prompt"];
  for (const JsonValue prompt : {v4["caption"]["base_caption"],
                                 comment["prompt"]})
    if (const auto text = prompt.string(); text && !generation.prompt)
      set_field(generation, Field::kPrompt, *text);
  if (!generation.prompt && !parts.description.empty())
    set_field(generation, Field::kPrompt, parts.description);
  for (const JsonValue negative : {v4_negative["caption"]["base_caption"],
                                   comment["uc"], comment["negative_prompt"]})
    if (const auto text = negative.string(); text && !generation.negative_prompt)
      set_field(generation, Field::kNegativePrompt, *text);
  read_characters(v4["caption"]["char_captions"],
                  v4_negative["caption"]["char_captions"], generation);
  keep_rest(v4, "v4_prompt", generation);
  keep_rest(v4_negative, "v4_negative_prompt", generation);

  if (!parts.source.empty()) read_source(parts.source, generation);
  if (!parts.title.empty()) add_extra(generation, "Title", parts.title);
  if (!parts.generation_time.empty())
    add_extra(generation, "Generation time", parts.generation_time);
  return true;
}

}  // namespace

extern const ParserRow novelai_row = {
    "novelai", "novelai",
    "PNG `Comment` JSON with `Software`; WebP UserComment; stealth data", read};

}  // namespace sdmeta
