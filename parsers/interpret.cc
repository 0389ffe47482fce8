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

// What is wrong with the text of one row is the record's error only if no row
// has read anything.
void refuse(Error error, Interpretation& result) {
  if (!result.error)
    result.error = std::move(error);
  else
    result.warnings.push_back(std::move(error));
}

// False if there was nothing to read, or if it was broken; `generation` is
// empty then.
bool try_row(const ParserRow& row, const Payloads& payloads,
             Generation& generation, Interpretation& result) {
  const Result<bool> is_read = row.read(payloads, generation, result.warnings);
  if (is_read) return *is_read;
  generation = {};
  refuse(is_read.error(), result);
  return false;
}

void run_table(const Payloads& payloads, Interpretation& result) {
  auto rows = parser_table();
  Generation& generation = result.generation.emplace();
  while (!rows.empty() && !try_row(*rows.front(), payloads, generation, result))
    rows = rows.subspan(1);
  if (rows.empty()) {
    result.generation.reset();
    return;
  }
  if (rows.front()->is_partial) {
    Generation other;
    for (const ParserRow* const row : rows.subspan(1)) {
      if (!row->fills_gaps || !try_row(*row, payloads, other, result)) continue;
      fill_gaps(generation, std::move(other));
      break;
    }
  }
  // Resources may stand in infotext, the LoRAs in the graph beside it.
  attach_version_ids(generation);
  normalize_sampler(generation);
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
  if (image.fields.empty()) return;
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
