// What is in one image, as text for a person on a terminal.
#pragma once

#include <string>

#include "pipeline/record.h"

namespace sdmeta {

/// `record` must have its fields (StageOptions::with_raw). Lines are wrapped at
/// `width` columns; ends in a newline. Control characters of the file are shown
/// as \xNN.
std::string describe_for_person(const Record& record, std::size_t width);

/// The record as it would be written by extract, indented.
std::string describe_as_json(const Record& record);

}  // namespace sdmeta
