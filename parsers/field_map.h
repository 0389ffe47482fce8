// Which key of a writer's JSON object fills which field of a Generation. Most
// JSON writers differ in nothing else, so each is a table of these rules; what
// no rule names goes to `extra`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "extractor/error.h"
#include "parsers/generation.h"
#include "parsers/json.h"

namespace sdmeta {

enum class Field : std::uint8_t {
  kPrompt,
  kNegativePrompt,
  kSteps,
  kSampler,
  kScheduler,
  kCfgScale,
  kGuidance,
  kSeed,
  kWidth,
  kHeight,
  kSize,  // both: "832 x 1216", "(832, 1216)", [832, 1216]
  kModel,
  kModelHash,
  kVae,
  kClipSkip,           // negative layer indices (-2) count as 2
  kDenoisingStrength,  // 0 to 1; anything else does not fit
  kSoftwareVersion,
  kHiresUpscale,
  kHiresUpscaler,
  kHiresSteps,              // 0, as many as the first pass, leaves it absent
  kHiresDenoisingStrength,  // as above
  kHiresSize,
  kElsewhere,  // read by code of the writer's own: not for `extra`
};

struct FieldRule {
  std::string_view key;  // exact
  Field field;
};

/// Sets one field from text. False if the text does not fit it, or if the field
/// has a value already. Placeholders, empty names and sizes of 0 fit, and leave
/// the field absent. Prompts get LF line ends.
bool set_field(Generation& generation, Field field, std::string_view text);

/// The same from JSON. Null fits every field and sets none.
bool set_field(Generation& generation, Field field, JsonValue value);

/// Applies `rules` to the members of `object` in their order. Members without a
/// rule, and those that do not fit their field, go to `extra`, nulls excepted; a
/// number that does not fit is noted as well.
void read_fields(JsonValue object, std::span<const FieldRule> rules,
                 Generation& generation, std::vector<Error>& notes);

/// Appends to `extra`; null and missing values are nothing to append.
void add_extra(Generation& generation, std::string_view key, JsonValue value);
void add_extra(Generation& generation, std::string_view key,
               std::string_view value);

/// Appends a LoRA under its name as written; a placeholder names none.
void add_lora(Generation& generation, std::string_view name,
              std::optional<double> weight,
              std::optional<std::string> hash = std::nullopt);

/// Splits a schedule off the sampler's name if the writer has no key for it.
void split_scheduler(Generation& generation);

/// The items of an array as text, or of a list in one string: JSON, a Python
/// repr (`['a', 'b']`), or plain commas.
std::vector<std::string> list_of(JsonValue value);
std::vector<std::string> list_in(std::string_view text, const Limits& limits);

/// Name of a model that is written as a string or as an object with a member
/// `name` or `model_name`. Nothing for placeholders.
std::optional<std::string> model_name_of(JsonValue model);

/// A malformed-payload error, for a parser's Result.
Error malformed(std::string_view key, std::string_view what);

}  // namespace sdmeta
