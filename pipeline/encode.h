// A Record as one line of JSON: schema 1, every key always present, in the
// order of pipeline/schema.cc. Written by hand because a general JSON library
// costs several times what reading the file costs; tests hold it to one.
#pragma once

#include <string>

#include "pipeline/record.h"

namespace sdmeta {

/// Appends `record` and '\n' to `out`. What is written is valid UTF-8 whatever
/// the record holds: an undecodable byte 0xNN is U+FFFD, in `file`, `member`
/// and `raw` U+EFNN. Numbers that JSON does not have (infinite, NaN), and ids
/// past 2^63 - 1, which no reader of columns takes, are null. May throw
/// std::bad_alloc.
void append_record(std::string& out, const Record& record, bool with_raw);

}  // namespace sdmeta
