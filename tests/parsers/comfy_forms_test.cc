// ComfyUI writes a scene twice: as it was executed, and as the editor shows it.
// Whichever is left in a file, the record is the same.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "parsers/interpret.h"
#include "tests/support/fields_file.h"
#include "tests/support/golden.h"

namespace sdmeta {
namespace {

using Json = nlohmann::ordered_json;

// Nodes of the editor alone are no part of what is executed.
bool is_executed(const Json& graph) {
  if (!graph.is_object() || graph.empty()) return false;
  for (const Json& node : graph) {
    if (!node.is_object() || !node.contains("class_type") ||
        !node.contains("inputs") || !node["inputs"].is_object())
      return false;
    const std::string type = node["class_type"].get<std::string>();
    if (type == "Reroute" || type == "PrimitiveNode") return false;
  }
  return true;
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// The same nodes, numbered anew, with their links in a list and their widgets
// by name.
Json editor_file_of(const Json& graph) {
  std::map<std::string, int> ids;
  for (const auto& [id, node] : graph.items())
    ids.emplace(id, static_cast<int>(ids.size()) + 1);
  Json nodes = Json::array();
  Json links = Json::array();
  for (const auto& [id, node] : graph.items()) {
    Json inputs = Json::array();
    Json widgets = Json::object();
    for (const auto& [name, value] : node["inputs"].items()) {
      const auto origin = value.is_array() && value.size() == 2
                              ? ids.find(text_of(value[0]))
                              : ids.end();
      if (origin == ids.end() || !value[1].is_number()) {
        widgets[name] = value;
        continue;
      }
      const std::size_t link = links.size() + 1;
      links.push_back(
          {link, origin->second, value[1], ids[id], inputs.size(), "*"});
      inputs.push_back({{"name", name}, {"type", "*"}, {"link", link}});
    }
    nodes.push_back({{"id", ids[id]},
                     {"type", node["class_type"]},
                     {"mode", 0},
                     {"inputs", inputs},
                     {"outputs", Json::array()},
                     {"widgets_values", widgets}});
    if (node.contains("_meta")) nodes.back()["title"] = node["_meta"]["title"];
  }
  return {{"nodes", nodes}, {"links", links}, {"version", 0.4}};
}

TEST(ComfyForms, TheEditorsFileOfAnExecutedGraphGivesTheSameRecord) {
  std::size_t compared = 0;
  for (const auto& path : all_fields_files()) {
    const ImageFields image = read_fields_file(path);
    if (image.fields.size() != 1 || image.fields[0].key != "prompt") continue;
    const std::string& text = image.fields[0].value;
    const Json graph = Json::parse(text, nullptr, false);
    if (graph.is_discarded() || !is_executed(graph)) continue;
    ++compared;
    const auto record = [](std::string key, std::string value) {
      return describe(
          interpret(fields(std::move(key), std::move(value)), Limits{}));
    };
    EXPECT_EQ(record("workflow", editor_file_of(graph).dump()),
              record("prompt", text))
        << path;
  }
  EXPECT_GT(compared, 200u);
}

}  // namespace
}  // namespace sdmeta
