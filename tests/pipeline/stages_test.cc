#include "pipeline/stages.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>

#include "pipeline/batch_lines.h"
#include "tests/support/image_builder.h"
#include "tests/support/temp_dir.h"

namespace sdmeta {
namespace {

constexpr const char* kInfotext =
    "a lighthouse\nNegative prompt: blur\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512";

Extracted with_text(const char* key, const char* text) {
  Extracted extracted;
  extracted.job.path = "12345678.png";
  extracted.image.container = Container::kPng;
  extracted.image.fields.push_back(
      {Carrier::kPngText, Encoding::kUtf8, key, text});
  return extracted;
}

Error an_error(ErrorCode code) { return {code, "what was found", 7}; }

Extracted extracted_from(Job job) {
  FileOpener opener;
  return extract_stage(std::move(job), opener, ExtractOptions{});
}

Job job_of(const std::filesystem::path& path) {
  Job job;
  job.path = path;
  return job;
}

// --- status

TEST(InterpretStage, ParsedTextIsOk) {
  const Record record = interpret_stage(with_text("parameters", kInfotext), {});
  EXPECT_EQ(record.status, Status::kOk);
  EXPECT_EQ(record.generation->prompt, "a lighthouse");
}

TEST(InterpretStage, DamageBesideAGenerationIsAWarning) {
  Extracted extracted = with_text("parameters", kInfotext);
  extracted.image.damage = an_error(ErrorCode::kTruncated);
  const Record record = interpret_stage(std::move(extracted), {});
  EXPECT_EQ(record.status, Status::kOk);
  EXPECT_FALSE(record.error);
  ASSERT_EQ(record.warnings.size(), 1u);
  EXPECT_EQ(record.warnings[0].code, ErrorCode::kTruncated);
}

TEST(InterpretStage, DamageWithoutAGenerationIsTheStatus) {
  const std::pair<ErrorCode, Status> cases[] = {
      {ErrorCode::kTruncated, Status::kTruncated},
      {ErrorCode::kCorrupt, Status::kCorrupt},
      {ErrorCode::kNotAnImage, Status::kNotAnImage},
      {ErrorCode::kUnsupportedFormat, Status::kUnsupportedFormat},
      {ErrorCode::kUnreadable, Status::kUnreadable},
      {ErrorCode::kArchiveBroken, Status::kCorrupt},
      {ErrorCode::kEncrypted, Status::kUnreadable},
      {ErrorCode::kMemberTooLarge, Status::kTruncated},
  };
  for (const auto& [code, status] : cases) {
    Extracted extracted;
    extracted.image.damage = an_error(code);
    const Record record = interpret_stage(std::move(extracted), {});
    EXPECT_EQ(record.status, status) << error_name(code);
    EXPECT_EQ(record.error, an_error(code));
  }
}

TEST(InterpretStage, ASoundImageWithoutTextHasNoMetadata) {
  Extracted extracted;
  extracted.image.container = Container::kPng;
  const Record record = interpret_stage(std::move(extracted), {});
  EXPECT_EQ(record.status, Status::kNoMetadata);
  EXPECT_FALSE(record.error);
}

TEST(InterpretStage, NotesOfTheExtractorAreWarnings) {
  Extracted extracted = with_text("parameters", kInfotext);
  extracted.image.notes.push_back(an_error(ErrorCode::kBadChecksum));
  const Record record = interpret_stage(std::move(extracted), {});
  ASSERT_EQ(record.warnings.size(), 1u);
  EXPECT_EQ(record.warnings[0].code, ErrorCode::kBadChecksum);
}

TEST(InterpretStage, FieldsAreKeptOnlyForRaw) {
  StageOptions options;
  EXPECT_TRUE(interpret_stage(with_text("parameters", kInfotext), options)
                  .image.fields.empty());
  options.with_raw = true;
  EXPECT_EQ(interpret_stage(with_text("parameters", kInfotext), options)
                .image.fields.size(),
            1u);
}

TEST(InterpretStage, SignedAddressesLoseTheirQueryEverywhere) {
  constexpr const char* kText =
      "a boat, https://host/a.png?sig=secret\n"
      "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512";
  StageOptions options;
  options.with_raw = true;
  const Record record =
      interpret_stage(with_text("parameters", kText), options);
  EXPECT_EQ(record.generation->prompt->find("secret"), std::string::npos);
  EXPECT_EQ(record.image.fields[0].value.find("secret"), std::string::npos);
  options.keep_secrets = true;
  EXPECT_NE(interpret_stage(with_text("parameters", kText), options)
                .image.fields[0]
                .value.find("secret"),
            std::string::npos);
}

TEST(InterpretStage, TextsNamedAsSecretsAreEmpty) {
  StageOptions options;
  options.with_raw = true;
  EXPECT_EQ(
      interpret_stage(with_text("hf_token", "hf_4f1c9a77b20e4d1f"), options)
          .image.fields[0]
          .value,
      "");
}

// --- join

class OneRow final : public CsvIndex {
 public:
  std::optional<Row> find(std::string_view path, std::string_view,
                          std::vector<Error>*) const override {
    if (path != "with.png") return std::nullopt;
    Row row;
    row.image_id = 77;
    return row;
  }
  CsvCounts counts() const override { return {}; }
  Result<std::uint64_t> write_unmatched(const std::string&) const override {
    return std::uint64_t{0};
  }
};

TEST(JoinStage, TheRowsImageIdWins) {
  Record record;
  record.file = "with.png";
  record.image_id = 5;
  record = join_stage(std::move(record), std::make_unique<OneRow>().get());
  EXPECT_TRUE(record.row);
  EXPECT_EQ(record.image_id, 77u);
}

TEST(JoinStage, WithoutARowTheNamesImageIdStays) {
  Record record;
  record.file = "without.png";
  record.image_id = 5;
  record = join_stage(std::move(record), std::make_unique<OneRow>().get());
  EXPECT_FALSE(record.row);
  EXPECT_EQ(record.image_id, 5u);
}

// --- extract

TEST(ExtractStage, AFolderIsUnreadable) {
  const TempDir dir;
  const auto folder = dir / "x.png";
  std::filesystem::create_directory(folder);
  const Extracted extracted = extracted_from(job_of(folder));
  EXPECT_EQ(extracted.image.damage->code, ErrorCode::kUnreadable);
  EXPECT_EQ(extracted.image.damage->detail, "is a folder");
  EXPECT_FALSE(extracted.bytes);
}

TEST(ExtractStage, APipeIsNotWaitedFor) {
  const TempDir dir;
  const auto pipe = dir / "x.png";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(extracted_from(job_of(pipe)).image.damage->code,
            ErrorCode::kUnreadable);
}

TEST(ExtractStage, ADanglingLinkIsUnreadable) {
  const TempDir dir;
  std::filesystem::create_symlink("nowhere", dir / "x.png");
  const Extracted extracted = extracted_from(job_of(dir / "x.png"));
  EXPECT_EQ(to_text(*extracted.image.damage),
            "unreadable: open: No such file or directory");
}

TEST(ExtractStage, AJobWithAnErrorKeepsIt) {
  Job job = job_of("a.zip");
  job.member = "m.png";
  job.member_size = 9;
  job.error = an_error(ErrorCode::kEncrypted);
  const Extracted extracted = extracted_from(std::move(job));
  EXPECT_EQ(extracted.image.damage->code, ErrorCode::kEncrypted);
  EXPECT_EQ(extracted.bytes, 9u);
}

TEST(ExtractStage, StatesTheSizeThatResumeAsksFor) {
  const TempDir dir;
  std::ofstream(dir / "a.png") << "twelve bytes";
  const Job job = job_of(dir / "a.png");
  EXPECT_EQ(job_bytes(job), 12u);
  EXPECT_EQ(extracted_from(job).bytes, 12u);
}

TEST(ExtractStage, NeighboursInOtherFoldersAreFound) {
  const TempDir dir;
  for (const char* name : {"a", "b"}) {
    std::filesystem::create_directory(dir / name);
    std::ofstream(dir / name / "x.png") << name;
  }
  FileOpener opener;
  for (const char* name : {"a", "b", "a"}) {
    const auto file = opener.open(dir / name / "x.png");
    ASSERT_TRUE(file) << file.error().detail;
    EXPECT_EQ(file->size, 1u);
  }
  EXPECT_FALSE(opener.open(dir / "c" / "x.png"));
}

TEST(ExtractStage, WhatTookTheListedFilesPlaceIsUnreadable) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "folder.png");
  ASSERT_EQ(::mkfifo((dir / "pipe.png").c_str(), 0600), 0);
  for (const char* name : {"folder.png", "pipe.png"}) {
    Job job = job_of(dir / name);
    job.is_regular = true;
    EXPECT_EQ(extracted_from(job).image.damage->code, ErrorCode::kUnreadable)
        << name;
  }
}

// --- batches

// A PNG whose text unpacks to a thousand times its size.
std::shared_ptr<const std::vector<std::uint8_t>> a_bomb(std::size_t bytes) {
  const std::string text(bytes, 'x');
  const std::string png = test::PngBuilder().ztxt("parameters", text).build();
  return std::make_shared<const std::vector<std::uint8_t>>(png.begin(),
                                                           png.end());
}

Batch bombs(std::size_t count) {
  Batch jobs;
  const auto bomb = a_bomb(8u << 20);
  for (std::size_t i = 0; i < count; ++i) {
    Job job;
    job.seq = i;
    job.member = std::to_string(i);
    job.bytes = bomb;
    jobs.items.push_back(std::move(job));
  }
  return jobs;
}

TEST(WriteBatch, LargeFilesArePostponed) {
  HeldBytes held(1);
  StageOptions options;
  options.held = &held;
  const Lines lines = write_batch(bombs(10), options);
  EXPECT_EQ(lines.postponed.size(), 10u);
  EXPECT_TRUE(lines.bytes.empty());
  EXPECT_EQ(lines.held_bytes, 0u);
}

TEST(WriteBatch, SmallFilesArePostponedWhileMuchIsHeld) {
  HeldBytes held(1);
  StageOptions options;
  options.held = &held;
  Batch jobs;
  jobs.items.resize(100);
  for (Job& job : jobs.items) job.bytes = a_bomb(900'000);
  const Lines lines = write_batch(std::move(jobs), options);
  EXPECT_GT(lines.tally.records, 0u);
  EXPECT_EQ(lines.tally.records + lines.postponed.size(), 100u);
  EXPECT_EQ(lines.postponed.front().offset, lines.bytes.size());
  EXPECT_TRUE(held.is_full());
  EXPECT_LE(lines.held_bytes, held.max_bytes() + (1u << 20));
  held.release(lines.held_bytes);
  EXPECT_FALSE(held.is_full());
}

TEST(FinishBatch, WhatWasPostponedIsReadInItsPlace) {
  HeldBytes held(1);
  StageOptions options;
  options.held = &held;
  Batch jobs = bombs(3);
  jobs.items[0].bytes = jobs.items[2].bytes = a_bomb(10);
  Lines lines = write_batch(std::move(jobs), options);
  ASSERT_EQ(lines.postponed.size(), 1u);
  EXPECT_EQ(lines.tally.records, 2u);
  std::string bytes;
  Tally tally;
  finish_batch(std::move(lines), options, [&](Lines piece) {
    EXPECT_TRUE(piece.postponed.empty());
    bytes += piece.bytes;
    tally.records += piece.tally.records;
  });
  EXPECT_EQ(tally.records, 3u);
  const std::size_t first = bytes.find("\"member\":\"0\"");
  const std::size_t second = bytes.find("\"member\":\"1\"");
  EXPECT_LT(first, second);
  EXPECT_LT(second, bytes.find("\"member\":\"2\""));
}

TEST(WriteBatch, CachedAndWaitedForAreTheSame) {
  const TempDir dir;
  Batch jobs;
  for (int i = 0; i < 10; ++i) {
    const auto path = dir / (std::to_string(i) + ".png");
    std::ofstream(path) << std::string(static_cast<std::size_t>(i), 'x');
    jobs.items.push_back(job_of(path));
  }
  jobs.items.push_back(job_of(dir / "missing.png"));
  const Lines all = write_batch(jobs, {});
  const Lines cached = write_rest(read_rest(write_cached(jobs, {}), {}), {});
  const Lines waited_for = write_rest(read_rest({{}, jobs.items}, {}), {});
  EXPECT_EQ(all.tally.records, 11u);
  EXPECT_EQ(cached.bytes, all.bytes);
  EXPECT_EQ(waited_for.bytes, all.bytes);
}

// --- encode

TEST(EncodeStage, CountsWhatItWrites) {
  Record record;
  record.status = Status::kCorrupt;
  record.bytes = 10;
  record.row.emplace();
  Lines lines;
  encode_stage(record, false, lines);
  encode_stage(record, false, lines);
  EXPECT_EQ(lines.tally.records, 2u);
  EXPECT_EQ(lines.tally.by_status[static_cast<int>(Status::kCorrupt)], 2u);
  EXPECT_EQ(lines.tally.with_row, 2u);
  EXPECT_EQ(lines.tally.image_bytes, 20u);
  EXPECT_EQ(lines.tally.output_bytes, lines.bytes.size());
}

}  // namespace
}  // namespace sdmeta
