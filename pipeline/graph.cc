// run_graph: the flow as a graph of oneTBB.
//
//   input -> lines ----------------------> sequencer
//     ^        |                               |  ^
//     |        +-> wait -> rest of the lines --|--+
//     +------------- a credit ------------- write
//
// `input` begins a batch for each credit, and where one goes to wait, while the
// batches in flight are not too many and do not hold too many bytes; with none
// in flight it always does, and only then waits for a list that pauses.
// `wait` is where batches go whose files are not in the page cache: threads of
// its own read them. Failures travel the same lane as values and no stage drops
// a batch, because a gap would make the sequencer hold back everything after
// it, silently.
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <tuple>
#include <utility>

#include "pipeline/batch_lines.h"
#include "pipeline/io_pool.h"
#include "pipeline/run.h"

namespace sdmeta {
namespace {

namespace flow = oneapi::tbb::flow;

// Nodes copy their messages.
template <class T>
using Message = std::shared_ptr<T>;

template <class T>
Message<T> message(T value) {
  return std::make_shared<T>(std::move(value));
}

// Takes how many batches have been written.
using Input = flow::multifunction_node<std::size_t, std::tuple<Message<Batch>>>;
using CachedLines =
    flow::multifunction_node<Message<Batch>,
                             std::tuple<Message<Lines>, Message<HalfWritten>>>;
using Wait = flow::async_node<Message<HalfWritten>, Message<HalfRead>>;

// Which batches may begin. Asked by one thread at a time.
class Intake {
 public:
  Intake(const NextBatch& next, std::size_t threads, std::size_t io_depth,
         HeldBytes& held)
      : next_(next),
        max_batches_(4 * threads + io_depth),
        max_parsed_(3 * threads),
        held_(held) {}

  /// Null where none may, or none is there. `written` have left since.
  Message<Batch> begin(std::size_t written) {
    batches_ -= written;
    if (is_ended_ || batches_ == max_batches_) return nullptr;
    if (batches_ - waiting_.load() >= max_parsed_) return nullptr;
    if (batches_ > 0 && held_.is_full()) return nullptr;
    std::optional<Batch> jobs = next_(batches_ == 0);
    is_ended_ = !jobs;
    if (is_ended_ || jobs->items.empty()) return nullptr;
    held_.add(jobs->held_bytes);
    ++batches_;
    return message(std::move(*jobs));
  }
  /// By any thread: a batch waits for a disk, or no more.
  void add_waiting() { ++waiting_; }
  void remove_waiting() { --waiting_; }

 private:
  const NextBatch& next_;
  // With ordered output one slow file can hold back all the others' lines.
  const std::size_t max_batches_;
  // Few batches are parsed at a time, while their texts are in the processor's
  // cache; many may wait for a disk.
  const std::size_t max_parsed_;
  HeldBytes& held_;
  std::atomic<std::size_t> waiting_{0};
  std::size_t batches_ = 0;
  bool is_ended_ = false;
};

}  // namespace

void run_graph(const NextBatch& next, const RunOptions& options,
               const TakeLines& take) {
  const std::size_t threads = std::max(1u, options.threads);
  HeldBytes held(threads);
  StageOptions stages = options.stages;
  stages.held = &held;
  const oneapi::tbb::global_control workers(
      oneapi::tbb::global_control::max_allowed_parallelism, threads);
  oneapi::tbb::task_arena arena(static_cast<int>(threads));
  IoPool readers(options.io_depth);
  arena.execute([&] {
    flow::graph graph;
    Intake intake(next, threads, options.io_depth, held);
    Input input(graph, flow::serial,
                [&](std::size_t written, Input::output_ports_type& out) {
                  const Message<Batch> jobs = intake.begin(written);
                  if (!jobs) return;
                  std::get<0>(out).try_put(jobs);
                  input.try_put(0);
                });
    CachedLines cached_lines(
        graph, threads,
        [&](const Message<Batch>& jobs, CachedLines::output_ports_type& out) {
          HalfWritten half =
              options.io_depth > 0
                  ? write_cached(std::move(*jobs), stages)
                  : HalfWritten{write_batch(std::move(*jobs), stages), {}};
          if (half.jobs.empty()) {
            std::get<0>(out).try_put(message(std::move(half.lines)));
          } else {
            intake.add_waiting();
            std::get<1>(out).try_put(message(std::move(half)));
            input.try_put(0);
          }
        });
    Wait wait(
        graph, flow::unlimited,
        [&](const Message<HalfWritten>& half, Wait::gateway_type& gateway) {
          gateway.reserve_wait();
          readers.submit([half, &gateway, &stages, &intake] {
            auto read = message(read_rest(std::move(*half), stages));
            intake.remove_waiting();
            gateway.try_put(std::move(read));
            gateway.release_wait();
          });
        });
    flow::function_node<Message<HalfRead>, Message<Lines>> rest_of_lines(
        graph, threads, [&](const Message<HalfRead>& half) {
          return message(write_rest(std::move(*half), stages));
        });
    flow::sequencer_node<Message<Lines>> sequencer(
        graph, [](const Message<Lines>& lines) { return lines->seq; });
    flow::function_node<Message<Lines>, std::size_t> write(
        graph, flow::serial, [&](const Message<Lines>& lines) -> std::size_t {
          const std::size_t held_bytes = lines->held_bytes;
          finish_batch(std::move(*lines), stages, take);
          held.release(held_bytes);
          return 1;
        });
    flow::make_edge(flow::output_port<0>(input), cached_lines);
    flow::make_edge(flow::output_port<0>(cached_lines), sequencer);
    flow::make_edge(flow::output_port<1>(cached_lines), wait);
    flow::make_edge(wait, rest_of_lines);
    flow::make_edge(rest_of_lines, sequencer);
    flow::make_edge(sequencer, write);
    flow::make_edge(write, input);
    input.try_put(0);
    graph.wait_for_all();
  });
}

}  // namespace sdmeta
