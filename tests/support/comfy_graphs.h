// ComfyUI graphs for tests that change all of them in some way: the executed
// graphs of the fixtures, and the editor's file that each could come from.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "extractor/raw_fields.h"

namespace sdmeta {

struct FixtureGraph {
  std::string name;  // of the fixture, without its ending
  nlohmann::ordered_json nodes;
};

/// The graphs of all fixtures that hold one as it was executed and nothing
/// else, sorted by path.
const std::vector<FixtureGraph>& executed_graphs();

/// Where the link `value` leads: the id of one of `nodes`; empty if it is none.
std::string linked_node(const nlohmann::ordered_json& nodes,
                        const nlohmann::ordered_json& value);

/// The same nodes as the editor saves them: numbered anew, with their links in
/// a list and their widgets by name.
nlohmann::ordered_json editor_file_of(const nlohmann::ordered_json& nodes);

}  // namespace sdmeta
