// Who wrote an infotext, and what each writer does differently from A1111.
#pragma once

#include "parsers/infotext.h"
#include "parsers/infotext_fields.h"
#include "parsers/payload.h"

namespace sdmeta {

/// Sets `software` and `software_version`, and reads what only this writer's
/// text says: before `SettingsReader::read_fields`, whose values then yield.
void apply_dialect(const Payloads& payloads, SettingsReader& settings,
                   const Limits& limits, Generation& generation);

}  // namespace sdmeta
