#include "parsers/comfy_group_nodes.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "parsers/comfy_widgets.h"
#include "parsers/sorted_pairs.h"

namespace sdmeta {
namespace {

// Links get ids: position of the node they enter * 1000 + input.
constexpr std::int64_t kStride = 1000;

std::int64_t link_id(std::int64_t node, std::int64_t input) {
  return node * kStride + input;
}

bool has_link_id(std::int64_t node, std::int64_t input) {
  return node >= 0 && node <= 65536 && input >= 0 && input < kStride;
}

// (position of a node, output), sorted.
using Outputs = std::vector<std::pair<std::int64_t, std::int64_t>>;

// Returns the outputs that are taken inside.
Outputs read_links(Scope& group, Graph& strings) {
  Outputs taken;
  group.definition["links"].for_each_element([&](JsonValue link) {
    const std::vector<JsonValue> parts = elements(link);
    if (parts.size() < 4) return;
    const auto from = parts[0].integer();
    const auto slot = parts[1].integer();
    const auto to = parts[2].integer();
    const auto input = parts[3].integer();
    if (!from || !slot || !to || !input || !has_link_id(*to, *input)) return;
    group.links.emplace_back(
        link_id(*to, *input),
        LinkOrigin{strings.keep(std::to_string(*from)), *slot});
    taken.emplace_back(*from, *slot);
  });
  sort_by_key(group.links);
  std::sort(taken.begin(), taken.end());
  return taken;
}

// Outputs that are seen outside although they are taken inside.
Outputs external_outputs(const Scope& group) {
  Outputs external;
  group.definition["external"].for_each_element([&](JsonValue entry) {
    external.emplace_back(entry[0].integer().value_or(-1),
                          entry[1].integer().value_or(-1));
  });
  std::sort(external.begin(), external.end());
  return external;
}

// What is not linked inside is an input or output of the group, in order.
void read_ends(Scope& group, const Outputs& taken, EditorFile& file,
               Graph& strings) {
  const Outputs external = external_outputs(group);
  const auto is_in = [](const Outputs& outputs, const auto& key) {
    return std::binary_search(outputs.begin(), outputs.end(), key);
  };
  std::vector<std::pair<std::int64_t, LinkOrigin>> entering;
  std::int64_t position = 0;
  std::int64_t next_output = 0;
  group.definition["nodes"].for_each_element([&](JsonValue node) {
    const std::size_t inputs = node["inputs"].size();
    const std::size_t outputs = node["outputs"].size();
    if (!file.spend((inputs + outputs) * kWorkOfALink)) return;
    for (std::size_t i = 0; i < inputs; ++i) {
      const std::int64_t id = link_id(position, static_cast<std::int64_t>(i));
      if (group.link(id) == nullptr)
        entering.emplace_back(
            id, LinkOrigin{kSubgraphInput,
                           static_cast<std::int64_t>(entering.size())});
    }
    for (std::size_t i = 0; i < outputs; ++i) {
      const std::pair key(position, static_cast<std::int64_t>(i));
      if (!is_in(taken, key) || is_in(external, key))
        group.outputs.emplace_back(
            next_output++,
            LinkOrigin{strings.keep(std::to_string(position)), key.second});
    }
    ++position;
  });
  group.links.insert(group.links.end(), entering.begin(), entering.end());
  sort_by_key(group.links);
}

// A group node shows the widgets of the nodes inside, one node after the other.
// Where it shows fewer, as some are hidden or wired, nothing says which.
void read_values(Scope& group) {
  std::vector<std::size_t> starts = {0};
  group.definition["nodes"].for_each_element([&](JsonValue node) {
    starts.push_back(starts.back() + node["widgets_values"].size());
  });
  if (starts.back() == group.values.size())
    group.value_starts = std::move(starts);
}

}  // namespace

void read_group_node(Scope& group, EditorFile& file, Graph& strings) {
  const std::size_t nodes = group.definition["nodes"].size();
  const std::size_t links = group.definition["links"].size();
  if (file.spend(links * kWorkOfALink + nodes))
    read_ends(group, read_links(group, strings), file, strings);
  if (!group.values.empty() && file.spend(nodes)) read_values(group);
}

const LinkOrigin* group_link(const Scope& group, std::int64_t node,
                             std::int64_t input) {
  return has_link_id(node, input) ? group.link(link_id(node, input)) : nullptr;
}

std::span<const JsonValue> group_values(const Scope& group, std::size_t node) {
  if (node + 1 >= group.value_starts.size()) return {};
  const std::size_t start = group.value_starts[node];
  return std::span(group.values)
      .subspan(start, group.value_starts[node + 1] - start);
}

}  // namespace sdmeta
