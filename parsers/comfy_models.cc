// Which files a pass was made with: model, VAE, and how much of the text
// encoder.
#include <algorithm>

#include "parsers/air.h"
#include "parsers/comfy_stacks.h"
#include "parsers/comfy_walk_parts.h"

namespace sdmeta {
namespace {

// Samplers that change models under way: `model_low_noise`, `lightning_high`.
bool names_half_of_the_noise(std::string_view input_name) {
  bool is_half = false;
  bool is_other = false;
  each_word(input_name, [&](std::string_view word) {
    if (word == "low" || word == "high")
      is_half = true;
    else if (word != "model" && word != "noise" && word != "base" &&
             word != "lightning" && !is_digit(word[0]))
      is_other = true;
  });
  return is_half && !is_other;
}

}  // namespace

// What a loader that knows civitai downloads where no file is chosen.
std::optional<std::string_view> ComfyWalk::ids_on_civitai(NodeIndex node) {
  const std::string_view name = spec_of(*graph_.node(node).kind, "air");
  if (name.empty()) return std::nullopt;
  const GraphInput* const input = values_.input_named(node, name);
  if (input == nullptr) return std::nullopt;
  const auto ids = values_.value_of(*input, NodeField::kModelName).string();
  return ids && parse_air_ids(*ids) ? ids : std::nullopt;
}

std::optional<std::string> ComfyWalk::model_name(NodeIndex node) {
  const NodeRole role = values_.role(node);
  if (role == NodeRole::kLora || role == NodeRole::kPass ||
      role == NodeRole::kExtraModel || role == NodeRole::kControlNet ||
      role == NodeRole::kVaeLoader || role == NodeRole::kTextEncoderLoader ||
      role == NodeRole::kUpscaler || role == NodeRole::kControlNetLoader ||
      role == NodeRole::kImageScale)
    return std::nullopt;
  const bool is_choice = !spec_of(*graph_.node(node).kind, "branches").empty();
  const GraphInput* input = is_choice
                                ? values_.selected(node)
                                : values_.input(node, NodeField::kModelName);
  if (input == nullptr) return std::nullopt;
  // A link called `model` leads to the model to be patched, not to a name.
  if (input->is_link() && input == values_.link(node, NodeField::kModel))
    return std::nullopt;
  auto name = values_.value_of(*input, NodeField::kModelName).string();
  if (!name || is_no_name(*name)) name = ids_on_civitai(node);
  if (!name) return std::nullopt;
  // `model` and `model_name` may name anything in a node nobody listed.
  if (role != NodeRole::kLoader && !is_model_file(*name) &&
      input->name.find("ckpt") == input->name.npos &&
      input->name.find("unet") == input->name.npos)
    return std::nullopt;
  if (!name->starts_with('{')) return std::string(*name);
  // A picker's selection: {"ckpt": "a.safetensors", "vae": ...}.
  const JsonDocument selection = parse_json(*name, limits_);
  for (const std::string_view key : {"ckpt", "ckpt_name", "model", "name"})
    if (const auto chosen = selection.root()[key].string())
      return std::string(*chosen);
  return std::string(*name);
}

// A loader whose file another node names, which the graph does not tell.
bool ComfyWalk::hides_model(NodeIndex node) const {
  if (values_.role(node) != NodeRole::kLoader) return false;
  const GraphInput* name = values_.input(node, NodeField::kModelName);
  return name != nullptr && name->is_link() &&
         name != values_.link(node, NodeField::kModel);
}

// The first loader up the `model` links gives the model; merges have more. An
// empty first one is not in the graph.
bool ComfyWalk::model_from(NodeIndex node, unsigned depth,
                           std::optional<std::string>& first,
                           std::vector<std::string>& others) {
  if (depth > kMaxDepth || !enter(node)) return false;
  // A node that is handed a model loads none of its own, and a patch's own file
  // is no model.
  const bool may_be_handed = values_.role(node) == NodeRole::kLoader ||
                             values_.role(node) == NodeRole::kUnknown;
  const GraphInput* handed =
      may_be_handed ? values_.link(node, NodeField::kModel) : nullptr;
  if (handed != nullptr && model_from(handed->node, depth + 1, first, others))
    return true;
  if (const auto name = model_name(node)) {
    if (!first)
      first = *name;
    else if (first != *name)
      others.push_back(*name);
    return true;
  }
  if (hides_model(node)) {
    if (!first) first.emplace();
    return true;
  }
  const NodeKind& kind = *graph_.node(node).kind;
  const auto follow = [&](const GraphInput* input) {
    return input != nullptr && input->is_link() &&
           model_from(input->node, depth + 1, first, others);
  };
  if (kind.role == NodeRole::kSwitch) return follow(values_.selected(node));
  // A schedule is handed a model too, which need not be the one that paints.
  if (follow(values_.input_named(node, "guider"))) return true;
  // Merges name their models themselves: all of them count.
  const bool is_merge = spec_of(kind, "model").find(',') != kind.spec.npos;
  bool found = false;
  graph_.each_input(node, NodeField::kModel, [&](const GraphInput& input) {
    found = follow(&input) || found;
    return found && !is_merge;
  });
  if (found) return true;
  const auto leads = [&](const GraphInput& input) { return follow(&input); };
  for (const NodeField field : {NodeField::kPipe, NodeField::kSettings})
    if (graph_.each_input(node, field, leads)) return true;
  if (kind.role != NodeRole::kUnknown && kind.role != NodeRole::kPass &&
      kind.role != NodeRole::kLora && kind.role != NodeRole::kSettings &&
      kind.role != NodeRole::kSampler)
    return false;
  // A patch nobody listed, with a name of its own for what it patches, or a
  // sampler with one for all that it gets.
  const bool is_open =
      !is_sampler(node) || (kind.role == NodeRole::kUnknown &&
                            values_.link(node, NodeField::kModel) == nullptr &&
                            values_.link(node, NodeField::kPipe) == nullptr);
  for (const GraphInput& input : graph_.inputs(node))
    if (name_matches("model*", input.name) || is_open)
      if (is_on_image_path(input.name) || name_matches("model*", input.name))
        if (follow(&input)) return true;
  return false;
}

void ComfyWalk::describe_models(NodeIndex sampler) {
  std::optional<std::string> model;
  std::vector<std::string> others;
  start();
  model_from(sampler, 0, model, others);
  if (model && !model->empty()) result_.model = std::move(model);
  for (const std::string& other : others) add_extra("merged_model", other);
  // A guider may have another model for what it keeps away from.
  if (const GraphInput* guider = values_.input_named(sampler, "guider");
      guider != nullptr && guider->is_link())
    if (const GraphInput* negative =
            values_.input_named(guider->node, "model_negative");
        negative != nullptr && negative->is_link())
      add_other_model(negative->node, "negative_model");
  // Three models are the most a sampler takes.
  unsigned halves_left = 4;
  for (const GraphInput& input : graph_.inputs(sampler)) {
    if (halves_left == 0) break;
    if (!input.is_link() || !names_half_of_the_noise(input.name)) continue;
    --halves_left;
    add_other_model(input.node, "refiner_model");
  }
}

// The model that `node` loads or gets, if it is not known as the base's or as a
// refiner.
void ComfyWalk::add_other_model(NodeIndex node, std::string_view key) {
  std::optional<std::string> model;
  std::vector<std::string> merged;
  start();
  model_from(node, 0, model, merged);
  if (model && !model->empty() && model != result_.model &&
      !known_extra_.contains({"refiner_model", *model}))
    add_extra(key, *model);
}

// Reroutes and their like hand on what they get, whatever its name there.
bool ComfyWalk::is_relay(NodeIndex node) const {
  const NodeRole role = values_.role(node);
  return role == NodeRole::kPass || role == NodeRole::kUnknown;
}

// Until `leads` is true of an input: pipes, and of a relay all there are.
template <class Leads>
bool ComfyWalk::follow_bundles(NodeIndex node, bool is_relay,
                               const Leads& leads) {
  if (graph_.each_input(node, NodeField::kPipe, leads)) return true;
  const auto all = graph_.inputs(node);
  return is_relay && std::any_of(all.begin(), all.end(), leads);
}

bool ComfyWalk::vae_from(NodeIndex node, unsigned depth) {
  if (depth > kMaxDepth || !enter(node)) return false;
  const NodeKind& kind = *graph_.node(node).kind;
  if (kind.role == NodeRole::kSwitch) {
    const GraphInput* branch = values_.selected(node);
    return branch != nullptr && branch->is_link() &&
           vae_from(branch->node, depth + 1);
  }
  if (const GraphInput* link = values_.link(node, NodeField::kVae))
    return vae_from(link->node, depth + 1);
  if (const GraphInput* input = values_.input(node, NodeField::kVaeName)) {
    const auto name = values_.value_of(*input, NodeField::kVaeName).string();
    if (name && !is_no_name(*name)) result_.vae = std::string(*name);
    return true;
  }
  if (kind.role == NodeRole::kLoader) return true;
  return follow_bundles(node, is_relay(node), [&](const GraphInput& input) {
    return input.is_link() && vae_from(input.node, depth + 1);
  });
}

// The last node of the path that was given a VAE decoded the picture.
void ComfyWalk::find_vae() {
  for (auto node = path_.rbegin(); node != path_.rend(); ++node) {
    if (values_.link(*node, NodeField::kVae) == nullptr && !is_sampler(*node))
      continue;
    start();
    if (vae_from(*node, 0)) return;
  }
}

bool ComfyWalk::clip_skip_from(NodeIndex node, unsigned depth) {
  if (depth > kMaxDepth || !enter(node)) return false;
  const NodeKind& kind = *graph_.node(node).kind;
  const GraphInput* held = values_.input(node, NodeField::kClipSkip);
  if (held != nullptr) {
    const auto layer = values_.value_of(*held, NodeField::kClipSkip).integer();
    if (layer && *layer != 0 && *layer > -1000 && *layer < 1000) {
      result_.clip_skip = *layer < 0 ? -*layer : *layer;
      return true;
    }
  }
  const auto leads = [&](const GraphInput& input) {
    return input.is_link() && clip_skip_from(input.node, depth + 1);
  };
  const auto follow = [&](const GraphInput* input) {
    return input != nullptr && leads(*input);
  };
  if (kind.role == NodeRole::kSwitch) return follow(values_.selected(node));
  const GraphInput* const clip = values_.link(node, NodeField::kClip);
  if (follow(clip)) return true;
  const bool may_relay = depth > 0 && clip == nullptr && is_relay(node);
  return follow_bundles(node, may_relay, leads);
}

void ComfyWalk::find_clip_skip() {
  start();
  for (const NodeIndex encoder : texts_.encoders(PromptSide::kPositive))
    if (clip_skip_from(encoder, 0)) return;
  for (const NodeIndex encoder : texts_.encoders(PromptSide::kNegative))
    if (clip_skip_from(encoder, 0)) return;
}

}  // namespace sdmeta
