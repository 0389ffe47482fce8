// Expected results kept as files beside the fixtures.
// SDMETA_UPDATE_GOLDENS=1 rewrites them; the diff is the review.
#pragma once

#include <filesystem>
#include <string>

#include "parsers/interpret.h"

namespace sdmeta {

/// The interpretation as indented JSON, absent members left out. Written with
/// nlohmann/json, so that it shares no code with the program's encoder.
std::string describe(const Interpretation& interpretation);

/// Compares `actual` with the file, or rewrites the file under
/// SDMETA_UPDATE_GOLDENS=1. Returns what differs; empty if nothing does.
std::string compare_with_golden(const std::filesystem::path& golden,
                                const std::string& actual);

}  // namespace sdmeta
