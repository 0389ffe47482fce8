#include "parsers/comfy_workflow_texts.h"

#include <algorithm>
#include <optional>

#include "parsers/comfy_values.h"

namespace sdmeta {
namespace {

std::optional<std::string_view> first_text(JsonValue widgets) {
  JsonValue value = plain_value(widgets);
  if (value.is_array()) value = plain_value(value[0]);
  if (value.is_object()) value = plain_value(value["text"]);
  return value.string();
}

// A node that a text is wanted of. Ids inside subgraphs end with the inner id.
struct Wanted {
  std::string_view local_id;
  NodeIndex node;
};

// In the order of their inner ids.
std::vector<Wanted> wanted_nodes(const Graph& api,
                                 std::span<const std::string_view> ids) {
  std::vector<std::string_view> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<Wanted> wanted;
  for (std::size_t i = 0; i < api.size(); ++i) {
    const auto node = static_cast<NodeIndex>(i);
    const std::string_view id = api.node(node).id;
    if (std::binary_search(sorted.begin(), sorted.end(), id))
      wanted.push_back({id.substr(id.rfind(':') + 1), node});
  }
  std::stable_sort(
      wanted.begin(), wanted.end(),
      [](const Wanted& a, const Wanted& b) { return a.local_id < b.local_id; });
  return wanted;
}

}  // namespace

std::string without_editor_comments(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool block_ends = true;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = text.npos;
    if (text.substr(i).starts_with("/*")) {
      if (block_ends) end = text.find("*/", i + 2);
      if (end != text.npos) {
        i = end + 2;
        continue;
      }
      block_ends = false;  // nor does any later one
    }
    if (text.substr(i).starts_with("//")) {
      end = text.find('\n', i);
      if (end == text.npos) break;
      i = end;
      continue;
    }
    result += text[i++];
  }
  return result;
}

std::vector<WorkflowText> workflow_texts(
    JsonValue workflow, const Graph& api,
    std::span<const std::string_view> ids) {
  std::vector<WorkflowText> texts;
  const std::vector<Wanted> wanted = wanted_nodes(api, ids);
  const auto look = [&](JsonValue nodes, bool is_inner) {
    nodes.for_each_element([&](JsonValue node) {
      const std::string own = node["id"].text();
      auto at = std::lower_bound(wanted.begin(), wanted.end(), own,
                                 [](const Wanted& entry, std::string_view key) {
                                   return entry.local_id < key;
                                 });
      for (; at != wanted.end() && at->local_id == own; ++at) {
        const GraphNode& held_by = api.node(at->node);
        if (is_inner == (held_by.id.size() == own.size()) ||
            held_by.class_type != node["type"].string().value_or(""))
          continue;
        if (const auto text = first_text(node["widgets_values"]))
          texts.push_back({held_by.id, std::string(*text)});
      }
    });
  };
  look(workflow["nodes"], false);
  workflow["definitions"]["subgraphs"].for_each_element(
      [&](JsonValue definition) { look(definition["nodes"], true); });
  return texts;
}

}  // namespace sdmeta
