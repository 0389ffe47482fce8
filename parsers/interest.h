// Which text of an image might be a prompt or parameters. Tells `unrecognized`
// (there was something, nobody knows what) from `no_metadata`.
#pragma once

#include "parsers/payload.h"

namespace sdmeta {

/// False for what editors, cameras and converters leave: software names, dates,
/// camera settings, `Created with GIMP`, colour profiles, resolution.
bool is_text_of_interest(const Payload& payload);

bool has_text_of_interest(const Payloads& payloads);

}  // namespace sdmeta
