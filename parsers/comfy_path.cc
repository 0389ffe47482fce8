// From the saved picture to the samplers that made it.
#include <algorithm>
#include <array>

#include "parsers/comfy_walk_parts.h"

namespace sdmeta {
namespace {

// Inputs that lead away from the picture.
constexpr NamePatterns kOffTheImagePath(std::to_array<std::string_view>(
    {"model*",        "clip*",    "vae*",    "positive*",      "negative*",
     "conditioning*", "control*", "mask*",   "upscale_model*", "noise*",
     "guider",        "sampler*", "sigmas*", "seed*",          "text*",
     "prompt*",       "lora*",    "width*",  "height*",        "steps",
     "cfg",           "cond*",    "string*", "style*",         "VAE",
     "MODEL",         "CLIP",     "opt_clip"}));

}  // namespace

bool is_on_image_path(std::string_view name) {
  return !kOffTheImagePath.match(name);
}

const GraphInput* ComfyWalk::prompt_of(NodeIndex node) const {
  for (const std::string_view name :
       {"prompt", "prompt_text", "text_prompt", "positive_prompt"})
    if (const GraphInput* input = values_.input_named(node, name)) return input;
  return nullptr;
}

bool ComfyWalk::is_sampler_by_shape(NodeIndex node) const {
  const auto has = [&](NodeField field) {
    return values_.input(node, field) != nullptr;
  };
  const auto linked = [&](std::string_view name) {
    const GraphInput* input = values_.input_named(node, name);
    return input != nullptr && input->is_link();
  };
  if (linked("guider") && linked("sigmas")) return true;
  const std::string_view name = graph_.node(node).class_type;
  const bool has_model = values_.link(node, NodeField::kModel) != nullptr;
  const bool has_latent = values_.link(node, NodeField::kImage) != nullptr;
  const bool is_fed =
      values_.link(node, NodeField::kPositive) != nullptr && has_latent;
  // Its numbers may be another node's.
  if (is_fed && has_model && contains_ignoring_case(name, "sampl")) return true;
  const bool has_steps = has(NodeField::kSteps);
  const bool has_seed = has(NodeField::kSeed);
  // Bundles carry what samplers take: a seed, the odd one steps too.
  const bool is_bundle =
      contains_any_ignoring_case(name, {"pipe", "context", "bus"});
  if (is_fed && !is_bundle && (has_steps || linked("sigmas"))) return true;
  if (!has_steps || !has_seed) return false;
  // One conditioning for a guided model; everything in a pipe.
  if (values_.link(node, NodeField::kConditioning) != nullptr && has_model &&
      has_latent)
    return true;
  if (values_.link(node, NodeField::kPipe) != nullptr &&
      has(NodeField::kSampler) && has(NodeField::kCfg))
    return true;
  // Nodes that do everything: told by a sampler's numbers and a prompt, or by
  // their name.
  if (has(NodeField::kCfg) && prompt_of(node) != nullptr &&
      values_.input_named(node, "images") == nullptr)
    return true;
  return contains_any_ignoring_case(
      name, {"sampl", "generat", "inference", "txt2img", "text2img",
             "texttoimage", "img2img", "detailer", "pipeline", "refiner"});
}

// Nodes that send a prompt away and get a picture back (comfy_api_nodes). They
// have no parts of a model, and stand for a sampler where the picture's path
// ends with them.
bool ComfyWalk::asks_a_service(NodeIndex node) const {
  const GraphNode& held_by = graph_.node(node);
  if (held_by.kind->role != NodeRole::kUnknown) return false;
  const GraphInput* prompt = prompt_of(node);
  if (prompt == nullptr) return false;
  if (!prompt->is_link() && !prompt->value.is_string()) return false;
  // Encoders and painters of one's own have models.
  if (contains_ignoring_case(held_by.class_type, "encode")) return false;
  for (const GraphInput& input : graph_.inputs(node))
    if (input.is_link() && contains_ignoring_case(input.name, "model"))
      return false;
  for (const NodeField part :
       {NodeField::kModel, NodeField::kClip, NodeField::kPositive,
        NodeField::kConditioning, NodeField::kPipe})
    if (values_.link(node, part) != nullptr) return false;
  constexpr FieldSet kOrdered =
      field_bit(NodeField::kSeed) | field_bit(NodeField::kSizeText) |
      field_bit(NodeField::kWidth) | field_bit(NodeField::kNegativeText);
  return (graph_.fields(node) & kOrdered) != 0;
}

bool ComfyWalk::is_sampler(NodeIndex node) const {
  switch (values_.role(node)) {
    case NodeRole::kSampler:
    case NodeRole::kDetailer: return true;
    case NodeRole::kUnknown: return is_sampler_by_shape(node);
    default: return false;
  }
}

// Depth first along the picture: the first way that has a sampler is the path.
bool ComfyWalk::trace(NodeIndex node, unsigned depth) {
  if (depth > kMaxDepth || !enter(node)) return false;
  bool found = each_image_link(node, [&](const GraphInput& input) {
    return trace(input.node, depth + 1);
  });
  // A sampler on the way makes the picture, whoever made what it began with.
  if (found && is_sampler(node) && !is_sampler(path_.front())) {
    path_.clear();
    found = false;
  }
  if (!found && is_sampler(node)) {
    // Stable Cascade hands the first stage on as conditioning.
    const GraphInput* positive = values_.link(node, NodeField::kPositive);
    if (positive != nullptr &&
        values_.role(positive->node) == NodeRole::kStageC)
      trace(positive->node, depth + 1);
    found = true;
  }
  found = found || asks_a_service(node);
  if (found) path_.push_back(node);
  return found;
}

// A pass from a picture back to noise: by its name (BNK_Unsampler), by its mode
// (RES4LYF), or by a schedule that runs backwards (core).
bool ComfyWalk::unsamples(NodeIndex sampler) const {
  if (contains_ignoring_case(graph_.node(sampler).class_type, "unsampl"))
    return true;
  if (const GraphInput* mode = values_.input_named(sampler, "sampler_mode"))
    if (mode->value.string().value_or("").starts_with("unsample")) return true;
  const GraphInput* sigmas = values_.input_named(sampler, "sigmas");
  return sigmas != nullptr && sigmas->is_link() &&
         !spec_of(*graph_.node(sigmas->node).kind, "reversed").empty();
}

// What went back to noise is no base where another pass came of it.
void ComfyWalk::drop_unsampling() {
  while (!path_.empty() && unsamples(path_.front())) {
    const auto next =
        std::find_if(path_.begin() + 1, path_.end(),
                     [&](NodeIndex node) { return is_sampler(node); });
    if (next == path_.end()) return;
    path_.erase(path_.begin(), next);
  }
}

// Savers fed through nodes that the walk does not understand.
bool ComfyWalk::find_any_sampler() {
  std::vector<NodeIndex> best;
  for (const bool only_reachable : {true, false}) {
    start();
    std::vector<NodeIndex> candidates = reachable_;
    if (!only_reachable) {
      candidates.clear();
      for (std::size_t i = 0; i < graph_.size(); ++i)
        candidates.push_back(static_cast<NodeIndex>(i));
    }
    for (const NodeIndex node : candidates) {
      if (!is_sampler(node)) continue;
      path_.clear();
      start();
      if (!trace(node, 0)) continue;
      if (path_.size() > best.size()) best = path_;
      if (values_.is_spent()) break;
    }
    if (!best.empty()) break;
  }
  path_ = std::move(best);
  return !path_.empty();
}

}  // namespace sdmeta
