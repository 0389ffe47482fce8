#include "tests/support/comfy_graphs.h"

#include <map>
#include <utility>

#include "tests/support/fields_file.h"

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

std::vector<FixtureGraph> read_graphs() {
  std::vector<FixtureGraph> graphs;
  for (const auto& path : all_fields_files()) {
    const ImageFields image = read_fields_file(path);
    if (image.fields.size() != 1 || image.fields[0].key != "prompt") continue;
    Json nodes = Json::parse(image.fields[0].value, nullptr, false);
    if (nodes.is_discarded() || !is_executed(nodes)) continue;
    graphs.push_back({path.stem().string(), std::move(nodes)});
  }
  return graphs;
}

}  // namespace

const std::vector<FixtureGraph>& executed_graphs() {
  static const std::vector<FixtureGraph> graphs = read_graphs();
  return graphs;
}

std::string linked_node(const Json& nodes, const Json& value) {
  if (!value.is_array() || value.size() != 2 || !value[1].is_number())
    return {};
  const std::string id =
      value[0].is_string() ? value[0].get<std::string>() : value[0].dump();
  return nodes.contains(id) ? id : std::string();
}

Json editor_file_of(const Json& nodes) {
  std::map<std::string, int> ids;
  for (const auto& [id, node] : nodes.items())
    ids.emplace(id, static_cast<int>(ids.size()) + 1);
  Json saved = Json::array();
  Json links = Json::array();
  for (const auto& [id, node] : nodes.items()) {
    Json inputs = Json::array();
    Json widgets = Json::object();
    for (const auto& [name, value] : node["inputs"].items()) {
      const std::string origin = linked_node(nodes, value);
      if (origin.empty()) {
        widgets[name] = value;
        continue;
      }
      const std::size_t link = links.size() + 1;
      links.push_back(
          {link, ids[origin], value[1], ids[id], inputs.size(), "*"});
      inputs.push_back({{"name", name}, {"type", "*"}, {"link", link}});
    }
    saved.push_back({{"id", ids[id]},
                     {"type", node["class_type"]},
                     {"mode", 0},
                     {"inputs", inputs},
                     {"outputs", Json::array()},
                     {"widgets_values", widgets}});
    if (node.contains("_meta")) saved.back()["title"] = node["_meta"]["title"];
  }
  return {{"nodes", saved}, {"links", links}, {"version", 0.4}};
}

}  // namespace sdmeta
