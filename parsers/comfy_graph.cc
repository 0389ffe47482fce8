#include "parsers/comfy_graph.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "parsers/text.h"

namespace sdmeta {
namespace {

// Node ids to positions. Editors count nodes up from 1, which is a position in
// a table; other ids are sorted, as a hash table with a known hash could be
// flooded.
class IdIndex {
 public:
  explicit IdIndex(const Graph& graph) {
    const std::size_t bound = 16 * graph.size() + 1024;
    by_number_.reserve(4 * graph.size());
    for (std::size_t i = 0; i < graph.size(); ++i) {
      const auto node = static_cast<NodeIndex>(i);
      const std::string_view id = graph.node(node).id;
      const std::size_t number = number_of(id);
      if (number >= bound) {
        ids_.emplace_back(id, node);
        continue;
      }
      if (number >= by_number_.size()) by_number_.resize(number + 1, kNoNode);
      if (by_number_[number] == kNoNode) by_number_[number] = node;
    }
    std::sort(ids_.begin(), ids_.end());
  }

  // The first node of an id, in file order.
  NodeIndex find(std::string_view id) const {
    const std::size_t number = number_of(id);
    if (number < by_number_.size()) return by_number_[number];
    const auto found =
        std::lower_bound(ids_.begin(), ids_.end(), std::pair(id, NodeIndex{0}));
    return found != ids_.end() && found->first == id ? found->second : kNoNode;
  }

 private:
  static constexpr std::size_t kNoNumber = SIZE_MAX;

  // Of ids written as a number is: one id has one number.
  static std::size_t number_of(std::string_view id) {
    if (id.empty() || id.size() > 6 || (id[0] == '0' && id.size() > 1))
      return kNoNumber;
    std::size_t number = 0;
    for (const char c : id) {
      if (c < '0' || c > '9') return kNoNumber;
      number = number * 10 + static_cast<std::size_t>(c - '0');
    }
    return number;
  }

  std::vector<NodeIndex> by_number_;
  std::vector<std::pair<std::string_view, NodeIndex>> ids_;
};

// Nodes of one graph that hold their values as JSON, and rows of one of them.
constexpr std::size_t kMaxStates = 64;
constexpr std::size_t kMaxRows = 64;

struct LinkText {
  std::string_view id;
  std::int32_t slot = 0;
  char digits[24];
};

bool read_id(const JsonValue& value, LinkText& link) {
  if (const auto text = value.string()) {
    link.id = *text;
    return true;
  }
  const auto whole = value.is_number() ? value.integer() : std::nullopt;
  if (!whole) return false;
  const auto end =
      std::to_chars(link.digits, link.digits + sizeof link.digits, *whole).ptr;
  link.id = std::string_view(link.digits, end);
  return true;
}

bool read_slot(const JsonValue& value, LinkText& link) {
  const auto slot = value.is_number() ? value.integer() : std::nullopt;
  if (!slot || *slot < 0 || *slot > INT32_MAX) return false;
  link.slot = static_cast<std::int32_t>(*slot);
  return true;
}

// Reads [id, slot]; false if the value has not that form.
bool read_link(const JsonValue& value, LinkText& link) {
  if (!value.is_array() || value.size() != 2) return false;
  bool is_id = true;
  bool is_link = true;
  value.for_each_element([&](const JsonValue& part) {
    is_link = is_link && (is_id ? read_id(part, link) : read_slot(part, link));
    is_id = false;
  });
  return is_link;
}

}  // namespace

FieldSet Graph::fields(NodeIndex index) const {
  std::optional<FieldSet>& known = fields_[static_cast<std::size_t>(index)];
  if (!known) {
    known = 0;
    for (const GraphInput& input : inputs(index))
      *known |= usual_fields(input.name);
  }
  return *known;
}

NodeIndex Graph::add_node(std::string_view id, std::string_view class_type,
                          std::string_view title) {
  nodes_.push_back({id, class_type, title, &node_kind(class_type),
                    static_cast<std::uint32_t>(inputs_.size())});
  room_ = std::min(limits_.max_graph_inputs - inputs_.size(),
                   limits_.max_node_inputs);
  return static_cast<NodeIndex>(nodes_.size()) - 1;
}

// Inputs that come and go with others have names in two parts or three
// (comfy_api/latest/_io.py: DynamicCombo, Autogrow, DynamicGroup):
// resize_type.width, values.a, loras.0.lora_name.
std::string_view Graph::plain_name(std::string_view name) {
  if (name.find('.') == name.npos) return name;
  const std::size_t last = name.rfind('.');
  if (last + 1 == name.size()) return name;
  const std::string_view own = name.substr(last + 1);
  const std::string_view before = name.substr(0, last);
  const std::size_t dot = before.rfind('.');
  if (dot == before.npos) return own;
  const std::string_view row = before.substr(dot + 1);
  if (row.empty() || row.find_first_not_of("0123456789") != row.npos)
    return own;
  return keep(std::string(own) + "_" + std::string(row));
}

// Ckpt_name, Negative Prompt: what rows say is for those who spell it like
// them.
std::string_view Graph::usual_spelling(std::string_view name) {
  if (usual_fields(name) != 0) return name;
  std::string usual(name);
  for (char& c : usual) c = c == ' ' ? '_' : to_lower(c);
  return usual_fields(usual) != 0 ? keep(std::move(usual)) : name;
}

// ComfyUI-Pixaroma and packs made after it: {"SeedState": "{\"runSeed\": 7}"},
// {"SlidersState": "{\"sliders\": [{\"type\": \"int\", \"value\": 20}]}"}.
bool Graph::add_members(JsonValue value) {
  const std::string_view text = value.string().value_or("");
  if (!text.starts_with('{') || states_.size() >= kMaxStates) return false;
  const JsonValue state =
      states_.emplace_back(parse_json(text, limits_)).root();
  if (!state.is_object()) return false;
  state.for_each_member([&](std::string_view key, JsonValue member) {
    add_input(key, member);
    std::size_t row = 0;
    member.for_each_element([&](JsonValue entry) {
      const std::size_t number = row++;
      if (number >= kMaxRows) return;
      if (const JsonValue held = entry["value"])
        add_input(keep(std::string(key) + "_" + std::to_string(number)), held);
    });
  });
  return true;
}

std::string_view Graph::keep(std::string text) {
  return strings_.emplace_back(std::move(text));
}

void Graph::finish(std::vector<Error>& notes) {
  if (lacks_inputs_)
    notes.push_back({ErrorCode::kGraphTooLarge,
                     "graph has more than " +
                         std::to_string(limits_.max_node_inputs) +
                         " inputs of one node or " +
                         std::to_string(limits_.max_graph_inputs) + " in all",
                     std::nullopt});
  fields_.resize(nodes_.size());
  shorten_links();
}

bool is_api_graph(JsonValue value) {
  bool found = false;
  value.for_each_member([&](std::string_view, JsonValue member) {
    if (!found && member.is_object())
      found = member[std::string_view("class_type")].is_string();
  });
  return found;
}

Graph read_api_graph(JsonValue api, const Limits& limits,
                     std::vector<Error>& notes) {
  Graph graph(limits);
  const std::size_t count = std::min(api.size(), limits.max_graph_nodes);
  graph.nodes_.reserve(count);
  graph.inputs_.reserve(count * 8);
  bool is_cut = false;
  api.for_each_member([&](std::string_view id, JsonValue member) {
    if (!member.is_object() || is_cut) return;
    std::string_view class_type;
    std::string_view title;
    JsonValue inputs;
    member.for_each_member([&](std::string_view key, JsonValue value) {
      if (key == "inputs")
        inputs = value;
      else if (key == "class_type")
        class_type = value.string().value_or("");
      else if (key == "_meta")
        title = value[std::string_view("title")].string().value_or("");
    });
    if (class_type.empty()) return;
    if (graph.size() >= limits.max_graph_nodes) {
      is_cut = true;
      notes.push_back({ErrorCode::kGraphTooLarge,
                       "graph has more than " +
                           std::to_string(limits.max_graph_nodes) + " nodes",
                       std::nullopt});
      return;
    }
    graph.add_node(id, class_type, title);
    inputs.for_each_member([&](std::string_view name, JsonValue value) {
      if (!graph.add_state(name, value)) graph.add_input(name, value);
    });
  });

  const IdIndex index(graph);
  LinkText link;
  for (GraphInput& input : graph.inputs_) {
    if (!read_link(input.value, link)) continue;
    input.node = index.find(link.id);
    input.slot = link.slot;
  }
  graph.finish(notes);
  return graph;
}

}  // namespace sdmeta
