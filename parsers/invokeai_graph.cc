// Nodes are an object by id, each with its type and the inputs that have a
// value; edges bring the rest. Types and fields:
// https://github.com/invoke-ai/InvokeAI/tree/main/invokeai/app/invocations
//
//   {"nodes": {"d": {"type": "denoise_latents", "steps": 30, "cfg_scale": 7.5},
//              "p": {"type": "compel", "prompt": "a cat"}, ...},
//    "edges": [{"source": {"node_id": "p", "field": "conditioning"},
//               "destination": {"node_id": "d",
//                               "field": "positive_conditioning"}}, ...]}
#include "parsers/invokeai_graph.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "parsers/field_map.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::string_view kPositive[] = {"positive_conditioning",
                                          "positive_text_conditioning"};
constexpr std::string_view kNegative[] = {"negative_conditioning",
                                          "negative_text_conditioning"};
constexpr std::string_view kModelFields[] = {"unet", "transformer"};
constexpr std::string_view kJoined[] = {"string_left", "string_middle",
                                        "string_right"};

// Nodes may share a text or a name of megabytes: no more is copied, the last
// one excepted.
constexpr std::size_t kMostTextBytes = 1u << 20;

struct Source {
  std::string_view id;
  std::string_view field;
};

// Edges are followed for more steps in all than real graphs need: those made to
// hurt have cycles.
class Graph {
 public:
  explicit Graph(JsonValue graph) {
    graph["nodes"].for_each_member([&](std::string_view id, JsonValue node) {
      ids_.push_back(id);
      nodes_.emplace(id, node);
    });
    graph["edges"].for_each_element([&](JsonValue edge) {
      const auto from = edge["source"]["node_id"].string();
      const auto output = edge["source"]["field"].string();
      const auto to = edge["destination"]["node_id"].string();
      const auto input = edge["destination"]["field"].string();
      if (from && output && to && input)
        sources_[name_of(*to, *input)].push_back({*from, *output});
    });
  }

  const std::vector<std::string_view>& ids() const { return ids_; }

  JsonValue node(std::string_view id) const {
    const auto found = nodes_.find(id);
    return found == nodes_.end() ? JsonValue() : found->second;
  }

  // In the order of the edges: collecting nodes have many to one input.
  const std::vector<Source>& sources(std::string_view id,
                                     std::string_view field) const {
    static const std::vector<Source> kNone;
    const auto found = sources_.find(name_of(id, field));
    return found == sources_.end() ? kNone : found->second;
  }

  const Source* source(std::string_view id, std::string_view field) const {
    const std::vector<Source>& all = sources(id, field);
    return all.empty() ? nullptr : &all.front();
  }

  bool may_go_on() { return steps_ > 0 && steps_-- > 0; }

  // What the input holds, be it wired to a node that holds a value.
  JsonValue value(std::string_view id, std::string_view field) {
    for (const Source* from = source(id, field); from != nullptr && may_go_on();
         from = source(id, field)) {
      id = from->id;
      field = from->field;
    }
    return node(id)[field];
  }

  // The same for texts, which nodes may join. Nothing for what was found out
  // only when the graph ran.
  std::optional<std::string> text(std::string_view id, std::string_view field) {
    std::string text;
    if (!append_text(id, field, text)) return std::nullopt;
    return text;
  }

  bool has_input(std::string_view id, std::string_view field) const {
    return source(id, field) != nullptr || !node(id)[field].is_missing();
  }

 private:
  // False if there is no text.
  bool append_text(std::string_view id, std::string_view field,
                   std::string& text) {
    const Source* const from = source(id, field);
    bool is_joined = false;
    for (const std::string_view part : kJoined) {
      if (from == nullptr || !has_input(from->id, part)) continue;
      is_joined = true;
      if (text.size() < kMostTextBytes && may_go_on())
        append_text(from->id, part, text);
    }
    if (is_joined) return true;
    const auto literal = value(id, field).string();
    if (literal) text += *literal;
    return literal.has_value();
  }

  static std::string name_of(std::string_view id, std::string_view field) {
    std::string name(id);
    name += '\0';
    name += field;
    return name;
  }

  std::vector<std::string_view> ids_;
  std::unordered_map<std::string_view, JsonValue> nodes_;
  std::unordered_map<std::string, std::vector<Source>> sources_;
  int steps_ = 512;
};

const Source* first_source(const Graph& graph, std::string_view id,
                           std::span<const std::string_view> fields) {
  for (const std::string_view field : fields)
    if (const Source* const from = graph.source(id, field)) return from;
  return nullptr;
}

// The pass that begins from noise, or the first.
std::string_view find_pass(const Graph& graph) {
  std::string_view first;
  for (const std::string_view id : graph.ids()) {
    if (first_source(graph, id, kPositive) == nullptr) continue;
    if (graph.source(id, "latents") == nullptr) return id;
    if (first.empty()) first = id;
  }
  return first;
}

// Of the encoder behind a conditioning, with nodes that collect or change it
// between them.
std::optional<std::string> prompt_of(Graph& graph, std::string_view pass,
                                     std::span<const std::string_view> fields) {
  const Source* from = first_source(graph, pass, fields);
  while (from != nullptr && graph.may_go_on()) {
    const std::string_view id = from->id;
    if (graph.has_input(id, "prompt")) return graph.text(id, "prompt");
    constexpr std::string_view kThrough[] = {"item", "conditioning",
                                             "positive_conditioning"};
    from = first_source(graph, id, kThrough);
  }
  return std::nullopt;
}

// LoRAs as they are met. Each node counts once, however many edges lead to it,
// and costs a step.
class LoraReader {
 public:
  explicit LoraReader(Graph& graph) : graph_(&graph) {}

  // `lora` and `weight` of a loader, or of a node that only names them.
  void read_node(std::string_view id) {
    if (bytes_ >= kMostTextBytes || !graph_->may_go_on() ||
        !read_.insert(id).second)
      return;
    const JsonValue model = graph_->value(id, "lora");
    auto name = model_name_of(model);
    if (!name) return;
    Lora lora;
    lora.name = std::move(*name);
    lora.weight = graph_->value(id, "weight").number();
    if (const auto hash = model["hash"].string())
      lora.hash = std::string(*hash);
    bytes_ += lora.name.size() + (lora.hash ? lora.hash->size() : 0);
    loras_.push_back(std::move(lora));
  }

  void read_collection(std::string_view id) {
    if (!read_.insert(id).second) return;
    for (const Source& item : graph_->sources(id, "item")) read_node(item.id);
  }

  std::vector<Lora> in_reverse() && {
    std::reverse(loras_.begin(), loras_.end());
    return std::move(loras_);
  }

 private:
  Graph* graph_;
  std::unordered_set<std::string_view> read_;
  std::vector<Lora> loras_;
  std::size_t bytes_ = 0;
};

// From the pass up to the loader; the LoRAs between them in the loader's order.
void read_models(Graph& graph, std::string_view pass, Generation& generation) {
  LoraReader loras(graph);
  const Source* from = first_source(graph, pass, kModelFields);
  while (from != nullptr && graph.may_go_on()) {
    const std::string_view id = from->id;
    if (const JsonValue model = graph.value(id, "model"); model.is_object()) {
      if (!generation.model) generation.model = model_name_of(model);
      if (const auto hash = model["hash"].string())
        set_field(generation, Field::kModelHash, *hash);
      break;
    }
    loras.read_node(id);
    if (const Source* const list = graph.source(id, "loras"))
      loras.read_collection(list->id);
    from = first_source(graph, id, kModelFields);
  }
  if (generation.loras.empty())
    generation.loras = std::move(loras).in_reverse();
}

}  // namespace

void fill_from_invokeai_graph(JsonValue json, Generation& generation) {
  Graph graph(json);
  const std::string_view pass = find_pass(graph);
  if (pass.empty()) return;
  if (!generation.prompt) generation.prompt = prompt_of(graph, pass, kPositive);
  if (!generation.negative_prompt)
    generation.negative_prompt = prompt_of(graph, pass, kNegative);
  const auto fill = [&](Field field, std::string_view id,
                        std::string_view name) {
    if (const JsonValue value = graph.value(id, name))
      set_field(generation, field, value);
  };
  fill(Field::kSteps, pass, "steps");
  fill(Field::kSteps, pass, "num_steps");
  fill(Field::kCfgScale, pass, "cfg_scale");
  fill(Field::kGuidance, pass, "guidance");
  fill(Field::kSampler, pass, "scheduler");
  const Source* const noise = graph.source(pass, "noise");
  for (const std::string_view id :
       {pass, noise == nullptr ? pass : noise->id}) {
    fill(Field::kSeed, id, "seed");
    fill(Field::kWidth, id, "width");
    fill(Field::kHeight, id, "height");
  }
  read_models(graph, pass, generation);
}

}  // namespace sdmeta
