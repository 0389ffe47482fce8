#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "parsers/comfy_controlnets.h"
#include "parsers/comfy_loras.h"
#include "parsers/comfy_walk_parts.h"

namespace sdmeta {

bool is_no_name(std::string_view name) {
  // Of files in folders. Thousands of nodes may be handed one of 2 MB.
  constexpr std::size_t kLongestName = 1024;
  return name.empty() || name.size() > kLongestName || name == "None" ||
         name == "none" || name == "null" || name == "Baked VAE" ||
         name == "baked VAE";
}

// --- what a pass was fed with

std::optional<double> ComfyWalk::denoise_of(NodeIndex sampler) {
  // The cut of a schedule is a denoise by another name.
  if (const GraphInput* sigmas = values_.input_named(sampler, "sigmas");
      sigmas != nullptr && sigmas->is_link() &&
      output_name(*graph_.node(sigmas->node).kind, sigmas->slot) == "denoise")
    return values_.value(sigmas->node, NodeField::kDenoise).number();
  return values_.value(sampler, NodeField::kDenoise).number();
}

void ComfyWalk::describe_base(NodeIndex sampler) {
  const bool is_service = !is_sampler(sampler);
  const auto text = [&](PromptSide side) {
    if (!is_service) return texts_.text_of(sampler, side);
    // The prompt of a service is no text for both sides.
    const GraphInput* input =
        side == PromptSide::kPositive
            ? prompt_of(sampler)
            : values_.input(sampler, NodeField::kNegativeText);
    return input != nullptr ? texts_.text(*input, side) : std::nullopt;
  };
  const auto positive = text(PromptSide::kPositive);
  const auto negative = text(PromptSide::kNegative);
  if (positive) result_.prompt = *positive;
  if (negative) result_.negative_prompt = *negative;

  const GraphValue steps = values_.value(sampler, NodeField::kSteps);
  result_.steps = steps.integer();
  if (const auto cfg = values_.value(sampler, NodeField::kCfg).number())
    result_.cfg_scale = cfg;
  result_.guidance = values_.value(sampler, NodeField::kGuidance).number();
  if (!result_.guidance || *result_.guidance < 0)
    result_.guidance = texts_.guidance();
  const GraphValue seed = values_.value(sampler, NodeField::kSeed);
  if (seed.is_known()) result_.seed = seed.value.digits();
  if (const auto name = values_.value(sampler, NodeField::kSampler).string())
    if (!is_no_name(*name)) result_.sampler = std::string(*name);
  if (const auto name = values_.value(sampler, NodeField::kScheduler).string())
    if (!is_no_name(*name)) result_.scheduler = std::string(*name);
  // 1 says that nothing of the picture before was kept: the ordinary case,
  // which infotext does not mention either.
  if (const auto denoise = denoise_of(sampler); denoise && *denoise < 1.0)
    result_.denoising_strength = denoise;
  find_size(sampler);
  find_clip_skip();
  describe_models(sampler);
  if (is_service)
    if (const auto name =
            values_.value(sampler, NodeField::kModelName).string();
        name && !is_no_name(*name))
      result_.model = std::string(*name);
  find_script(sampler);
}

void ComfyWalk::describe_pass(NodeIndex sampler, const Scaling& scaling) {
  const bool is_detailer = values_.role(sampler) == NodeRole::kDetailer;
  const bool is_hires = scaling.is_found;
  std::string_view role = "refiner";
  if (is_hires)
    role = "hires";
  else if (is_detailer)
    role = "detailer";

  if (is_hires && result_.hires == Hires{}) {
    Hires& hires = result_.hires;
    hires.steps = values_.value(sampler, NodeField::kSteps).integer();
    hires.denoising_strength = denoise_of(sampler);
    if (!scaling.is_factor_hidden) hires.upscale = scaling.factor;
    hires.upscaler = scaling.upscaler;
    if (scaling.size) {
      hires.width = scaling.size->width;
      hires.height = scaling.size->height;
      if (!hires.upscale && result_.width && result_.height) {
        const double by_width = static_cast<double>(scaling.size->width) /
                                static_cast<double>(*result_.width);
        const double by_height = static_cast<double>(scaling.size->height) /
                                 static_cast<double>(*result_.height);
        if (std::fabs(by_width - by_height) < 0.01) hires.upscale = by_width;
      }
    }
  }

  add_other_model(sampler, std::string(role) + "_model");
  add_prompts(sampler, role);
}

// What differs from the base's, and was not said before.
void ComfyWalk::add_prompts(NodeIndex sampler, std::string_view role) {
  PromptPart part;
  part.role = std::string(role);
  part.prompt = texts_.text_of(sampler, PromptSide::kPositive);
  part.negative_prompt = texts_.text_of(sampler, PromptSide::kNegative);
  if (part.prompt == result_.prompt) part.prompt.reset();
  if (part.negative_prompt == result_.negative_prompt)
    part.negative_prompt.reset();
  if (part.prompt && part.prompt->empty()) part.prompt.reset();
  if (part.negative_prompt && part.negative_prompt->empty())
    part.negative_prompt.reset();
  const bool is_known =
      std::find(result_.prompts.begin(), result_.prompts.end(), part) !=
      result_.prompts.end();
  if ((part.prompt || part.negative_prompt) && !is_known)
    result_.prompts.push_back(std::move(part));
}

// Pictures that were made apart: parts of a long video, of a grid, of a
// collage, or what a ControlNet or another reference was shown; and details
// that were pasted in.
void ComfyWalk::describe_branches() {
  std::vector<NodeIndex> known = path_;
  std::sort(known.begin(), known.end());
  std::size_t branches = 0;
  // From the root on means the last part first.
  for (auto node = reachable_.rbegin(); node != reachable_.rend(); ++node) {
    const bool is_detailer = values_.role(*node) == NodeRole::kDetailer;
    if ((!is_detailer && values_.role(*node) != NodeRole::kSampler) ||
        std::binary_search(known.begin(), known.end(), *node) ||
        unsamples(*node) || ++branches >= kMaxPasses)
      continue;
    const std::string role = is_detailer ? "detailer" : "branch";
    add_other_model(*node, role + "_model");
    add_prompts(*node, role);
  }
}

// --- what is anywhere in the picture's part of the graph

void ComfyWalk::add_extra(std::string_view key, std::string_view value) {
  const KeyValue pair{std::string(key), std::string(value)};
  if (known_extra_.emplace(pair.key, pair.value).second)
    result_.extra.push_back(pair);
}

// `embedding:name` in a prompt; the name ends where ComfyUI's tokenizer ends
// it.
void ComfyWalk::collect_embeddings(std::string_view text) {
  constexpr std::string_view kMark = "embedding:";
  std::unordered_set<std::string_view>& known = known_embeddings_;
  for (std::size_t at = text.find(kMark); at != text.npos;
       at = text.find(kMark, at)) {
    at += kMark.size();
    std::size_t end = at;
    while (end < text.size() &&
           std::string_view(" \t\r\n,()<>{}|\"").find(text[end]) == text.npos &&
           text[end] != ':')
      ++end;
    const std::string_view name = text.substr(at, end - at);
    if (name.empty()) continue;
    if (known.insert(name).second)
      result_.embeddings.push_back({std::string(name), {}});
  }
}

void ComfyWalk::collect_reachable(std::initializer_list<NodeIndex> roots) {
  reachable_.clear();
  start();
  for (const NodeIndex root : roots)
    if (root != kNoNode && enter(root)) reachable_.push_back(root);
  for (std::size_t i = 0; i < reachable_.size(); ++i) {
    // Of a switch, the branch that is taken, where that is certain.
    const GraphInput* taken = nullptr;
    if (values_.role(reachable_[i]) == NodeRole::kSwitch)
      taken = values_.selected(reachable_[i]);
    for (const GraphInput& input : graph_.inputs(reachable_[i]))
      if (input.is_link() && (taken == nullptr || taken == &input) &&
          enter(input.node))
        reachable_.push_back(input.node);
  }
}

// --- when no link leads to a sampler

// Nodes are taken for what they look like, wherever they are. Marked as such.
void ComfyWalk::scan() {
  std::string best_positive;
  std::string best_negative;
  for (std::size_t i = 0; i < graph_.size() && !values_.is_spent(); ++i) {
    const auto node = static_cast<NodeIndex>(i);
    const GraphNode& entry = graph_.node(node);
    // Files that make pictures larger or look for things in them. What loads a
    // VAE or a net beside a checkpoint says which file is which; files of the
    // others are checkpoints too (`rife47.pth`).
    const bool is_tool =
        values_.role(node) == NodeRole::kUnknown &&
        (contains_any_ignoring_case(
             entry.class_type,
             {"upscal", "detect", "segment", "interpol", "preprocess"}) ||
         (contains_any_ignoring_case(entry.class_type, {"vae", "controlnet"}) &&
          values_.input_named(node, "ckpt_name") == nullptr &&
          values_.input_named(node, "unet_name") == nullptr));
    if (!result_.model && !is_tool)
      if (const auto name = model_name(node))
        result_.model = std::string(*name);
    if (contains_ignoring_case(entry.class_type, "sampl")) {
      if (!result_.steps)
        result_.steps = values_.value(node, NodeField::kSteps).integer();
      if (!result_.cfg_scale)
        result_.cfg_scale = values_.value(node, NodeField::kCfg).number();
      if (!result_.seed)
        result_.seed = values_.value(node, NodeField::kSeed).value.digits();
    }
    const NodeRole role = values_.role(node);
    // Nodes that ask a service for a picture.
    const GraphInput* words = values_.input_named(node, "prompt");
    const bool asks = role == NodeRole::kUnknown && words != nullptr &&
                      words->value.is_string();
    if (asks && !result_.seed)
      result_.seed = values_.value(node, NodeField::kSeed).value.digits();
    const bool holds_text =
        asks || role == NodeRole::kEncoder || role == NodeRole::kText ||
        role == NodeRole::kCachedText ||
        contains_any_ignoring_case(entry.class_type, {"textencode", "prompt"});
    if (!holds_text) continue;
    bool is_negative = false;
    for (const std::string_view word :
         {"negativ", "n\u00e9gatif", "\u8d1f\u9762", "\u8ca0\u9762",
          "\u30cd\u30ac\u30c6\u30a3\u30d6", "\ubd80\uc815"})
      is_negative = is_negative || contains_ignoring_case(entry.title, word) ||
                    contains_ignoring_case(entry.class_type, word);
    auto text = texts_.text_of(
        node, is_negative ? PromptSide::kNegative : PromptSide::kPositive);
    if (!text) continue;
    for (const std::string_view start :
         {"worst quality", "low quality", "bad quality", "lowres",
          "bad anatomy", "blurry", "(worst", "(low", "ugly", "text, watermark"})
      is_negative = is_negative || text->starts_with(start);
    std::string& best = is_negative ? best_negative : best_positive;
    if (text->size() > best.size()) best = std::move(*text);
  }
  if (!result_.prompt && !best_positive.empty())
    result_.prompt = std::move(best_positive);
  if (!result_.negative_prompt && !best_negative.empty())
    result_.negative_prompt = std::move(best_negative);
  if (result_.prompt || result_.model || result_.steps)
    note(ErrorCode::kLowConfidence,
         "no link leads from an output to prompts; taken from the nodes that "
         "look like it");
}

void ComfyWalk::note(ErrorCode code, std::string_view detail) {
  notes_.push_back({code, std::string(detail), std::nullopt});
}

// Fills `path_`. False if there is no sampler in the graph.
bool ComfyWalk::find_path() {
  collect_reachable({root_});
  start();
  if (root_ != kNoNode && trace(root_, 0)) return true;
  if (!find_any_sampler()) return false;
  collect_reachable({root_, path_.back()});
  note(ErrorCode::kLowConfidence,
       "the output is not linked to a sampler; the longest chain of samplers "
       "was taken");
  return true;
}

void ComfyWalk::describe_path() {
  drop_unsampling();
  bool had_base = false;
  std::size_t passes = 0;
  Scaling scaling;
  for (const NodeIndex node : path_) {
    read_scaling(node, scaling);
    // The first is what the path ends with: a sampler, or what stands for one.
    if (had_base && !is_sampler(node)) continue;
    if (!had_base) {
      describe_base(node);
      had_base = true;
    } else if (++passes < kMaxPasses) {
      describe_pass(node, scaling);
    }
    scaling = {};
  }
  find_vae();
}

// Links that lead nowhere, as against text that the graph does not hold.
bool ComfyWalk::lacks_prompts() const {
  const std::vector<NodeIndex>& open = texts_.open_nodes();
  return !result_.prompt && !result_.negative_prompt && !texts_.is_cut() &&
         std::all_of(open.begin(), open.end(),
                     [&](NodeIndex node) { return is_sampler(node); });
}

GraphWalk ComfyWalk::run() {
  GraphWalk walk;
  find_root();
  walk.has_sampler = find_path();
  if (walk.has_sampler) describe_path();
  if (!walk.has_sampler || lacks_prompts()) scan();
  if (walk.has_sampler) describe_branches();

  collect_all_loras();
  collect_controlnets(values_, reachable_, result_.controlnets);
  for (const NodeIndex node : reachable_) {
    collect_text_encoders(node);
    collect_models(node);
  }
  for (const std::string& region : texts_.regions())
    result_.prompts.push_back({"region", region, std::nullopt});
  for (const auto* text : {&result_.prompt, &result_.negative_prompt})
    if (*text) collect_embeddings(**text);
  for (const NodeIndex node : texts_.open_nodes())
    walk.open_texts.push_back(graph_.node(node).id);
  if (texts_.is_guess())
    note(ErrorCode::kLowConfidence,
         "several texts meet in a node of an unknown class; what it makes of "
         "them is a guess");
  if (texts_.is_partial())
    note(ErrorCode::kLowConfidence,
         "some of a prompt is not in the graph; what is there is kept");
  if (is_one_of_several())
    note(ErrorCode::kLowConfidence,
         "several pictures are saved, each made in its own way; which of them "
         "this one is cannot be told");
  add_extra("node_count", std::to_string(graph_.size()));
  if (values_.is_spent() || texts_.is_cut() || are_loras_cut_)
    note(ErrorCode::kGraphTooLarge,
         "the walk was stopped; what it had found is kept");
  return walk;
}

// Upscalers, and models beside the one that the base pass has.
void ComfyWalk::collect_models(NodeIndex node) {
  const auto name_in =
      [&](const GraphInput& input) -> std::optional<std::string_view> {
    const auto name = values_.value_of(input, NodeField::kModelName).string();
    return name && !is_no_name(*name) ? name : std::nullopt;
  };
  switch (values_.role(node)) {
    case NodeRole::kUpscaler:
      if (const auto name =
              values_.value(node, NodeField::kUpscalerName).string();
          name && known_upscalers_.emplace(*name).second)
        result_.upscalers.push_back({std::string(*name), std::nullopt});
      break;
    case NodeRole::kLoader:
      // Efficiency's loader has both of SDXL's, and so has Fooocus'.
      for (const std::string_view input :
           {"refiner_ckpt_name", "refiner_model_name", "refiner_checkpoint"})
        if (const GraphInput* refiner = values_.input_named(node, input))
          if (const auto name = name_in(*refiner))
            add_extra("refiner_model", *name);
      break;
    case NodeRole::kExtraModel:
      if (const GraphInput* input = values_.input(node, NodeField::kModelName))
        if (const auto name = name_in(*input)) {
          const std::string_view key =
              spec_of(*graph_.node(node).kind, "extra");
          add_extra(key.empty() ? input->name : key, *name);
        }
      break;
    default: break;
  }
}

// Some encoders and loaders of models load text encoders too; their rows name
// the inputs.
void ComfyWalk::collect_text_encoders(NodeIndex node) {
  const NodeKind& kind = *graph_.node(node).kind;
  if (kind.role != NodeRole::kTextEncoderLoader &&
      (kind.own_fields & field_bit(NodeField::kTextEncoderName)) == 0)
    return;
  graph_.each_input(
      node, NodeField::kTextEncoderName, [&](const GraphInput& input) {
        const auto file =
            values_.value_of(input, NodeField::kTextEncoderName).string();
        if (file && !is_no_name(*file)) add_extra("text_encoder", *file);
        return false;
      });
}

void ComfyWalk::collect_all_loras() {
  const auto resolve = [&](const GraphInput& input) {
    const GraphValue text = values_.value_of(input, NodeField::kModelName);
    if (text.is_known()) return text.value;
    return values_.value_of(input, NodeField::kStrength).value;
  };
  // A dozen of the largest stacks known, of fifty LoRAs each.
  std::size_t work_left = std::size_t{1} << 19;
  std::vector<Lora> loaded;
  std::vector<Lora> tagged;
  // Up the links means nearest the loader last; the order of loading is wanted.
  for (auto node = reachable_.rbegin(); node != reachable_.rend(); ++node) {
    if (!collect_loras(graph_, *node, resolve, limits_, work_left, loaded))
      are_loras_cut_ = true;
    collect_tags(*node, tagged);
  }
  using Claim =
      std::tuple<std::string, std::optional<double>, std::optional<double>>;
  std::set<Claim> claims;
  std::unordered_set<std::string> names;
  for (Lora& lora : tagged) {
    names.insert(lora.name);
    if (claims.emplace(lora.name, lora.weight, lora.clip_weight).second)
      result_.loras.push_back(std::move(lora));
  }
  for (Lora& lora : loaded)
    if (names.insert(lora.name).second)
      result_.loras.push_back(std::move(lora));
}

// Nodes that obey `<lora:name:weight>` in their text. Lists of the same node
// say the same with switches.
void ComfyWalk::collect_tags(NodeIndex node, std::vector<Lora>& loras) {
  const NodeKind& kind = *graph_.node(node).kind;
  const std::string_view tags = spec_of(kind, "tags");
  if (tags.empty()) return;
  if (const GraphInput* obeyed = values_.input_named(node, tags))
    if (!obeyed->value.boolean().value_or(true)) return;
  if (values_.input_named(node, "loras") != nullptr) return;
  for (const PromptSide side : {PromptSide::kPositive, PromptSide::kNegative}) {
    std::optional<std::string> text;
    if (kind.role == NodeRole::kLora) {
      if (const GraphInput* input = values_.input(node, NodeField::kText))
        text = texts_.text(*input, side);
    } else {
      text = texts_.text_of(node, side);
    }
    if (!text) continue;
    collect_lora_tags(*text, loras);
  }
}

GraphWalk walk_graph(const Graph& graph, const Limits& limits,
                     std::span<const TextHint> hints, Generation& generation,
                     std::vector<Error>& notes) {
  return ComfyWalk(graph, limits, hints, generation, notes).run();
}

}  // namespace sdmeta
