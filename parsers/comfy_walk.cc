#include "parsers/comfy_walk.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "parsers/comfy_loras.h"
#include "parsers/comfy_values.h"
#include "parsers/text.h"

namespace sdmeta {
namespace {

// The longest chains of passes seen are base, hires and three detailers.
constexpr std::size_t kMaxPasses = 16;
// Nodes in a row between a saver and an empty latent; recursion of one walk.
constexpr unsigned kMaxDepth = 1000;

// Inputs that lead away from the picture.
constexpr std::array<std::string_view, 28> kOffTheImagePath = {
    "model*",        "clip*",    "vae*",    "positive*",      "negative*",
    "conditioning*", "control*", "mask*",   "upscale_model*", "noise*",
    "guider",        "sampler*", "sigmas*", "seed*",          "text*",
    "prompt*",       "lora*",    "width*",  "height*",        "steps",
    "cfg",           "cond*",    "string*", "style*",         "VAE",
    "MODEL",         "CLIP",     "opt_clip"};

bool is_on_image_path(std::string_view name) {
  return std::none_of(
      kOffTheImagePath.begin(), kOffTheImagePath.end(),
      [&](std::string_view off) { return name_matches(off, name); });
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) !=
         text.end();
}

bool ends_like_a_model_file(std::string_view name) {
  for (const std::string_view ending :
       {".safetensors", ".ckpt", ".sft", ".gguf", ".pth", ".pt", ".bin"})
    if (name.size() > ending.size() &&
        contains_ignoring_case(name.substr(name.size() - ending.size()),
                               ending))
      return true;
  return false;
}

bool is_no_name(std::string_view name) {
  return name.empty() || name == "None" || name == "none" || name == "null" ||
         name == "Baked VAE" || name == "baked VAE";
}

class Walk {
 public:
  Walk(const Graph& graph, const Limits& limits,
       std::span<const TextHint> hints, Generation& generation,
       std::vector<Error>& notes)
      : graph_(graph),
        limits_(limits),
        values_(graph, limits),
        texts_(values_, hints),
        result_(generation),
        notes_(notes),
        stamps_(graph.size(), 0) {}

  GraphWalk run();

 private:
  // What a pass adds to the picture before it.
  struct Scaling {
    std::optional<double> factor;
    std::optional<std::string> upscaler;
    std::optional<PixelSize> size;
    bool is_found = false;
    // An upscale model has a factor of its own, which no graph holds.
    bool by_model = false;
  };

  // --- which node made the picture
  void find_root();
  std::size_t count_reachable(NodeIndex root, bool& has_sampler);
  bool is_sampler(NodeIndex node) const;
  bool is_sampler_by_shape(NodeIndex node) const;

  // --- the passes, base first
  bool trace(NodeIndex node, unsigned depth);
  template <class Visit>
  bool each_image_link(NodeIndex node, Visit&& visit);
  bool find_any_sampler();

  // --- what they were fed with
  void describe_base(NodeIndex sampler);
  void describe_pass(NodeIndex sampler, const Scaling& scaling);
  void describe_models(NodeIndex sampler);
  bool model_from(NodeIndex node, unsigned depth, std::string& first,
                  std::vector<std::string>& others);
  std::optional<std::string> model_name(NodeIndex node);
  void find_vae();
  bool vae_from(NodeIndex node, unsigned depth);
  void find_clip_skip();
  bool clip_skip_from(NodeIndex node, unsigned depth);
  void find_size(NodeIndex sampler);
  std::optional<PixelSize> size_from(NodeIndex node, unsigned depth);
  std::optional<PixelSize> own_size(NodeIndex node, unsigned depth = 0);
  std::optional<PixelSize> size_by_ratio(NodeIndex node);
  void read_scaling(NodeIndex node, Scaling& scaling);
  void find_script(NodeIndex sampler);
  std::optional<double> denoise_of(NodeIndex sampler);

  // --- what is anywhere in the picture's part of the graph
  void collect_reachable();
  void collect_control_net(NodeIndex node);
  void collect_all_loras();
  void collect_tags(NodeIndex node, std::vector<Lora>& loras);
  void collect_embeddings(std::string_view text);
  void add_extra(std::string_view key, std::string_view value);

  // --- when no link leads to a sampler
  void scan();

  bool enter(NodeIndex node) {
    std::uint32_t& stamp = stamps_[static_cast<std::size_t>(node)];
    if (stamp == stamp_) return false;
    stamp = stamp_;
    return values_.spend(node);
  }
  void start() { ++stamp_; }

  const Graph& graph_;
  const Limits& limits_;
  GraphValues values_;
  GraphTexts texts_;
  Generation& result_;
  std::vector<Error>& notes_;
  std::vector<std::uint32_t> stamps_;
  std::uint32_t stamp_ = 0;
  NodeIndex root_ = kNoNode;
  bool are_loras_cut_ = false;
  // From the base sampler to the root, all nodes of the picture's path.
  std::vector<NodeIndex> path_;
  std::vector<NodeIndex> reachable_;
  // What stands in the result already; graphs can name 10^5 of each.
  std::set<std::pair<std::string, std::string>> known_extra_;
  std::unordered_set<std::string_view> known_embeddings_;  // of the prompts
};

// --- which node made the picture --------------------------------------------

bool Walk::is_sampler_by_shape(NodeIndex node) const {
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
  if (is_fed && (has_steps || has_seed || linked("sigmas"))) return true;
  if (!has_steps || !has_seed) return false;
  // One conditioning for a guided model; everything in a pipe.
  if (values_.link(node, NodeField::kConditioning) != nullptr && has_model &&
      has_latent)
    return true;
  if (values_.link(node, NodeField::kPipe) != nullptr &&
      has(NodeField::kSampler) && has(NodeField::kCfg))
    return true;
  // Nodes that do everything: told by their name and a sampler's numbers.
  for (const std::string_view part :
       {"sampl", "generat", "inference", "txt2img", "text2img", "texttoimage",
        "img2img", "detailer", "pipeline", "refiner"})
    if (contains_ignoring_case(name, part)) return true;
  return false;
}

bool Walk::is_sampler(NodeIndex node) const {
  switch (values_.role(node)) {
    case NodeRole::kSampler:
    case NodeRole::kDetailer: return true;
    case NodeRole::kUnknown: return is_sampler_by_shape(node);
    default: return false;
  }
}

std::size_t Walk::count_reachable(NodeIndex root, bool& has_sampler) {
  start();
  std::vector<NodeIndex> open = {root};
  std::size_t count = 0;
  enter(root);
  while (!open.empty()) {
    const NodeIndex node = open.back();
    open.pop_back();
    ++count;
    has_sampler = has_sampler || is_sampler(node);
    for (const GraphInput& input : graph_.inputs(node))
      if (input.is_link() && enter(input.node)) open.push_back(input.node);
  }
  return count;
}

// Savers before previews before whatever nobody uses; then the one with more
// behind it, as it is the one that all passes lead to; then the newest.
void Walk::find_root() {
  std::vector<bool> is_used(graph_.size());
  for (std::size_t i = 0; i < graph_.size(); ++i)
    for (const GraphInput& input : graph_.inputs(static_cast<NodeIndex>(i)))
      if (input.is_link()) is_used[static_cast<std::size_t>(input.node)] = true;

  struct Candidate {
    bool has_sampler;
    int rank;
    std::size_t reach;
    std::int64_t id;
    auto operator<=>(const Candidate&) const = default;
  };
  std::optional<Candidate> best;
  // The choice may not eat what the walk needs.
  const std::size_t reserve = values_.visits_left() / 2;
  for (std::size_t i = 0; i < graph_.size(); ++i) {
    if (best && values_.visits_left() < reserve) break;
    const auto node = static_cast<NodeIndex>(i);
    const NodeRole role = values_.role(node);
    const bool is_output =
        role == NodeRole::kSaver || role == NodeRole::kPreview;
    if (is_used[i] && !is_output) continue;
    Candidate candidate{};
    candidate.rank = role == NodeRole::kSaver ? 3 : is_output ? 2 : 1;
    if (best && best->has_sampler && candidate.rank < best->rank) continue;
    candidate.reach = count_reachable(node, candidate.has_sampler);
    const std::string_view id = graph_.node(node).id;
    std::from_chars(id.data(), id.data() + id.size(), candidate.id);
    if (best && candidate <= *best) continue;
    best = candidate;
    root_ = node;
  }
}

// --- the passes --------------------------------------------------------------

template <class Visit>
bool Walk::each_image_link(NodeIndex node, Visit&& visit) {
  const NodeKind& kind = *graph_.node(node).kind;
  if (kind.role == NodeRole::kSwitch) {
    // Whichever branch was taken, a picture came along it.
    if (const GraphInput* branch = values_.selected(node))
      return branch->is_link() && visit(*branch);
  }
  for (const NodeField field : {NodeField::kImage, NodeField::kPipe}) {
    if (graph_.each_input(node, field, [&](const GraphInput& input) {
          return input.is_link() && visit(input);
        }))
      return true;
  }
  // A sampler nobody listed may get everything by one link of any name.
  const bool is_closed = kind.role != NodeRole::kUnknown ||
                         values_.link(node, NodeField::kImage) != nullptr ||
                         values_.link(node, NodeField::kPipe) != nullptr;
  if (is_closed && is_sampler(node)) return false;
  for (const GraphInput& input : graph_.inputs(node))
    if (input.is_link() && is_on_image_path(input.name) && visit(input))
      return true;
  return false;
}

// Depth first along the picture: the first way that has a sampler is the path.
bool Walk::trace(NodeIndex node, unsigned depth) {
  if (depth > kMaxDepth || !enter(node)) return false;
  bool found = each_image_link(node, [&](const GraphInput& input) {
    return trace(input.node, depth + 1);
  });
  if (!found && is_sampler(node)) {
    // Stable Cascade hands the first stage on as conditioning.
    const GraphInput* positive = values_.link(node, NodeField::kPositive);
    if (positive != nullptr &&
        values_.role(positive->node) == NodeRole::kStageC)
      trace(positive->node, depth + 1);
    found = true;
  }
  if (found) path_.push_back(node);
  return found;
}

// Savers fed through nodes that the walk does not understand.
bool Walk::find_any_sampler() {
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

// --- what a pass was fed with
// -------------------------------------------------

std::optional<double> Walk::denoise_of(NodeIndex sampler) {
  // The cut of a schedule is a denoise by another name.
  if (const GraphInput* sigmas = values_.input_named(sampler, "sigmas");
      sigmas != nullptr && sigmas->is_link() && sigmas->slot == 1 &&
      graph_.node(sigmas->node).class_type == "SplitSigmasDenoise")
    return values_.value(sigmas->node, NodeField::kDenoise).number();
  return values_.value(sampler, NodeField::kDenoise).number();
}

void Walk::describe_base(NodeIndex sampler) {
  const auto positive = texts_.text_of(sampler, PromptSide::kPositive);
  const auto negative = texts_.text_of(sampler, PromptSide::kNegative);
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
  find_script(sampler);
}

void Walk::describe_pass(NodeIndex sampler, const Scaling& scaling) {
  const bool is_detailer = values_.role(sampler) == NodeRole::kDetailer;
  const bool is_hires = scaling.is_found;
  std::string_view role = "refiner";
  if (is_hires)
    role = "hires";
  else if (is_detailer)
    role = "detailer";

  if (is_hires && !result_.hires.steps) {
    Hires& hires = result_.hires;
    hires.steps = values_.value(sampler, NodeField::kSteps).integer();
    hires.denoising_strength = denoise_of(sampler);
    if (!scaling.by_model) hires.upscale = scaling.factor;
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

  std::string model;
  std::vector<std::string> others;
  start();
  model_from(sampler, 0, model, others);
  if (!model.empty() && model != result_.model)
    add_extra(std::string(role) + "_model", model);

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

std::optional<std::string> Walk::model_name(NodeIndex node) {
  const NodeRole role = values_.role(node);
  if (role == NodeRole::kLora || role == NodeRole::kPass ||
      role == NodeRole::kExtraModel || role == NodeRole::kControlNet ||
      role == NodeRole::kVaeLoader || role == NodeRole::kTextEncoderLoader ||
      role == NodeRole::kUpscaler || role == NodeRole::kControlNetLoader ||
      role == NodeRole::kImageScale)
    return std::nullopt;
  const GraphInput* input = values_.input(node, NodeField::kModelName);
  if (input == nullptr) return std::nullopt;
  // A link called `model` leads to the model to be patched, not to a name.
  if (input->is_link() && input == values_.link(node, NodeField::kModel))
    return std::nullopt;
  const auto name = values_.value_of(*input, NodeField::kModelName).string();
  if (!name || is_no_name(*name)) return std::nullopt;
  // `model` and `model_name` may name anything in a node nobody listed.
  if (role != NodeRole::kLoader && !ends_like_a_model_file(*name) &&
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

// The first loader up the `model` links gives the model; merges have more.
bool Walk::model_from(NodeIndex node, unsigned depth, std::string& first,
                      std::vector<std::string>& others) {
  if (depth > kMaxDepth || !enter(node)) return false;
  // A node that is handed a model loads none of its own, and a patch's own file
  // is no model.
  const bool may_be_handed =
      values_.role(node) == NodeRole::kLoader ||
      (values_.role(node) == NodeRole::kUnknown && !is_sampler(node));
  const GraphInput* handed =
      may_be_handed ? values_.link(node, NodeField::kModel) : nullptr;
  if (handed != nullptr && model_from(handed->node, depth + 1, first, others))
    return true;
  if (const auto name = model_name(node)) {
    if (first.empty())
      first = *name;
    else if (first != *name)
      others.push_back(*name);
    return true;
  }
  const NodeKind& kind = *graph_.node(node).kind;
  const auto follow = [&](const GraphInput* input) {
    return input != nullptr && input->is_link() &&
           model_from(input->node, depth + 1, first, others);
  };
  if (kind.role == NodeRole::kSwitch) return follow(values_.selected(node));
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
      kind.role != NodeRole::kLora && kind.role != NodeRole::kSettings)
    return false;
  // A patch nobody listed, with a name of its own for what it patches, or a
  // sampler with one for all that it gets.
  const bool is_open =
      !is_sampler(node) || (values_.link(node, NodeField::kModel) == nullptr &&
                            values_.link(node, NodeField::kPipe) == nullptr);
  for (const GraphInput& input : graph_.inputs(node))
    if (name_matches("model*", input.name) || is_open)
      if (is_on_image_path(input.name) || name_matches("model*", input.name))
        if (follow(&input)) return true;
  return false;
}

void Walk::describe_models(NodeIndex sampler) {
  std::string model;
  std::vector<std::string> others;
  start();
  model_from(sampler, 0, model, others);
  if (!model.empty()) result_.model = std::move(model);
  for (const std::string& other : others) add_extra("merged_model", other);
}

bool Walk::vae_from(NodeIndex node, unsigned depth) {
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
  return graph_.each_input(
      node, NodeField::kPipe, [&](const GraphInput& input) {
        return input.is_link() && vae_from(input.node, depth + 1);
      });
}

// The last node of the path that was given a VAE decoded the picture.
void Walk::find_vae() {
  for (auto node = path_.rbegin(); node != path_.rend(); ++node) {
    if (values_.link(*node, NodeField::kVae) == nullptr && !is_sampler(*node))
      continue;
    start();
    if (vae_from(*node, 0)) return;
  }
}

bool Walk::clip_skip_from(NodeIndex node, unsigned depth) {
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
  const auto follow = [&](const GraphInput* input) {
    return input != nullptr && input->is_link() &&
           clip_skip_from(input->node, depth + 1);
  };
  if (kind.role == NodeRole::kSwitch) return follow(values_.selected(node));
  if (follow(values_.link(node, NodeField::kClip))) return true;
  return graph_.each_input(
      node, NodeField::kPipe,
      [&](const GraphInput& input) { return follow(&input); });
}

void Walk::find_clip_skip() {
  start();
  for (const NodeIndex encoder : texts_.encoders(PromptSide::kPositive))
    if (clip_skip_from(encoder, 0)) return;
  for (const NodeIndex encoder : texts_.encoders(PromptSide::kNegative))
    if (clip_skip_from(encoder, 0)) return;
}

// --- sizes
// --------------------------------------------------------------------

// ComfyUI's ResolutionSelector: `16:9 (Widescreen)` of so many megapixels of
// 1024 * 1024, each side rounded to a multiple.
std::optional<PixelSize> Walk::size_by_ratio(NodeIndex node) {
  const auto value = [&](std::string_view name) {
    const GraphInput* input = values_.input_named(node, name);
    return input == nullptr ? GraphValue{}
                            : values_.value_of(*input, NodeField::kValue);
  };
  const std::string_view text =
      value(spec_of(*graph_.node(node).kind, "ratio")).string().value_or("");
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  const auto across = number_in<double>(text.substr(0, colon));
  const auto down = number_in<double>(
      text.substr(colon + 1, text.find(' ', colon) - colon - 1));
  const auto megapixels = value("megapixels").number();
  const double multiple = value("multiple").number().value_or(8.0);
  if (!across || !down || !megapixels || *across < 1 || *down < 1 ||
      *across > 1000 || *down > 1000 || *megapixels <= 0 ||
      *megapixels > 1000 || multiple < 1 || multiple > 1024)
    return std::nullopt;
  const double scale = std::sqrt(*megapixels * 1024 * 1024 / (*across * *down));
  const auto side = [&](double parts) {
    return static_cast<std::int64_t>(std::nearbyint(parts * scale / multiple) *
                                     multiple);
  };
  return PixelSize{side(*across), side(*down)};
}

std::optional<PixelSize> Walk::own_size(NodeIndex node, unsigned depth) {
  // Pickers name ratios as well.
  constexpr std::int64_t kLeastSide = 16;
  if (!spec_of(*graph_.node(node).kind, "ratio").empty())
    return size_by_ratio(node);
  const auto number = [&](std::string_view name) -> std::int64_t {
    const GraphInput* input = values_.input_named(node, name);
    if (input == nullptr) return 0;
    return values_.value_of(*input, NodeField::kWidth).integer().value_or(0);
  };
  PixelSize size{number("width_override"), number("height_override")};
  if (size.width > 0 && size.height > 0) return size;

  std::optional<PixelSize> read;
  if (const GraphInput* text = values_.input(node, NodeField::kSizeText))
    if (const auto words =
            values_.value_of(*text, NodeField::kSizeText).string()) {
      read = pixel_size_in(*words, kLeastSide);
      // A choice that depends on another: `2:3 - 416x608 | 832x1216`.
      if (read && words->find('|') != words->npos) return std::nullopt;
    }
  const std::string_view swaps = read ? "invert" : "";
  if (!read) {
    const GraphInput* width = values_.input(node, NodeField::kWidth);
    const GraphInput* height = values_.input(node, NodeField::kHeight);
    if (width == nullptr || height == nullptr) return std::nullopt;
    // A picker behind both links knows more than the two numbers: a text, a
    // swap, a scale.
    const auto picked = [&](const GraphInput& input,
                            NodeField field) -> std::int64_t {
      const bool is_picker =
          input.is_link() && depth == 0 &&
          (values_.input(input.node, NodeField::kSizeText) != nullptr ||
           !spec_of(*graph_.node(input.node).kind, "ratio").empty());
      if (is_picker) {
        // Of a ratio alone no size follows.
        const auto pair = own_size(input.node, depth + 1);
        if (!pair) return 0;
        return field == NodeField::kWidth ? pair->width : pair->height;
      }
      return values_.value_of(input, field).integer().value_or(0);
    };
    read = PixelSize{picked(*width, NodeField::kWidth),
                     picked(*height, NodeField::kHeight)};
  }
  if (read->width <= 0 || read->height <= 0) return std::nullopt;
  for (const std::string_view name :
       {std::string_view("swap_dimensions"), swaps})
    if (const GraphInput* swap = values_.input_named(node, name))
      if (swap->value.string() == "On" || swap->value.boolean().value_or(false))
        std::swap(read->width, read->height);
  // Comfyroll's ratios scale what they picked before they hand it on.
  if (const GraphInput* scale = values_.input_named(node, "prescale_factor"))
    if (const auto factor = scale->value.number();
        factor && *factor > 0 && *factor < 100) {
      read->width =
          static_cast<std::int64_t>(static_cast<double>(read->width) * *factor);
      read->height = static_cast<std::int64_t>(
          static_cast<double>(read->height) * *factor);
    }
  return read;
}

std::optional<PixelSize> Walk::size_from(NodeIndex node, unsigned depth) {
  if (depth > kMaxDepth || !enter(node)) return std::nullopt;
  const NodeRole role = values_.role(node);
  const bool scales = role == NodeRole::kLatentScale;
  std::optional<PixelSize> size;
  const bool holds_size =
      role != NodeRole::kSaver && role != NodeRole::kPreview &&
      role != NodeRole::kSampler && role != NodeRole::kImageSource;
  // A latent that was scaled before the first pass began as the one before.
  if (holds_size && !scales) size = own_size(node);
  if (size) return size;
  // What a pipe holds is not this picture where one is handed in beside it.
  const bool is_handed_in = role == NodeRole::kSettings &&
                            values_.link(node, NodeField::kImage) != nullptr;
  each_image_link(node, [&](const GraphInput& input) {
    size = size_from(input.node, depth + 1);
    return size.has_value() || is_handed_in;
  });
  if (!size && scales) size = own_size(node);
  return size;
}

void Walk::find_size(NodeIndex sampler) {
  start();
  std::optional<PixelSize> size = size_from(sampler, 0);
  if (!size) {
    // All in one: the sampler has the size itself.
    size = own_size(sampler);
  }
  if (!size) return;
  result_.width = size->width;
  result_.height = size->height;
}

void Walk::read_scaling(NodeIndex node, Scaling& scaling) {
  const NodeKind& kind = *graph_.node(node).kind;
  const std::string_view name = graph_.node(node).class_type;
  const bool by_name = kind.role == NodeRole::kUnknown &&
                       (contains_ignoring_case(name, "upscale") ||
                        contains_ignoring_case(name, "resize"));
  const bool is_scaling =
      kind.role == NodeRole::kLatentScale ||
      kind.role == NodeRole::kImageScale || by_name ||
      !spec_of(kind, "scale").empty() ||
      (kind.role == NodeRole::kPass && contains_ignoring_case(name, "upscale"));
  if (!is_scaling) return;
  scaling.is_found = true;
  if ((kind.own_fields & field_bit(NodeField::kUpscalerName)) != 0) {
    if (const auto file =
            values_.value(node, NodeField::kUpscalerName).string())
      scaling.upscaler = std::string(*file);
    scaling.by_model = true;
  } else if (const GraphInput* model =
                 values_.input_named(node, "upscale_model")) {
    if (const auto file =
            values_.value_of(*model, NodeField::kUpscalerName).string())
      scaling.upscaler = std::string(*file);
    scaling.by_model = values_.input(node, NodeField::kScale) == nullptr;
  } else if (const GraphInput* method =
                 values_.input_named(node, "upscale_method");
             method != nullptr && !scaling.upscaler) {
    if (const auto word = method->value.string())
      scaling.upscaler = std::string(*word);
  }
  if (const GraphInput* scale = values_.input(node, NodeField::kScale))
    if (const auto factor =
            values_.value_of(*scale, NodeField::kScale).number())
      scaling.factor = scaling.factor.value_or(1.0) * *factor;
  if (const auto size = own_size(node)) {
    scaling.size = size;
    scaling.factor.reset();
  }
}

// Efficiency nodes: a second pass is a script of the first.
void Walk::find_script(NodeIndex sampler) {
  const GraphInput* script = values_.input_named(sampler, "script");
  for (unsigned i = 0; i < kMaxPasses && script != nullptr; ++i) {
    if (!script->is_link()) return;
    const NodeIndex node = script->node;
    if (values_.role(node) == NodeRole::kHiresScript) {
      Hires& hires = result_.hires;
      hires.upscale = values_.value(node, NodeField::kScale).number();
      hires.steps = values_.value(node, NodeField::kSteps).integer();
      hires.denoising_strength =
          values_.value(node, NodeField::kDenoise).number();
      // What the script scales with depends on its type; the other widget is
      // left over.
      std::string_view widget = "pixel_upscaler";
      const GraphInput* kind = values_.input_named(node, "upscale_type");
      const auto type = kind != nullptr ? kind->value.string() : std::nullopt;
      if (type == "latent") widget = "latent_upscaler";
      const GraphInput* ckpt = values_.input_named(node, "hires_ckpt_name");
      if (ckpt != nullptr && (type == "latent" || type == "both"))
        if (const auto name = ckpt->value.string();
            name && *name != "(use same)")
          add_extra("hires_model", *name);
      if (const GraphInput* upscaler = values_.input_named(node, widget))
        if (const auto name = upscaler->value.string())
          hires.upscaler = std::string(*name);
      return;
    }
    script = values_.input_named(node, "script");
  }
}

// --- what is anywhere in the picture's part of the graph
// ----------------------

void Walk::add_extra(std::string_view key, std::string_view value) {
  const KeyValue pair{std::string(key), std::string(value)};
  if (known_extra_.emplace(pair.key, pair.value).second)
    result_.extra.push_back(pair);
}

void Walk::collect_control_net(NodeIndex node) {
  const GraphInput* net = values_.input_named(node, "control_net");
  if (net == nullptr) net = values_.input_named(node, "control_net_name");
  ControlNet control;
  control.weight = values_.value(node, NodeField::kStrength).number();
  control.start = values_.value(node, NodeField::kStart).number();
  control.end = values_.value(node, NodeField::kEnd).number();
  if (net != nullptr)
    if (const auto name =
            values_.value_of(*net, NodeField::kControlNetName).string())
      control.model = std::string(*name);
  if (const GraphInput* image = values_.input_named(node, "image");
      image != nullptr && image->is_link()) {
    const std::string_view maker = graph_.node(image->node).class_type;
    // One class of controlnet_aux runs whichever is named.
    const GraphInput* chosen = values_.input_named(image->node, "preprocessor");
    if (chosen != nullptr && chosen->value.is_string())
      control.module = std::string(*chosen->value.string());
    else if (contains_ignoring_case(maker, "preprocessor") || maker == "Canny")
      control.module = std::string(maker);
  }
  result_.controlnets.push_back(std::move(control));
}

// `embedding:name` in a prompt; the name ends where ComfyUI's tokenizer ends
// it.
void Walk::collect_embeddings(std::string_view text) {
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

void Walk::collect_reachable() {
  reachable_.clear();
  if (root_ == kNoNode) return;
  start();
  enter(root_);
  reachable_.push_back(root_);
  for (std::size_t i = 0; i < reachable_.size(); ++i)
    for (const GraphInput& input : graph_.inputs(reachable_[i]))
      if (input.is_link() && enter(input.node))
        reachable_.push_back(input.node);
}

// --- when no link leads to a sampler
// ------------------------------------------

// Nodes are taken for what they look like, wherever they are. Marked as such.
void Walk::scan() {
  std::string best_positive;
  std::string best_negative;
  for (std::size_t i = 0; i < graph_.size() && !values_.is_spent(); ++i) {
    const auto node = static_cast<NodeIndex>(i);
    const GraphNode& entry = graph_.node(node);
    if (!result_.model)
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
        contains_ignoring_case(entry.class_type, "textencode") ||
        contains_ignoring_case(entry.class_type, "prompt");
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
    notes_.push_back({ErrorCode::kLowConfidence,
                      "no link leads from an output to prompts; taken from "
                      "the nodes that look like it",
                      std::nullopt});
}

GraphWalk Walk::run() {
  GraphWalk walk;
  find_root();
  collect_reachable();
  start();
  bool is_guess = false;
  if (root_ == kNoNode || !trace(root_, 0)) {
    walk.has_sampler = find_any_sampler();
    is_guess = walk.has_sampler;
  } else {
    walk.has_sampler = true;
  }
  if (is_guess)
    notes_.push_back({ErrorCode::kLowConfidence,
                      "the output is not linked to a sampler; the longest "
                      "chain of samplers was taken",
                      std::nullopt});

  if (walk.has_sampler) {
    bool had_base = false;
    std::size_t passes = 0;
    Scaling scaling;
    for (const NodeIndex node : path_) {
      read_scaling(node, scaling);
      if (!is_sampler(node)) continue;
      if (!had_base) {
        describe_base(node);
        had_base = true;
      } else if (++passes < kMaxPasses) {
        describe_pass(node, scaling);
      }
      scaling = {};
    }
    find_vae();
    // Links that lead nowhere, as against text that the graph does not hold.
    const std::vector<NodeIndex>& open = texts_.open_nodes();
    const bool leads_nowhere =
        std::all_of(open.begin(), open.end(),
                    [&](NodeIndex node) { return is_sampler(node); });
    if (!result_.prompt && !result_.negative_prompt && leads_nowhere &&
        !texts_.is_cut())
      scan();
  } else {
    scan();
  }

  collect_all_loras();
  for (auto at = reachable_.rbegin(); at != reachable_.rend(); ++at)
    if (values_.role(*at) == NodeRole::kControlNet) collect_control_net(*at);
  std::unordered_set<std::string> upscalers;
  for (const NodeIndex node : reachable_) {
    switch (values_.role(node)) {
      case NodeRole::kUpscaler:
        if (const auto name =
                values_.value(node, NodeField::kUpscalerName).string()) {
          if (upscalers.emplace(*name).second)
            result_.upscalers.push_back({std::string(*name), std::nullopt});
        }
        break;
      case NodeRole::kTextEncoderLoader:
        graph_.each_input(
            node, NodeField::kTextEncoderName, [&](const GraphInput& input) {
              const auto file =
                  values_.value_of(input, NodeField::kTextEncoderName).string();
              if (file && !is_no_name(*file)) add_extra("text_encoder", *file);
              return false;
            });
        break;
      case NodeRole::kExtraModel:
        if (const GraphInput* input =
                values_.input(node, NodeField::kModelName))
          if (const auto name =
                  values_.value_of(*input, NodeField::kModelName).string();
              name && !is_no_name(*name))
            add_extra(input->name, *name);
        break;
      default: break;
    }
  }
  for (const std::string& region : texts_.regions())
    result_.prompts.push_back({"region", region, std::nullopt});
  for (const auto* text : {&result_.prompt, &result_.negative_prompt})
    if (*text) collect_embeddings(**text);
  for (const NodeIndex node : texts_.open_nodes())
    walk.open_texts.push_back(graph_.node(node).id);
  add_extra("node_count", std::to_string(graph_.size()));
  if (values_.is_spent() || texts_.is_cut() || are_loras_cut_)
    notes_.push_back({ErrorCode::kGraphTooLarge,
                      "the walk was stopped; what it had found is kept",
                      std::nullopt});
  return walk;
}

void Walk::collect_all_loras() {
  const auto resolve = [&](const GraphInput& input) {
    const GraphValue text = values_.value_of(input, NodeField::kModelName);
    if (text.is_known()) return text.value;
    return values_.value_of(input, NodeField::kStrength).value;
  };
  // A dozen of the largest stacks known, of fifty LoRAs each.
  std::size_t pairs_left = std::size_t{1} << 19;
  std::vector<Lora> loaded;
  std::vector<Lora> tagged;
  // Up the links means nearest the loader last; the order of loading is wanted.
  for (auto node = reachable_.rbegin(); node != reachable_.rend(); ++node) {
    if (!collect_loras(graph_, *node, resolve, limits_, pairs_left, loaded))
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
void Walk::collect_tags(NodeIndex node, std::vector<Lora>& loras) {
  const NodeKind& kind = *graph_.node(node).kind;
  if (spec_of(kind, "tags").empty()) return;
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

}  // namespace

GraphWalk walk_graph(const Graph& graph, const Limits& limits,
                     std::span<const TextHint> hints, Generation& generation,
                     std::vector<Error>& notes) {
  return Walk(graph, limits, hints, generation, notes).run();
}

}  // namespace sdmeta
