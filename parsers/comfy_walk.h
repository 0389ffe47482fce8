// From a ComfyUI graph to how its picture was made: finds the node that saved
// the picture, walks up to the samplers, tells the base pass from those that
// refine it, and collects what each was fed with. docs/comfyui.md tells how.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "parsers/comfy_graph.h"
#include "parsers/comfy_text.h"
#include "parsers/generation.h"

namespace sdmeta {

struct GraphWalk {
  /// A sampler was found by following links, or by a scan of all nodes
  /// (kLowConfidence among the notes).
  bool has_sampler = false;
  /// Ids of nodes whose text the graph does not hold, met on the way to the
  /// prompts; what the editor's copy holds for them can be given as hints.
  std::vector<std::string_view> open_texts;
};

/// Fills `generation` except `software`. Work is bounded by
/// `limits.max_graph_visits`; passing it is a note and a partial result.
GraphWalk walk_graph(const Graph& graph, const Limits& limits,
                     std::span<const TextHint> hints, Generation& generation,
                     std::vector<Error>& notes);

}  // namespace sdmeta
