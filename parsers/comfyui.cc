// ComfyUI, https://github.com/comfyanonymous/ComfyUI (nodes.py SaveImage,
// comfy_extras/nodes_images.py). One sample line, PNG tEXt `prompt`:
//   {"3": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 20, ...}}}
// beside it `workflow`, the editor's graph. WebP and JPEG savers put both into
// Exif tags behind a label (`prompt:{...}`), some into one object
// {"prompt": ..., "workflow": ...}, some as strings inside it.
#include <algorithm>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/civitai_comfy.h"
#include "parsers/comfy_graph.h"
#include "parsers/comfy_walk.h"
#include "parsers/comfy_workflow.h"
#include "parsers/comfy_workflow_texts.h"
#include "parsers/parser_table.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

bool is_json_text(std::string_view text) {
  return text.starts_with('{') || text.starts_with("\"{");
}

bool may_hold_api_graph(const Payload& payload) {
  return is_json_text(payload.text()) && contains(payload.text(), "class_type");
}

bool may_hold_workflow(const Payload& payload) {
  return is_json_text(payload.text()) &&
         (equal_ignoring_case(payload.key(), "workflow") ||
          (contains(payload.text(), "\"nodes\"") &&
           contains(payload.text(), "\"links\"")) ||
          contains(payload.text(), "\"workflow\""));
}

bool may_hold_graph(const Payloads& payloads) {
  for (const Payload& payload : payloads.all())
    if (may_hold_api_graph(payload)) return true;
  for (const Payload& payload : payloads.all()) {
    if (!is_json_text(payload.text())) continue;
    if (contains(payload.text(), "\"nodes\"") &&
        contains(payload.text(), "\"links\""))
      return true;
    // A graph that was cut off so early that none of it can be seen.
    if (equal_ignoring_case(payload.key(), "workflow")) return true;
  }
  return false;
}

// What one file holds, found by form wherever it stands.
class Sources {
 public:
  explicit Sources(const Payloads& payloads) : payloads_(payloads) {
    for (const Payload& payload : payloads.all()) {
      if (api) break;
      if (may_hold_api_graph(payload)) look(payload);
    }
    if (const Payload* chunk = payloads.find("extraMetadata");
        chunk != nullptr && !extra_metadata)
      extra_metadata = chunk->json();
  }

  /// Parsed on demand: it is larger than the executed graph, which is enough
  /// for nearly every image.
  JsonValue workflow() {
    for (const Payload& payload : payloads_.all()) {
      if (workflow_) break;
      if (may_hold_workflow(payload)) look(payload);
    }
    return workflow_;
  }

  JsonValue api;
  JsonValue extra_metadata;
  JsonValue airs;
  /// Why a payload that looked like a graph gave none.
  Error failure{ErrorCode::kMalformed, "no graph in it", std::nullopt};

 private:
  void look(const Payload& payload) {
    const JsonDocument& document = payload.document();
    JsonValue root = document.root();
    if (!root) {
      if (document.failure()) failure = *document.failure();
      return;
    }
    look(root, 0);
  }

  void look(JsonValue value, int depth) {
    // {"extra_data": {"extra_pnginfo": {"workflow": "{...}"}}}
    constexpr int kMaxDepth = 6;
    if (depth > kMaxDepth) return;
    if (const auto text = value.string()) {
      const std::string_view inner = trimmed(*text);
      if (!is_json_text(inner)) return;
      look(
          documents_.emplace_back(parse_json(inner, payloads_.limits())).root(),
          depth + 1);
      return;
    }
    if (value.is_array()) {
      // The queue's form: [number, id, graph, extra data, outputs].
      if (value.size() <= 8)
        value.for_each_element(
            [&](JsonValue element) { look(element, depth + 1); });
      return;
    }
    if (!value.is_object()) return;
    if (!extra_metadata) extra_metadata = value["extraMetadata"];
    if (is_workflow(value)) {
      if (!workflow_) workflow_ = value;
    } else if (is_api_graph(value)) {
      if (api) return;
      api = value;
      airs = value["extra"]["airs"];
    } else {
      for (const std::string_view key :
           {"prompt", "output", "workflow", "extra_data", "extra_pnginfo",
            "comfyui", "ComfyUI", "comfy", "graph", "api", "prompt_api"})
        look(value[key], depth + 1);
    }
  }

  const Payloads& payloads_;
  JsonValue workflow_;
  std::deque<JsonDocument> documents_;
};

// Text that the executed graph lacks may stand in the editor's copy.
bool fill_from_editor(Sources& sources, const Graph& graph,
                      const GraphWalk& walk, const Limits& limits,
                      Generation& generation, std::vector<Error>& notes) {
  const std::vector<WorkflowText> texts =
      workflow_texts(sources.workflow(), graph, walk.open_texts);
  if (texts.empty()) return false;
  std::vector<TextHint> hints;
  hints.reserve(texts.size());
  for (const WorkflowText& text : texts) hints.push_back({text.id, text.text});
  std::stable_sort(
      hints.begin(), hints.end(),
      [](const TextHint& a, const TextHint& b) { return a.id < b.id; });
  generation = {};
  notes.clear();
  walk_graph(graph, limits, hints, generation, notes);
  return true;
}

bool has_civitai_loaders(const Graph& graph) {
  for (NodeIndex i = 0; std::size_t(i) < graph.size(); ++i)
    if (graph.node(i).class_type.starts_with("CivitAI_")) return true;
  return false;
}

void remove_editor_comments(Generation& generation) {
  for (auto* text : {&generation.prompt, &generation.negative_prompt})
    if (*text) *text = without_editor_comments(**text);
}

// What savers put where infotext stands elsewhere and is none: a note to
// oneself, or the prompt.
void keep_plain_parameters(const Payloads& payloads, Generation& generation,
                           std::vector<Error>& notes) {
  const Payload* const payload = payloads.find("parameters");
  if (payload == nullptr || payload->text().empty() ||
      payload->field().encoding == Encoding::kBytes ||
      payload->looks_like_json() || payload->is_infotext())
    return;
  const std::string text = with_lf(payload->text());
  if (generation.prompt) {
    if (text != *generation.prompt)
      generation.extra.push_back({"parameters", text});
    return;
  }
  generation.prompt = text;
  notes.push_back({ErrorCode::kLowConfidence,
                   "no settings line: all of the text is taken as the prompt",
                   std::nullopt});
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  if (!may_hold_graph(payloads)) return false;
  Sources sources(payloads);
  const Limits& limits = payloads.limits();
  if (!sources.api && !sources.workflow()) return sources.failure;
  std::vector<Error> found;
  const Graph graph = sources.api
                          ? read_api_graph(sources.api, limits, notes)
                          : read_workflow(sources.workflow(), limits, notes);
  const GraphWalk walk = walk_graph(graph, limits, {}, generation, found);
  if (!sources.api)
    remove_editor_comments(generation);
  else if (!walk.open_texts.empty())
    fill_from_editor(sources, graph, walk, limits, generation, found);
  if (has_civitai_loaders(graph))
    apply_civitai_loaders(sources.workflow()["extra"], generation);
  notes.insert(notes.end(), std::make_move_iterator(found.begin()),
               std::make_move_iterator(found.end()));
  generation.software = "comfyui";
  keep_plain_parameters(payloads, generation, notes);
  apply_civitai_comfy(sources.extra_metadata, sources.airs, limits, generation);
  return true;
}

}  // namespace

extern const ParserRow comfyui_row = {
    .name = "comfyui",
    .software = "comfyui civitai",
    .where =
        "PNG `prompt`, `workflow`, comf; Exif `prompt:{`; video tags; "
        "UserComment JSON",
    .read = read,
    .fills_gaps = true};

}  // namespace sdmeta
