// The walk of comfy_walk.h, whose parts stand in files of their own:
// comfy_root.cc (which node saved the picture), comfy_path.cc (from there to
// its samplers), comfy_models.cc (what loaded them), comfy_sizes.cc (how large
// they paint), comfy_walk.cc (the rest, and the order).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "parsers/comfy_text.h"
#include "parsers/comfy_values.h"
#include "parsers/comfy_walk.h"
#include "parsers/text.h"

namespace sdmeta {

// The longest chains of passes seen are base, hires and three detailers.
inline constexpr std::size_t kMaxPasses = 16;
// Nodes in a row between a saver and an empty latent; recursion of one walk.
inline constexpr unsigned kMaxDepth = 1000;

/// False for inputs that lead away from the picture.
bool is_on_image_path(std::string_view input_name);

/// `None` and other words for no file, and what is too long for a name.
bool is_no_name(std::string_view name);

class ComfyWalk {
 public:
  ComfyWalk(const Graph& graph, const Limits& limits,
            std::span<const TextHint> hints, Generation& generation,
            std::vector<Error>& notes)
      : graph_(graph),
        limits_(limits),
        hints_(hints),
        values_(graph, limits),
        texts_(values_, hints),
        result_(generation),
        notes_(notes),
        stamps_(graph.size(), 0) {}

  GraphWalk run();

 private:
  void note(ErrorCode code, std::string_view detail);

  // What a pass adds to the picture before it.
  struct Scaling {
    std::optional<double> factor;
    std::optional<std::string> upscaler;
    std::optional<PixelSize> size;
    bool is_found = false;
    // Of an upscale model, which has a factor of its own that no graph holds,
    // or of a number that another node makes.
    bool is_factor_hidden = false;
    bool is_upscaler_named = false;
  };

  // --- which node made the picture
  void find_root();
  bool is_output(NodeIndex node) const;
  unsigned root_rank(NodeIndex node) const;
  enum class Painter : std::uint8_t { kNotAsked, kNone, kService, kSampler };
  Painter painter(NodeIndex node);
  std::size_t count_reachable(NodeIndex root, bool& has_painter);
  bool differs(NodeIndex rival, Limits& limits) const;
  bool is_one_of_several() const;
  bool is_sampler(NodeIndex node) const;
  bool is_sampler_by_shape(NodeIndex node) const;
  bool asks_a_service(NodeIndex node) const;
  /// The text that a node without an encoder paints from.
  const GraphInput* prompt_of(NodeIndex node) const;

  // --- the passes, base first
  bool find_path();
  void describe_path();
  bool lacks_prompts() const;
  bool trace(NodeIndex node, unsigned depth);
  template <class Visit>
  bool each_image_link(NodeIndex node, Visit&& visit);
  bool find_any_sampler();
  bool unsamples(NodeIndex sampler) const;
  void drop_unsampling();

  // --- what they were fed with
  void describe_base(NodeIndex sampler);
  void describe_pass(NodeIndex sampler, const Scaling& scaling);
  void describe_branches();
  void add_prompts(NodeIndex sampler, std::string_view role);
  void describe_models(NodeIndex sampler);
  void add_other_model(NodeIndex node, std::string_view key);
  bool model_from(NodeIndex node, unsigned depth,
                  std::optional<std::string>& first,
                  std::vector<std::string>& others);
  std::optional<std::string_view> ids_on_civitai(NodeIndex node);
  std::optional<std::string> model_name(NodeIndex node);
  bool hides_model(NodeIndex node) const;
  void find_vae();
  bool is_relay(NodeIndex node) const;
  template <class Leads>
  bool follow_bundles(NodeIndex node, bool is_relay, const Leads& leads);
  bool vae_from(NodeIndex node, unsigned depth);
  void find_clip_skip();
  bool clip_skip_from(NodeIndex node, unsigned depth);
  void find_size(NodeIndex sampler);
  std::optional<PixelSize> size_from(NodeIndex node, unsigned depth);
  bool are_crossed(const GraphInput& width, const GraphInput& height) const;
  std::optional<std::string_view> size_text(NodeIndex node);
  std::optional<PixelSize> own_size(NodeIndex node, unsigned depth,
                                    bool is_picked = false);
  std::int64_t format_scale(NodeIndex node) const;
  bool reads_size(NodeIndex node) const;
  bool hides_size(NodeIndex node);
  bool resizes(NodeIndex node) const;
  std::optional<PixelSize> scaled_size(NodeIndex node, unsigned depth);
  bool keeps_proportions(NodeIndex node);
  std::optional<PixelSize> size_by_ratio(NodeIndex node);
  void read_scaling(NodeIndex node, Scaling& scaling);
  void name_upscaler(NodeIndex node, Scaling& scaling);
  void find_script(NodeIndex sampler);
  std::optional<double> denoise_of(NodeIndex sampler);

  // --- what is anywhere in the picture's part of the graph
  void collect_reachable(std::initializer_list<NodeIndex> roots);
  void collect_text_encoders(NodeIndex node);
  void collect_models(NodeIndex node);
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
  void start_sizing() {
    start();
    is_size_hidden_ = false;
  }

  const Graph& graph_;
  const Limits& limits_;
  std::span<const TextHint> hints_;
  GraphValues values_;
  GraphTexts texts_;
  Generation& result_;
  std::vector<Error>& notes_;
  std::vector<std::uint32_t> stamps_;
  std::uint32_t stamp_ = 0;
  NodeIndex root_ = kNoNode;
  std::vector<NodeIndex> rivals_;  // that are no worse roots
  std::vector<Painter> painters_;
  bool are_loras_cut_ = false;
  bool is_size_hidden_ = false;  // by numbers that are not in the graph
  // From the base sampler to the root, all nodes of the picture's path.
  std::vector<NodeIndex> path_;
  std::vector<NodeIndex> reachable_;
  // What stands in the result already; graphs can name 10^5 of each.
  std::set<std::pair<std::string, std::string>> known_extra_;
  std::unordered_set<std::string_view> known_embeddings_;  // of the prompts
  std::unordered_set<std::string> known_upscalers_;
};

template <class Visit>
bool ComfyWalk::each_image_link(NodeIndex node, Visit&& visit) {
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

}  // namespace sdmeta
