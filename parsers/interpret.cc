#include "parsers/interpret.h"

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "parsers/civitai_resources.h"
#include "parsers/interest.h"
#include "parsers/lora_tags.h"
#include "parsers/merge.h"
#include "parsers/parser_table.h"
#include "parsers/sampler_names.h"

namespace sdmeta {
namespace {

void run_table(const Payloads& payloads, Interpretation& result) {
  const auto refuse = [&](Error error) {
    if (!result.error)
      result.error = std::move(error);
    else
      result.warnings.push_back(std::move(error));
  };
  for (const ParserRow* row : parser_table()) {
    if (result.generation && !row->fills_gaps) continue;
    if (!row->claims(payloads)) continue;
    if (result.generation) {
      Generation other;
      if (auto error = row->parse(payloads, other, result.warnings)) {
        refuse(std::move(*error));
        continue;
      }
      fill_gaps(*result.generation, std::move(other));
      break;
    }
    if (auto error = row->parse(payloads, result.generation.emplace(),
                                result.warnings)) {
      result.generation.reset();
      refuse(std::move(*error));
      continue;
    }
    if (!row->is_partial) break;
  }
  if (!result.generation) return;
  // Resources may stand in infotext, the LoRAs in the graph beside it.
  attach_version_ids(*result.generation);
  normalize_sampler(*result.generation);
  if (result.error) {
    result.warnings.push_back(std::move(*result.error));
    result.error.reset();
  }
}

void note_repairs(const Payloads& payloads, std::vector<Error>& warnings) {
  for (const Payload& payload : payloads.all()) {
    if (!payload.is_parsed() || !payload.document().repair()) continue;
    Error note = *payload.document().repair();
    note.detail.insert(0, std::string(payload.key()) + ": ");
    warnings.push_back(std::move(note));
  }
}

void note_bounds(const Payloads& payloads, Interpretation& result) {
  if (payloads.has_dropped_members())
    result.warnings.push_back(
        {ErrorCode::kTooManyFields,
         "of an object that holds texts only the first members are read",
         {}});
  if (result.generation && result.generation->loras.size() >= kMostNetworkTags)
    result.warnings.push_back({ErrorCode::kTooManyFields,
                               "loras: only the first " +
                                   std::to_string(kMostNetworkTags) +
                                   " tags of a prompt are read",
                               {}});
}

}  // namespace

void interpret(const ImageFields& image, const Limits& limits,
               Interpretation& result) noexcept {
  try {
    const Payloads payloads(image, limits);
    run_table(payloads, result);
    note_repairs(payloads, result.warnings);
    note_bounds(payloads, result);
    result.has_text =
        result.generation || result.error || has_text_of_interest(payloads);
  } catch (const std::bad_alloc&) {  // the machine's fault, not the text's
    result = {};
    result.error = Error{ErrorCode::kUnreadable, "out of memory", {}};
    result.has_text = true;
  } catch (const std::exception& exception) {
    result.generation.reset();
    result.error = Error{ErrorCode::kMalformed, exception.what(), {}};
    result.has_text = true;
  }
}

Interpretation interpret(const ImageFields& image,
                         const Limits& limits) noexcept {
  Interpretation result;
  interpret(image, limits, result);
  return result;
}

}  // namespace sdmeta
