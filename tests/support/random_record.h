// Records with every member sometimes there and sometimes not, and with text
// that is hard to write as JSON.
#pragma once

#include <random>

#include "pipeline/record.h"

namespace sdmeta {

Record random_record(std::mt19937& random);

}  // namespace sdmeta
