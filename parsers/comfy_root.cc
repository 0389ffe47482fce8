// Which node of a graph saved the picture.
#include <algorithm>
#include <charconv>
#include <compare>
#include <tuple>

#include "parsers/comfy_walk_parts.h"

namespace sdmeta {
namespace {

// Further ends of a graph that are compared with the one that was taken.
constexpr std::size_t kMaxRivals = 8;

// What two pictures may differ in that nobody would take for one.
auto essence(const Generation& made) {
  return std::tie(made.prompt, made.negative_prompt, made.steps, made.sampler,
                  made.scheduler, made.cfg_scale, made.guidance, made.seed,
                  made.width, made.height, made.model, made.denoising_strength,
                  made.loras);
}

}  // namespace

// A saver or preview that is fed: the others never run.
bool ComfyWalk::is_output(NodeIndex node) const {
  const NodeRole role = values_.role(node);
  if (role != NodeRole::kSaver && role != NodeRole::kPreview) return false;
  const auto inputs = graph_.inputs(node);
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const GraphInput& input) { return input.is_link(); });
}

// Savers before previews before what may be an output of its own: classes that
// nobody listed, and samplers that show or save their picture (Efficiency,
// Easy-Use, tinyterra). Others were left behind in the editor.
unsigned ComfyWalk::root_rank(NodeIndex node) const {
  const NodeRole role = values_.role(node);
  if (is_output(node)) return role == NodeRole::kSaver ? 3 : 2;
  if (role != NodeRole::kSampler) return role == NodeRole::kUnknown ? 1 : 0;
  return values_.input_named(node, "image_output") != nullptr ||
                 values_.input_named(node, "vae_decode") != nullptr
             ? 1
             : 0;
}

// Remembered: many ends may have the same nodes behind them.
ComfyWalk::Painter ComfyWalk::painter(NodeIndex node) {
  painters_.resize(graph_.size(), Painter::kNotAsked);
  Painter& known = painters_[static_cast<std::size_t>(node)];
  if (known == Painter::kNotAsked)
    known = is_sampler(node)       ? Painter::kSampler
            : asks_a_service(node) ? Painter::kService
                                   : Painter::kNone;
  return known;
}

// `has_painter`: some of them is a sampler or, behind an output, a service.
std::size_t ComfyWalk::count_reachable(NodeIndex root, bool& has_painter) {
  start();
  std::vector<NodeIndex> open = {root};
  std::size_t count = 0;
  enter(root);
  const bool may_be_service = is_output(root);
  while (!open.empty()) {
    const NodeIndex node = open.back();
    open.pop_back();
    ++count;
    if (!has_painter) {
      const Painter found = painter(node);
      has_painter = found == Painter::kSampler ||
                    (may_be_service && found == Painter::kService);
    }
    for (const GraphInput& input : graph_.inputs(node))
      if (input.is_link() && enter(input.node)) open.push_back(input.node);
  }
  return count;
}

// One behind which something is painted, of the highest rank; then the one with
// more behind it, as it is the one that all passes lead to; then the newest.
void ComfyWalk::find_root() {
  std::vector<bool> is_used(graph_.size());
  for (std::size_t i = 0; i < graph_.size(); ++i)
    for (const GraphInput& input : graph_.inputs(static_cast<NodeIndex>(i)))
      if (input.is_link()) is_used[static_cast<std::size_t>(input.node)] = true;
  std::vector<NodeIndex> ends;
  unsigned top_output = 0;
  for (std::size_t i = 0; i < graph_.size(); ++i) {
    const auto node = static_cast<NodeIndex>(i);
    const bool shows = is_output(node);
    if (shows) top_output = std::max(top_output, root_rank(node));
    // Links lead past switches.
    if (shows || (!is_used[i] && values_.role(node) != NodeRole::kSwitch))
      ends.push_back(node);
  }

  struct Candidate {
    bool paints;
    unsigned rank;
    std::size_t reach;
    bool is_unlisted;
    std::int64_t id;
    auto operator<=>(const Candidate&) const = default;
  };
  std::optional<Candidate> best;
  // The choice may not eat what the walk needs.
  const std::size_t reserve = values_.visits_left() / 2;
  for (const NodeIndex node : ends) {
    if (best && values_.visits_left() < reserve) break;
    Candidate candidate{};
    candidate.rank = root_rank(node);
    if (best && best->paints && candidate.rank < best->rank) continue;
    candidate.reach = count_reachable(node, candidate.paints);
    // Where something is saved, that is the picture, and not what is only shown
    // or was left behind.
    candidate.paints = candidate.paints &&
                       (candidate.rank == 1 || candidate.rank >= top_output);
    // Of a broken-off graph the end with most behind it counts, and a class
    // nobody listed, which may be a service, where nothing is behind any.
    if (!candidate.paints && candidate.rank == 1) {
      candidate.rank = 0;
      candidate.is_unlisted = true;
    }
    const std::string_view id = graph_.node(node).id;
    std::from_chars(id.data(), id.data() + id.size(), candidate.id);
    const bool is_better = !best || candidate > *best;
    if (best && candidate.paints == best->paints &&
        candidate.rank == best->rank)
      rivals_.push_back(is_better ? root_ : node);
    else if (is_better)
      rivals_.clear();
    if (!is_better) continue;
    best = candidate;
    root_ = node;
  }
}

// Whether another end of the graph is a picture of its own: not on the way to
// this one, and made in another way. `limits` loses the visits that it took.
bool ComfyWalk::differs(NodeIndex rival, Limits& limits) const {
  Generation made;
  std::vector<Error> notes;
  ComfyWalk walk(graph_, limits, hints_, made, notes);
  walk.root_ = rival;
  walk.start();
  const bool is_apart =
      walk.trace(rival, 0) && std::find(reachable_.begin(), reachable_.end(),
                                        walk.path_.front()) == reachable_.end();
  if (is_apart) {
    walk.describe_path();
    walk.collect_reachable({rival});
    walk.collect_all_loras();
  }
  limits.max_graph_visits = walk.values_.visits_left();
  return is_apart && essence(made) != essence(result_);
}

// Runs last, on a part of the visits that are left: it only adds a note.
bool ComfyWalk::is_one_of_several() const {
  Limits limits = limits_;
  limits.max_graph_visits = values_.visits_left() / 4;
  const std::size_t count = std::min(rivals_.size(), kMaxRivals);
  return !path_.empty() &&
         std::any_of(rivals_.begin(), rivals_.begin() + std::ptrdiff_t(count),
                     [&](NodeIndex rival) { return differs(rival, limits); });
}

}  // namespace sdmeta
