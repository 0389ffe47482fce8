// Names under which programs that nobody knows write their parameters: scripts
// around diffusers, bots, small web services.
#pragma once

#include <span>

#include "parsers/field_map.h"

namespace sdmeta {

/// In order of preference, where two keys mean the same field.
std::span<const FieldRule> generic_rules();

/// True if a program that wrote these fields described a generation: a prompt and
/// two more that tell it from any other data with a `text` in it.
bool describe_generation(std::span<const Field> fields);

}  // namespace sdmeta
