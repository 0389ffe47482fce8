// run_graph: the only file that knows oneTBB.
//
//   input -> limiter -> extract -> interpret -> join -> encode -> sequencer
//              ^                                                      |
//              +------------------- a credit ------------------- write
//
// Failures travel the same lane as values and no stage drops a batch, because a
// gap would make the sequencer hold back everything after it, silently. The
// limiter has one edge back: with two, both would have to fire for a credit.
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <memory>
#include <utility>

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

}  // namespace

void run_graph(const NextBatch& next, const RunOptions& options,
               const TakeLines& take) {
  const StageOptions& stages = options.stages;
  const std::size_t threads = std::max(1u, options.threads);
  const std::size_t readers = std::max<std::size_t>(options.io_depth, threads);
  const oneapi::tbb::global_control workers(
      oneapi::tbb::global_control::max_allowed_parallelism, readers + 1);
  oneapi::tbb::task_arena arena(static_cast<int>(readers));
  arena.execute([&] {
    flow::graph graph;
    flow::input_node<Message<Batch<Job>>> input(
        graph, [&](oneapi::tbb::flow_control& control) {
          std::optional<Batch<Job>> jobs = next();
          if (jobs) return message(std::move(*jobs));
          control.stop();
          return Message<Batch<Job>>();
        });
    // With ordered output one slow file can hold back all the others' lines.
    flow::limiter_node<Message<Batch<Job>>> limiter(graph,
                                                    4 * threads + readers);
    flow::function_node<Message<Batch<Job>>, Message<Batch<Extracted>>> extract(
        graph, readers, [&](const Message<Batch<Job>>& jobs) {
          return message(extract_batch(std::move(*jobs), stages));
        });
    flow::function_node<Message<Batch<Extracted>>, Message<Batch<Record>>>
        interpret(graph, threads, [&](const Message<Batch<Extracted>>& images) {
          return message(interpret_batch(std::move(*images), stages));
        });
    flow::function_node<Message<Batch<Record>>, Message<Batch<Record>>> join(
        graph, threads, [&](const Message<Batch<Record>>& records) {
          return message(join_batch(std::move(*records), stages));
        });
    flow::function_node<Message<Batch<Record>>, Message<Lines>> encode(
        graph, threads, [&](const Message<Batch<Record>>& records) {
          return message(encode_batch(std::move(*records), stages));
        });
    flow::sequencer_node<Message<Lines>> sequencer(
        graph, [](const Message<Lines>& lines) { return lines->seq; });
    flow::function_node<Message<Lines>> write(
        graph, flow::serial, [&](const Message<Lines>& lines) {
          take(std::move(*lines));
          return flow::continue_msg();
        });
    flow::make_edge(input, limiter);
    flow::make_edge(limiter, extract);
    flow::make_edge(extract, interpret);
    flow::make_edge(interpret, join);
    flow::make_edge(join, encode);
    flow::make_edge(encode, sequencer);
    flow::make_edge(sequencer, write);
    flow::make_edge(write, limiter.decrementer());
    input.activate();
    graph.wait_for_all();
  });
}

}  // namespace sdmeta
