#include "parsers/comfy_workflow.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "parsers/comfy_values.h"
#include "parsers/comfy_widgets.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// Subgraphs in subgraphs, and links through reroutes; real ones stay below ten.
constexpr unsigned kMaxNesting = 16;
constexpr std::size_t kMaxInstances = 2048;
constexpr unsigned kMaxLinkSteps = 128;
// Work is counted in JSON values looked at. Definitions are read again for each
// instance of them, and subgraphs inside themselves make thousands, so that a
// small file could ask for any amount. A link is read with its parts, and a
// step of one that is followed takes as long as some values.
constexpr std::size_t kWorkOfALink = 4;
constexpr std::size_t kWorkOfAStep = 32;

// Virtual nodes of a subgraph: what it gets and what it gives.
constexpr std::string_view kSubgraphInput = "-10";
constexpr std::string_view kSubgraphOutput = "-20";
// Stands for the instance in the list of what it shows.
constexpr std::string_view kInstanceItself = "-1";

enum class Mode : std::uint8_t { kActive, kMuted, kBypassed };

struct Origin {
  std::string_view node;  // id in its scope
  std::int64_t slot = 0;
};

// One level of the graph: the whole, a subgraph instance, a group node.
struct Scope {
  std::size_t parent = 0;  // of the root: itself
  JsonValue definition;
  bool is_group = false;
  std::string_view prefix;  // of the ids inside: "57:"
  // Of the node of the parent that stands for it: looked up once, as objects
  // are searched from their beginning.
  std::string_view instance_id;
  std::vector<JsonValue> inputs;
  std::vector<std::pair<std::string_view, std::size_t>> inputs_by_name;
  std::vector<JsonValue> values;  // of its widgets
  JsonValue named_values;         // the same by name, if it is so stored
  JsonValue shown;                // which widgets inside it has on its face
  std::vector<JsonValue> definition_inputs;
  // Sorted: link id to origin, output slot to origin.
  std::vector<std::pair<std::int64_t, Origin>> links;
  std::vector<std::pair<std::int64_t, Origin>> outputs;
  // Sorted: node and input to origin, where Use Everywhere links them when the
  // graph is queued.
  std::vector<std::pair<std::pair<std::string_view, std::int64_t>, Origin>>
      broadcasts;
  // Inputs of a definition that feed a widget inside, in order; once asked.
  std::optional<std::vector<std::int64_t>> widget_inputs;
  // Of a group node: where in `values` those of each node inside begin, and the
  // end; empty if that is not known.
  std::vector<std::size_t> value_starts;

  JsonValue input(std::string_view name) const {
    const auto after =
        std::upper_bound(inputs_by_name.begin(), inputs_by_name.end(), name,
                         [](std::string_view key, const auto& entry) {
                           return key < entry.first;
                         });
    if (after == inputs_by_name.begin() || std::prev(after)->first != name)
      return {};
    return inputs[std::prev(after)->second];
  }
  std::optional<std::string_view> definition_input(std::int64_t slot) const {
    const auto position = static_cast<std::size_t>(slot);
    if (slot < 0 || position >= definition_inputs.size()) return std::nullopt;
    return definition_inputs[position]["name"].string();
  }
  std::span<const JsonValue> values_of(std::size_t position) const {
    if (position + 1 >= value_starts.size()) return {};
    const std::size_t start = value_starts[position];
    return std::span(values).subspan(start, value_starts[position + 1] - start);
  }
};

struct FlatNode {
  std::size_t scope = 0;
  std::string_view local_id;
  std::string_view type;
  JsonValue node;
  Mode mode = Mode::kActive;
  std::size_t inner = 0;  // scope of a subgraph instance; 0 if it is none
  NodeIndex index = kNoNode;
};

// Where a link comes from after all that the editor resolves.
struct Source {
  NodeIndex node = kNoNode;
  std::int32_t slot = 0;
  JsonValue value;  // of a primitive
  bool is_found() const { return node != kNoNode || bool(value); }
};

bool is_reroute(std::string_view type) {
  return type == "Reroute" || type == "Reroute (rgthree)";
}

// Nodes that the editor resolves or that only its user looks at; none is
// queued.
bool is_editor_only(std::string_view type) {
  if (is_reroute(type)) return true;
  constexpr std::array<std::string_view, 17> kTypes = {
      "Note",
      "MarkdownNote",
      "PrimitiveNode",
      "GetNode",
      "SetNode",
      "easy getNode",
      "easy setNode",
      "Label (rgthree)",
      "Bookmark (rgthree)",
      "Fast Muter (rgthree)",
      "Fast Bypasser (rgthree)",
      "Fast Groups Muter (rgthree)",
      "Fast Groups Bypasser (rgthree)",
      "Fast Actions Button (rgthree)",
      "Mute / Bypass Relay (rgthree)",
      "Mute / Bypass Repeater (rgthree)",
      "Random Unmuter (rgthree)"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

template <class Value>
const Value* find_sorted(
    const std::vector<std::pair<std::int64_t, Value>>& sorted,
    std::int64_t key) {
  const auto at = std::lower_bound(
      sorted.begin(), sorted.end(), key,
      [](const auto& pair, std::int64_t k) { return pair.first < k; });
  return at != sorted.end() && at->first == key ? &at->second : nullptr;
}

class Builder {
 public:
  Builder(JsonValue workflow, const Limits& limits, std::vector<Error>& notes)
      : workflow_(workflow),
        limits_(limits),
        notes_(notes),
        work_left_(limits.max_json_values) {}

  Graph build() {
    index_definitions();
    scopes_.push_back({});
    scopes_[0].definition = workflow_;
    flatten(0, 0);
    index_nodes();
    for (FlatNode& node : nodes_)
      if (node.mode == Mode::kActive && node.inner == 0 &&
          !is_editor_only(node.type))
        node.index = static_cast<NodeIndex>(count_++);
    for (const FlatNode& node : nodes_)
      if (node.index != kNoNode) emit(node);
    graph_.finish();
    return std::move(graph_);
  }

 private:
  void flatten(std::size_t scope, unsigned depth);
  void read_links(std::size_t scope);
  void read_group_links(std::size_t scope);
  void read_group_values(std::size_t scope);
  void read_broadcasts(std::size_t scope);
  std::size_t open_instance(std::size_t scope, JsonValue node,
                            std::string_view id, JsonValue definition,
                            unsigned depth);
  bool spend(std::size_t work);
  void index_definitions();
  JsonValue definition_of(std::string_view type) const;
  void index_nodes();
  const FlatNode* node_at(std::size_t scope, std::string_view id) const;

  Source resolve_link(std::size_t scope, JsonValue link, unsigned steps);
  Source resolve_origin(std::size_t scope, const Origin& origin,
                        unsigned steps);
  Source resolve_broadcast(const FlatNode& node, std::int64_t input);
  Source resolve_instance_input(std::size_t scope, std::int64_t slot,
                                unsigned steps);
  Source bypass(const FlatNode& node, std::int64_t slot, unsigned steps);
  const FlatNode* setter(const FlatNode& getter);

  void emit(const FlatNode& node);
  std::optional<std::size_t> place_in_definition(Scope& scope,
                                                 std::string_view name);
  JsonValue shown_value(Scope& scope, std::string_view name);
  JsonValue promoted(std::size_t scope, std::string_view id,
                     std::string_view widget);
  std::string_view id_text(JsonValue id) {
    if (const auto text = id.string()) return *text;
    return graph_.keep(id.text());
  }

  JsonValue workflow_;
  const Limits& limits_;
  std::vector<Error>& notes_;
  Graph graph_;
  std::vector<Scope> scopes_;
  std::vector<FlatNode> nodes_;
  // (scope, local id) to position in nodes_, sorted.
  std::vector<std::pair<std::pair<std::size_t, std::string_view>, std::size_t>>
      by_id_;
  // Types of nodes to what stands for them, sorted.
  std::vector<std::pair<std::string_view, JsonValue>> definitions_;
  // Variables, by scope and by name alone, to the first node that sets them;
  // once asked.
  std::optional<std::map<std::pair<std::size_t, std::string_view>, std::size_t>>
      setters_;
  std::size_t count_ = 0;
  bool is_cut_ = false;
  std::size_t work_left_;
};

bool Builder::spend(std::size_t work) {
  if (work < work_left_) {
    work_left_ -= work;
    return true;
  }
  if (work_left_ != 0)
    notes_.push_back({ErrorCode::kGraphTooLarge,
                      "nodes and links of the workflow take more than " +
                          std::to_string(limits_.max_json_values) + " steps",
                      std::nullopt});
  work_left_ = 0;
  return false;
}

// Subgraphs are a list with ids. Before them, group nodes were `workflow>name`
// (earlier `workflow/name`), with their contents under extra.groupNodes.
void Builder::index_definitions() {
  workflow_["definitions"]["subgraphs"].for_each_element(
      [&](JsonValue definition) {
        if (const auto id = definition["id"].string())
          definitions_.emplace_back(*id, definition);
      });
  workflow_["extra"]["groupNodes"].for_each_member(
      [&](std::string_view name, JsonValue definition) {
        for (const std::string_view prefix : {"workflow>", "workflow/"})
          definitions_.emplace_back(
              graph_.keep(std::string(prefix) + std::string(name)), definition);
      });
  std::stable_sort(
      definitions_.begin(), definitions_.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
}

JsonValue Builder::definition_of(std::string_view type) const {
  const auto found =
      std::lower_bound(definitions_.begin(), definitions_.end(), type,
                       [](const auto& entry, std::string_view key) {
                         return entry.first < key;
                       });
  return found != definitions_.end() && found->first == type ? found->second
                                                             : JsonValue();
}

std::size_t Builder::open_instance(std::size_t scope, JsonValue node,
                                   std::string_view id, JsonValue definition,
                                   unsigned depth) {
  Scope inner;
  inner.parent = scope;
  inner.definition = definition;
  inner.is_group = definition["id"].is_missing();
  inner.instance_id = id;
  inner.shown = node["properties"]["proxyWidgets"];
  inner.named_values = node["widgets_values_named"];
  const JsonValue values = node["widgets_values"];
  const JsonValue inputs = node["inputs"];
  const JsonValue definition_inputs = definition["inputs"];
  if (spend(values.size() + inputs.size() + definition_inputs.size())) {
    if (values.is_object())
      inner.named_values = values;
    else
      inner.values = elements(values);
    inner.inputs = elements(inputs);
    inner.definition_inputs = elements(definition_inputs);
  }
  for (std::size_t i = 0; i < inner.inputs.size(); ++i)
    if (const auto name = inner.inputs[i]["name"].string())
      inner.inputs_by_name.emplace_back(*name, i);
  std::sort(inner.inputs_by_name.begin(), inner.inputs_by_name.end());
  std::string prefix(scopes_[scope].prefix);
  prefix += id;
  prefix += ':';
  inner.prefix = graph_.keep(std::move(prefix));
  scopes_.push_back(std::move(inner));
  const std::size_t opened = scopes_.size() - 1;
  flatten(opened, depth + 1);
  return opened;
}

void Builder::flatten(std::size_t scope, unsigned depth) {
  const JsonValue definition = scopes_[scope].definition;
  const bool is_group = scopes_[scope].is_group;
  if (is_group) {
    read_group_links(scope);
    read_group_values(scope);
  } else {
    read_links(scope);
    read_broadcasts(scope);
  }
  const JsonValue nodes = definition["nodes"];
  if (is_cut_ || !spend(nodes.size())) return;
  std::int64_t position = 0;
  nodes.for_each_element([&](JsonValue node) {
    if (nodes_.size() >= limits_.max_graph_nodes) {
      if (!is_cut_)
        notes_.push_back({ErrorCode::kGraphTooLarge,
                          "workflow has more than " +
                              std::to_string(limits_.max_graph_nodes) +
                              " nodes",
                          std::nullopt});
      is_cut_ = true;
      return;
    }
    if (!spend(node.size())) return;
    FlatNode flat;
    flat.scope = scope;
    flat.local_id =
        is_group ? graph_.keep(std::to_string(position)) : id_text(node["id"]);
    ++position;
    flat.type = node["type"].string().value_or("");
    flat.node = node;
    const auto mode = node["mode"].integer().value_or(0);
    if (mode == 2)
      flat.mode = Mode::kMuted;
    else if (mode == 4)
      flat.mode = Mode::kBypassed;
    if (flat.type.empty()) return;
    const std::size_t at = nodes_.size();
    nodes_.push_back(flat);
    if (flat.mode != Mode::kActive || depth >= kMaxNesting ||
        scopes_.size() > kMaxInstances)
      return;
    const JsonValue inner = definition_of(flat.type);
    if (!inner) return;
    const std::size_t opened =
        open_instance(scope, node, flat.local_id, inner, depth);
    nodes_[at].inner = opened;
  });
}

void Builder::read_links(std::size_t scope) {
  Scope& into = scopes_[scope];
  const JsonValue links = into.definition["links"];
  if (!spend(links.size() * kWorkOfALink)) return;
  links.for_each_element([&](JsonValue link) {
    std::optional<std::int64_t> id;
    std::string_view target;
    std::int64_t target_slot = 0;
    Origin origin;
    if (link.is_array()) {
      const std::vector<JsonValue> parts = elements(link);
      if (parts.size() < 5) return;
      id = parts[0].integer();
      origin.node = id_text(parts[1]);
      origin.slot = parts[2].integer().value_or(0);
      target = id_text(parts[3]);
      target_slot = parts[4].integer().value_or(0);
    } else {
      id = link["id"].integer();
      origin.node = id_text(link["origin_id"]);
      origin.slot = link["origin_slot"].integer().value_or(0);
      target = id_text(link["target_id"]);
      target_slot = link["target_slot"].integer().value_or(0);
    }
    if (!id) return;
    into.links.emplace_back(*id, origin);
    if (target == kSubgraphOutput)
      into.outputs.emplace_back(target_slot, origin);
  });
  const auto by_key = [](const auto& a, const auto& b) {
    return a.first < b.first;
  };
  std::stable_sort(into.links.begin(), into.links.end(), by_key);
  std::stable_sort(into.outputs.begin(), into.outputs.end(), by_key);
}

// cg-use-everywhere, https://github.com/chrisgoringe/cg-use-everywhere: inputs
// without a link get one from whatever broadcasts their type; the extension
// keeps the list of them beside the graph.
void Builder::read_broadcasts(std::size_t scope) {
  Scope& into = scopes_[scope];
  const JsonValue links = into.definition["extra"]["ue_links"];
  if (!spend(links.size() * kWorkOfALink)) return;
  links.for_each_element([&](JsonValue link) {
    const auto input = link["downstream_slot"].integer();
    if (!input) return;
    Origin origin;
    origin.node = id_text(link["upstream"]);
    origin.slot = link["upstream_slot"].integer().value_or(0);
    into.broadcasts.emplace_back(std::pair(id_text(link["downstream"]), *input),
                                 origin);
  });
  std::stable_sort(
      into.broadcasts.begin(), into.broadcasts.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
}

Source Builder::resolve_broadcast(const FlatNode& node, std::int64_t input) {
  const auto& all = scopes_[node.scope].broadcasts;
  const std::pair key(node.local_id, input);
  const auto found = std::lower_bound(
      all.begin(), all.end(), key,
      [](const auto& entry, const auto& k) { return entry.first < k; });
  if (found == all.end() || found->first != key) return {};
  return resolve_origin(node.scope, found->second, 0);
}

// Group nodes: links are [from position, slot, to position, slot], without ids.
// What is not linked inside is an input or output of the group, in order. The
// links get ids here: position * 1000 + input.
constexpr std::int64_t kGroupStride = 1000;

void Builder::read_group_links(std::size_t scope) {
  Scope& into = scopes_[scope];
  const JsonValue links = into.definition["links"];
  const JsonValue nodes = into.definition["nodes"];
  if (!spend(links.size() * kWorkOfALink + nodes.size())) return;
  std::vector<std::pair<std::int64_t, std::int64_t>> taken_outputs;
  links.for_each_element([&](JsonValue link) {
    const std::vector<JsonValue> parts = elements(link);
    if (parts.size() < 4) return;
    const auto from = parts[0].integer();
    const auto slot = parts[1].integer();
    const auto to = parts[2].integer();
    const auto input = parts[3].integer();
    if (!from || !slot || !to || !input || *to < 0 || *to > 65536 ||
        *input < 0 || *input >= kGroupStride)
      return;
    into.links.emplace_back(*to * kGroupStride + *input,
                            Origin{graph_.keep(std::to_string(*from)), *slot});
    taken_outputs.emplace_back(*from, *slot);
  });
  const auto by_key = [](const auto& a, const auto& b) {
    return a.first < b.first;
  };
  std::stable_sort(into.links.begin(), into.links.end(), by_key);
  std::sort(taken_outputs.begin(), taken_outputs.end());
  std::vector<std::pair<std::int64_t, std::int64_t>> external;
  into.definition["external"].for_each_element([&](JsonValue entry) {
    external.emplace_back(entry[0].integer().value_or(-1),
                          entry[1].integer().value_or(-1));
  });
  std::sort(external.begin(), external.end());

  std::int64_t position = 0;
  std::int64_t next_input = 0;
  std::int64_t next_output = 0;
  std::vector<std::pair<std::int64_t, Origin>> outside;
  nodes.for_each_element([&](JsonValue node) {
    const JsonValue inputs = node["inputs"];
    const JsonValue outputs = node["outputs"];
    if (!spend((inputs.size() + outputs.size()) * kWorkOfALink)) return;
    std::int64_t input = 0;
    inputs.for_each_element([&](JsonValue) {
      const std::int64_t id = position * kGroupStride + input++;
      if (find_sorted(into.links, id) == nullptr)
        outside.emplace_back(id, Origin{kSubgraphInput, next_input++});
    });
    std::int64_t output = 0;
    outputs.for_each_element([&](JsonValue) {
      const std::pair key(position, output++);
      const bool is_taken =
          std::binary_search(taken_outputs.begin(), taken_outputs.end(), key);
      if (!is_taken ||
          std::binary_search(external.begin(), external.end(), key))
        into.outputs.emplace_back(
            next_output++,
            Origin{graph_.keep(std::to_string(key.first)), key.second});
    });
    ++position;
  });
  into.links.insert(into.links.end(), outside.begin(), outside.end());
  std::stable_sort(into.links.begin(), into.links.end(), by_key);
}

// A group node shows the widgets of the nodes inside, one node after the other.
// Where it shows fewer, as some are hidden or wired, nothing says which.
void Builder::read_group_values(std::size_t scope) {
  Scope& into = scopes_[scope];
  const JsonValue nodes = into.definition["nodes"];
  if (into.values.empty() || !spend(nodes.size())) return;
  std::vector<std::size_t> starts = {0};
  nodes.for_each_element([&](JsonValue node) {
    starts.push_back(starts.back() + node["widgets_values"].size());
  });
  if (starts.back() == into.values.size())
    into.value_starts = std::move(starts);
}

void Builder::index_nodes() {
  by_id_.reserve(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    by_id_.emplace_back(std::pair(nodes_[i].scope, nodes_[i].local_id), i);
  std::sort(by_id_.begin(), by_id_.end());
}

const FlatNode* Builder::node_at(std::size_t scope, std::string_view id) const {
  const std::pair key(std::pair(scope, id), std::size_t{0});
  const auto found = std::lower_bound(by_id_.begin(), by_id_.end(), key);
  if (found == by_id_.end() || found->first != key.first) return nullptr;
  return &nodes_[found->second];
}

// --- links
// ---------------------------------------------------------------------

Source Builder::resolve_link(std::size_t scope, JsonValue link,
                             unsigned steps) {
  const auto id = link.is_number() ? link.integer() : std::nullopt;
  if (!id || steps > kMaxLinkSteps) return {};
  const Origin* origin = find_sorted(scopes_[scope].links, *id);
  return origin != nullptr ? resolve_origin(scope, *origin, steps + 1)
                           : Source{};
}

Source Builder::resolve_origin(std::size_t scope, const Origin& origin,
                               unsigned steps) {
  if (steps > kMaxLinkSteps || !spend(kWorkOfAStep)) return {};
  if (origin.node == kSubgraphInput && scope != 0)
    return resolve_instance_input(scope, origin.slot, steps + 1);
  const FlatNode* node = node_at(scope, origin.node);
  if (node == nullptr || node->mode == Mode::kMuted) return {};
  if (node->mode == Mode::kBypassed)
    return bypass(*node, origin.slot, steps + 1);
  if (node->inner != 0) {
    const Origin* inside =
        find_sorted(scopes_[node->inner].outputs, origin.slot);
    return inside != nullptr ? resolve_origin(node->inner, *inside, steps + 1)
                             : Source{};
  }
  if (is_reroute(node->type))
    return resolve_link(scope, node->node["inputs"][0]["link"], steps + 1);
  if (node->type == "PrimitiveNode") {
    Source source;
    source.value = promoted(scope, node->local_id, "value");
    if (!source.value) source.value = node->node["widgets_values"][0];
    return source;
  }
  if (node->type == "GetNode" || node->type == "easy getNode") {
    const FlatNode* set = setter(*node);
    return set != nullptr
               ? resolve_link(set->scope, set->node["inputs"][0]["link"],
                              steps + 1)
               : Source{};
  }
  if (node->type == "SetNode" || node->type == "easy setNode")
    return resolve_link(scope, node->node["inputs"][0]["link"], steps + 1);
  Source source;
  source.node = node->index;
  source.slot = static_cast<std::int32_t>(
      std::clamp<std::int64_t>(origin.slot, 0, INT32_MAX));
  return source;
}

Source Builder::resolve_instance_input(std::size_t scope, std::int64_t slot,
                                       unsigned steps) {
  Scope& inner = scopes_[scope];
  if (slot < 0) return {};
  const auto position = static_cast<std::size_t>(slot);
  // By name: an instance may list fewer inputs than its definition.
  auto name = inner.definition_input(slot);
  JsonValue input;
  if (name)
    input = inner.input(*name);
  else if (position < inner.inputs.size())
    input = inner.inputs[position];
  if (input["link"])
    return resolve_link(inner.parent, input["link"], steps + 1);
  if (!name) name = input["name"].string();
  Source source;
  if (name) source.value = shown_value(inner, *name);
  return source;
}

// Where among the widgets of a definition the input of this name stands, if
// there are as many of them as values.
std::optional<std::size_t> Builder::place_in_definition(Scope& scope,
                                                        std::string_view name) {
  if (!scope.widget_inputs) {
    std::vector<std::int64_t>& slots = scope.widget_inputs.emplace();
    scope.definition["nodes"].for_each_element([&](JsonValue node) {
      const JsonValue inputs = node["inputs"];
      if (!spend(1 + inputs.size())) return;
      inputs.for_each_element([&](JsonValue input) {
        const auto link = input["link"].integer();
        if (!link || !input["widget"]) return;
        const Origin* origin = find_sorted(scope.links, *link);
        if (origin != nullptr && origin->node == kSubgraphInput)
          slots.push_back(origin->slot);
      });
    });
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  }
  if (scope.widget_inputs->size() != scope.values.size() ||
      !spend(scope.values.size()))
    return std::nullopt;
  std::size_t place = 0;
  for (const std::int64_t slot : *scope.widget_inputs) {
    if (slot < 0) return std::nullopt;
    if (scope.definition_input(slot) == name) return place;
    ++place;
  }
  return std::nullopt;
}

// The value that a subgraph instance shows for an input of its own. Editors of
// late 2025 list all widgets of the instance in `proxyWidgets`, own ones as
// ["-1", name], and the values in the order of that list; those before and
// after write the values of the inputs that have a widget, in order: of those
// of the definition, where the instance lists only what was wired. Later ones
// write names.
JsonValue Builder::shown_value(Scope& scope, std::string_view name) {
  // An outer instance may show it in its place.
  if (const JsonValue outer = promoted(scope.parent, scope.instance_id, name))
    return outer;
  if (const JsonValue named = scope.named_values[name]) return named;
  const std::vector<JsonValue>& values = scope.values;
  if (values.empty() || !spend(scope.shown.size() + scope.inputs.size()))
    return {};
  const auto value_at = [&](std::size_t at) {
    return at < values.size() ? values[at] : JsonValue();
  };
  JsonValue found;
  bool is_listed = false;
  std::size_t at = 0;
  scope.shown.for_each_element([&](JsonValue entry) {
    const bool is_own = entry[0].text() == kInstanceItself;
    if (!is_listed && is_own && entry[1].string() == name) {
      is_listed = true;
      found = value_at(at);
    }
    ++at;
  });
  if (is_listed) return found;
  std::size_t widgets = 0;
  for (const JsonValue input : scope.inputs)
    if (input["widget"]) ++widgets;
  const bool has_list = at != 0;
  if (!has_list && values.size() != widgets)
    if (const auto place = place_in_definition(scope, name))
      return values[*place];
  // Some have a place for what follows a seed.
  const bool has_controls = values.size() > widgets;
  at = 0;
  for (const JsonValue input : scope.inputs) {
    if (!input["widget"]) continue;
    found = value_at(at++);
    if (has_controls && found.is_number() && is_control_value(value_at(at)))
      ++at;
    if (input["name"].string() == name) return found;
  }
  return {};
}

// A bypassed node hands on the input of its output's type.
Source Builder::bypass(const FlatNode& node, std::int64_t slot,
                       unsigned steps) {
  if (slot < 0) return {};
  const auto position = static_cast<std::size_t>(slot);
  const JsonValue all = node.node["inputs"];
  const JsonValue outputs = node.node["outputs"];
  if (!spend(all.size() + outputs.size())) return {};
  const auto type = outputs[position]["type"].string();
  const std::vector<JsonValue> inputs = elements(all);
  const auto fits = [&](JsonValue input) {
    return input["link"] && type &&
           (input["type"].string() == type || *type == "*");
  };
  if (position < inputs.size() && fits(inputs[position]))
    return resolve_link(node.scope, inputs[position]["link"], steps);
  for (const JsonValue input : inputs)
    if (fits(input)) return resolve_link(node.scope, input["link"], steps);
  return {};
}

const FlatNode* Builder::setter(const FlatNode& getter) {
  // No scope has this number.
  constexpr std::size_t kAnyScope = SIZE_MAX;
  if (!setters_) {
    setters_.emplace();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const FlatNode& node = nodes_[i];
      if (node.type != "SetNode" && node.type != "easy setNode") continue;
      const auto name = node.node["widgets_values"][0].string();
      if (!name) continue;
      setters_->try_emplace({node.scope, *name}, i);
      setters_->try_emplace({kAnyScope, *name}, i);
    }
  }
  const auto name = getter.node["widgets_values"][0].string();
  if (!name) return nullptr;
  for (const std::size_t scope : {getter.scope, kAnyScope})
    if (const auto found = setters_->find({scope, *name});
        found != setters_->end())
      return &nodes_[found->second];
  return nullptr;
}

// --- nodes
// ---------------------------------------------------------------------

// The value of a widget inside that the instance of `scope` shows on its face.
JsonValue Builder::promoted(std::size_t scope, std::string_view id,
                            std::string_view widget) {
  if (scope == 0) return {};
  const Scope& held_by = scopes_[scope];
  const std::size_t count = held_by.shown.size();
  if (count == 0 || !spend(count)) return {};
  JsonValue found;
  std::size_t at = 0;
  held_by.shown.for_each_element([&](JsonValue entry) {
    const JsonValue shown = entry[0];
    const bool is_this =
        (shown.is_string() ? *shown.string() == id : shown.text() == id) &&
        entry[1].string() == widget;
    if (is_this && !found && at < held_by.values.size())
      found = held_by.values[at];
    ++at;
  });
  return found;
}

void Builder::emit(const FlatNode& node) {
  const Scope& scope = scopes_[node.scope];
  std::string id(scope.prefix);
  id += node.local_id;
  graph_.add_node(graph_.keep(std::move(id)), node.type,
                  node.node["title"].string().value_or(""));
  const JsonValue inputs = node.node["inputs"];
  if (!spend(inputs.size() + node.node["widgets_values"].size())) return;
  std::vector<std::string_view> linked;
  std::int64_t position = 0;
  const auto number = number_in<std::int64_t>(node.local_id);
  inputs.for_each_element([&](JsonValue input) {
    const auto name = input["name"].string();
    const std::int64_t at = position++;
    if (!name) return;
    Source source;
    if (scope.is_group) {
      const Origin* origin =
          find_sorted(scope.links, number.value_or(0) * kGroupStride + at);
      if (origin != nullptr) source = resolve_origin(node.scope, *origin, 0);
      if (!source.is_found()) return;
    } else {
      if (input["link"])
        source = resolve_link(node.scope, input["link"], 0);
      else
        source = resolve_broadcast(node, at);
      if (!input["link"] && !source.is_found()) return;
    }
    // A link that leads nowhere leaves the widget its value.
    if (!source.is_found()) return;
    if (source.node == kNoNode)
      if (const JsonValue shown = promoted(node.scope, node.local_id, *name))
        source.value = shown;
    linked.push_back(*name);
    graph_.add_input(*name, source.value, source.node, source.slot);
  });
  std::sort(linked.begin(), linked.end());
  std::span<const JsonValue> shown;
  if (scope.is_group && number && *number >= 0)
    shown = scope.values_of(static_cast<std::size_t>(*number));
  for (const Widget& widget :
       named_widgets(node.node, node.type, graph_, shown)) {
    if (std::binary_search(linked.begin(), linked.end(), widget.name)) continue;
    JsonValue value = promoted(node.scope, node.local_id, widget.name);
    if (!value) value = widget.value;
    graph_.add_input(widget.name, value);
  }
}

// --- texts
// ---------------------------------------------------------------------

std::optional<std::string_view> first_text(JsonValue widgets) {
  JsonValue value = plain_value(widgets);
  if (value.is_array()) value = plain_value(value[0]);
  if (value.is_object()) value = plain_value(value["text"]);
  return value.string();
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

bool is_workflow(JsonValue value) {
  return value["nodes"].is_array() && value["links"].is_array();
}

Graph read_workflow(JsonValue workflow, const Limits& limits,
                    std::vector<Error>& notes) {
  return Builder(workflow, limits, notes).build();
}

std::vector<WorkflowText> workflow_texts(
    JsonValue workflow, const Graph& api,
    std::span<const std::string_view> ids) {
  std::vector<WorkflowText> texts;
  // One pass over all levels: ids inside subgraphs end with the inner id.
  struct Wanted {
    std::string_view local_id;
    NodeIndex node;
  };
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
