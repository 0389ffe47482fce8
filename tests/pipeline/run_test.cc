#include "pipeline/run.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "pipeline/job_batches.h"
#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using Files = std::vector<std::shared_ptr<const std::vector<std::uint8_t>>>;

/// Zeros, of 0 to 49 bytes.
Files no_images() {
  Files files;
  for (std::size_t bytes = 0; bytes < 50; ++bytes)
    files.push_back(std::make_shared<const std::vector<std::uint8_t>>(bytes));
  return files;
}

Files images_with_texts(const std::vector<std::size_t>& text_bytes) {
  Files files;
  for (const std::size_t bytes : text_bytes) {
    const std::string png =
        test::PngBuilder().ztxt("parameters", std::string(bytes, 'x')).build();
    files.push_back(std::make_shared<const std::vector<std::uint8_t>>(
        png.begin(), png.end()));
  }
  return files;
}

/// `count` jobs in memory, whose files repeat.
class MadeUpInputs final : public InputStream {
 public:
  explicit MadeUpInputs(std::uint64_t count, Files files = no_images())
      : count_(count), files_(std::move(files)) {}
  std::optional<Job> next() override {
    if (seq_ == count_) return std::nullopt;
    Job job;
    job.seq = seq_;
    job.path = "made_up.tar";
    job.member = std::to_string(seq_) + ".png";
    job.bytes = files_[seq_++ % files_.size()];
    return job;
  }
  InputCounts counts() const override { return {}; }

 private:
  std::uint64_t count_;
  Files files_;
  std::uint64_t seq_ = 0;
};

/// Has no rows, and takes a while to find that out: a different while each
/// time, so that batches overtake each other.
class SlowIndex final : public CsvIndex {
 public:
  std::optional<Row> find(std::string_view, std::string_view,
                          std::vector<Error>*) const override {
    const unsigned turn = calls_.fetch_add(1);
    std::minstd_rand random(turn + 1);
    if (random() % 16 == 0)
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
    return std::nullopt;
  }
  CsvCounts counts() const override { return {}; }
  Result<std::uint64_t> write_unmatched(const std::string&) const override {
    return std::uint64_t{0};
  }

 private:
  mutable std::atomic<unsigned> calls_{0};
};

using Run = void (*)(const NextBatch&, const RunOptions&, const TakeLines&);

std::string output_of(Run run, const RunOptions& options,
                      InputStream&& inputs = MadeUpInputs(3000)) {
  const std::atomic<bool> stop{false};
  JobBatches batches(inputs, nullptr, stop);
  std::string output;
  run([&](bool may_wait) { return batches.next(may_wait); }, options,
      [&](Lines lines) { output += lines.bytes; });
  return output;
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Run, SerialGivesOneLineForEachJob) {
  EXPECT_EQ(lines_of(output_of(run_serial, {})), 3000u);
}

TEST(Run, GraphEqualsSerialForAnyThreads) {
  const std::string expected = output_of(run_serial, {});
  for (const unsigned threads : {1u, 2u, 8u}) {
    for (const unsigned io_depth : {0u, 1u, 16u}) {
      RunOptions options;
      options.threads = threads;
      options.io_depth = io_depth;
      EXPECT_TRUE(output_of(run_graph, options) == expected)
          << threads << " threads, io depth " << io_depth;
    }
  }
}

TEST(Run, GraphEqualsSerialWhenBatchesOvertakeEachOther) {
  const std::string expected = output_of(run_serial, {});
  const SlowIndex slow;
  for (const unsigned threads : {2u, 8u}) {
    RunOptions options;
    options.threads = threads;
    options.stages.csv = &slow;
    EXPECT_TRUE(output_of(run_graph, options) == expected)
        << threads << " threads";
  }
}

// What is postponed depends on what else is in flight; the output does not.
TEST(Run, GraphEqualsSerialWithLargeFiles) {
  for (const Compression compression :
       {Compression::kNone, Compression::kZstd}) {
    RunOptions options;
    options.stages.with_raw = true;
    options.stages.compression = compression;
    const auto output = [&](auto* run) {
      return output_of(
          run, options,
          MadeUpInputs(
              70, images_with_texts({10, 900'000, 3'000'000, 100, 900'000})));
    };
    const std::string expected = output(run_serial);
    for (const unsigned threads : {1u, 2u, 8u}) {
      options.threads = threads;
      EXPECT_TRUE(output(run_graph) == expected) << threads << " threads";
    }
  }
}

TEST(Run, PackedMembersInFlightAreBoundedInBytes) {
  constexpr std::size_t kMember = std::size_t{10} << 20;
  std::atomic<std::size_t> alive{0};
  std::size_t most = 0;
  std::uint64_t made = 0;
  RunOptions options;
  options.threads = 2;
  run_graph(
      [&](bool) -> std::optional<Batch> {
        if (made == 50) return std::nullopt;
        most = std::max(most, ++alive);
        Batch batch;
        batch.seq = made++;
        batch.held_bytes = kMember;  // as JobBatches says
        batch.items.resize(1);
        batch.items[0].bytes = {new std::vector<std::uint8_t>(kMember),
                                [&](const std::vector<std::uint8_t>* bytes) {
                                  --alive;
                                  delete bytes;
                                }};
        return batch;
      },
      options,
      [](Lines) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      });
  EXPECT_LE(most, HeldBytes(2).max_bytes() / kMember + 1);
}

TEST(Run, NothingInGivesNothingOut) {
  EXPECT_EQ(output_of(run_serial, {}, MadeUpInputs(0)), "");
  EXPECT_EQ(output_of(run_graph, {}, MadeUpInputs(0)), "");
}

// The credits are what keeps memory from growing with the number of files.
TEST(Run, GraphHoldsABoundedNumberOfBatches) {
  RunOptions options;
  options.threads = 2;
  std::atomic<int> alive{0};
  int most = 0;
  std::uint64_t made = 0;
  run_graph(
      [&](bool) -> std::optional<Batch> {
        if (made == 500) return std::nullopt;
        most = std::max(most, ++alive);
        Batch batch;
        batch.seq = made++;
        batch.items.resize(1);
        batch.items[0].path = "nowhere.png";
        return batch;
      },
      options,
      [&](Lines) {
        std::this_thread::sleep_for(std::chrono::microseconds(100));
        --alive;
      });
  EXPECT_LE(most, 4 * 2 + 2 + 1);
}

TEST(JobBatches, CutAfterAFixedNumberOfJobs) {
  MadeUpInputs inputs(2 * kBatchJobs + 2);
  const std::atomic<bool> stop{false};
  JobBatches batches(inputs, nullptr, stop);
  EXPECT_EQ(batches.next()->items.size(), kBatchJobs);
  EXPECT_EQ(batches.next()->items.size(), kBatchJobs);
  EXPECT_EQ(batches.next()->items.size(), 2u);
  EXPECT_FALSE(batches.next());
  EXPECT_TRUE(batches.is_finished());
}

// Compressed output has a frame for each batch, so a resumed run must cut where
// the interrupted one did.
TEST(JobBatches, RecordedJobsCountForTheCut) {
  MadeUpInputs inputs(2 * kBatchJobs + 2);
  EarlierRecords recorded{StageOptions{}};
  const std::size_t done = kBatchJobs + 6;
  for (std::size_t i = 0; i < done; ++i)
    recorded.add({"made_up.tar", std::to_string(i) + ".png", i % 50});
  const std::atomic<bool> stop{false};
  JobBatches batches(inputs, &recorded, stop);
  const auto first = batches.next();
  EXPECT_EQ(first->seq, 0u);
  EXPECT_EQ(first->items.size(), kBatchJobs - 6);
  EXPECT_EQ(first->items.front().seq, done);
  EXPECT_EQ(batches.next()->items.size(), 2u);
  EXPECT_EQ(batches.already_recorded(), done);
}

/// A list of 7 names that pauses in front of every third.
class PausingInputs final : public InputStream {
 public:
  std::optional<Job> next() override {
    ++given_;
    return inputs_.next();
  }
  bool would_wait() override { return given_ % 3 == 0; }
  InputCounts counts() const override { return {}; }

 private:
  MadeUpInputs inputs_{7};
  int given_ = 0;
};

TEST(JobBatches, APauseEndsABatchThatIsToBePrompt) {
  const std::atomic<bool> stop{false};
  PausingInputs inputs;
  JobBatches prompt(inputs, nullptr, stop, true);
  EXPECT_EQ(prompt.next()->items.size(), 3u);
  EXPECT_TRUE(prompt.next(false)->items.empty());
  const std::optional<Batch> second = prompt.next();
  EXPECT_EQ(second->items.size(), 3u);
  EXPECT_EQ(second->seq, 1u);
  PausingInputs others;
  EXPECT_EQ(JobBatches(others, nullptr, stop).next(false)->items.size(), 7u);
}

TEST(JobBatches, StopEndsThemEarly) {
  MadeUpInputs inputs(130);
  std::atomic<bool> stop{false};
  JobBatches batches(inputs, nullptr, stop);
  batches.next();
  stop = true;
  EXPECT_FALSE(batches.next());
  EXPECT_FALSE(batches.is_finished());
}

// There may be millions, and a failure among them is read again.
TEST(JobBatches, StopEndsThemAmongRecordedJobs) {
  class StoppedInputs final : public InputStream {
   public:
    explicit StoppedInputs(std::atomic<bool>& stop) : stop_(stop) {}
    std::optional<Job> next() override {
      stop_ = ++given_ == 5;
      return inputs_.next();
    }
    InputCounts counts() const override { return {}; }

   private:
    std::atomic<bool>& stop_;
    int given_ = 0;
    MadeUpInputs inputs_{130};
  };
  EarlierRecords recorded{StageOptions{}};
  for (std::size_t i = 0; i < 130; ++i)
    recorded.add({"made_up.tar", std::to_string(i) + ".png", i % 50});
  std::atomic<bool> stop{false};
  StoppedInputs inputs(stop);
  JobBatches batches(inputs, &recorded, stop);
  EXPECT_FALSE(batches.next());
  EXPECT_EQ(batches.already_recorded(), 5u);
  EXPECT_FALSE(batches.is_finished());
}

TEST(JobBatches, LargeMembersMakeSmallBatches) {
  class LargeMembers final : public InputStream {
   public:
    std::optional<Job> next() override {
      Job job;
      job.bytes = bytes_;
      return job;
    }
    InputCounts counts() const override { return {}; }

   private:
    std::shared_ptr<const std::vector<std::uint8_t>> bytes_ =
        std::make_shared<const std::vector<std::uint8_t>>(kMaxPackedBytes / 2);
  };
  LargeMembers inputs;
  const std::atomic<bool> stop{false};
  JobBatches batches(inputs, nullptr, stop);
  const auto batch = batches.next();
  EXPECT_EQ(batch->items.size(), 2u);
  EXPECT_EQ(batch->held_bytes, 2 * kMaxPackedBytes);
}

}  // namespace
}  // namespace sdmeta
