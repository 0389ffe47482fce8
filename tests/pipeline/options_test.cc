#include "pipeline/options.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace sdmeta {
namespace {

Command parse(std::initializer_list<const char*> arguments) {
  std::vector<const char*> argv = {"sdmeta"};
  argv.insert(argv.end(), arguments);
  return parse_options(static_cast<int>(argv.size()), argv.data());
}

ExtractCommand extract(std::initializer_list<const char*> arguments) {
  const Command command = parse(arguments);
  if (const auto* usage = std::get_if<Usage>(&command))
    ADD_FAILURE() << usage->text;
  const auto* found = std::get_if<ExtractCommand>(&command);
  return found != nullptr ? *found : ExtractCommand{};
}

std::string complaint(std::initializer_list<const char*> arguments) {
  const Command command = parse(arguments);
  const auto* usage = std::get_if<Usage>(&command);
  if (usage == nullptr) return "accepted";
  EXPECT_EQ(usage->code, ExitCode::kNotComplete);
  return usage->text;
}

TEST(ExitCode, ValuesAreFixed) {
  EXPECT_EQ(static_cast<int>(ExitCode::kComplete), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::kInputsFailed), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::kNotComplete), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kInterrupted), 130);
}

TEST(Options, InputsMayStandBetweenOptions) {
  const ExtractCommand command =
      extract({"extract", "a", "--csv", "x", "b", "--csv", "y", "c"});
  EXPECT_EQ(command.inputs.paths, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(command.csv.paths, (std::vector<std::string>{"x", "y"}));
}

TEST(Options, DashIsAList) {
  EXPECT_EQ(extract({"extract", "-0", "-"}).inputs.paths,
            std::vector<std::string>{"-"});
}

TEST(Options, ShardCountsFromOne) {
  const ExtractCommand command = extract({"extract", "--shard", "3/8", "a"});
  EXPECT_EQ(command.inputs.shard.number, 3u);
  EXPECT_EQ(command.inputs.shard.count, 8u);
  for (const char* wrong : {"0/8", "9/8", "3", "3/", "/8", "a/b", "1/2x"})
    EXPECT_NE(complaint({"extract", "--shard", wrong, "a"}).find("K/N"),
              std::string::npos)
        << wrong;
}

TEST(Options, MatchNamesAKeyOrARegex) {
  EXPECT_EQ(
      extract({"extract", "--csv", "x", "--match", "image_id", "a"}).csv.match,
      MatchKey::kImageId);
  const ExtractCommand command =
      extract({"extract", "--csv", "x", "--match", "regex:id_([0-9]+)", "a"});
  EXPECT_EQ(command.csv.match, MatchKey::kRegex);
  EXPECT_EQ(command.csv.regex, "id_([0-9]+)");
  EXPECT_NE(complaint({"extract", "--csv", "x", "--match", "name", "a"})
                .find("regex:(...)"),
            std::string::npos);
}

TEST(Options, OutputSuffixChoosesTheCompression) {
  EXPECT_EQ(
      extract({"extract", "-o", "a.jsonl.zst", "a"}).run.stages.compression,
      Compression::kZstd);
  EXPECT_EQ(
      extract({"extract", "-o", "a.jsonl.gz", "a"}).run.stages.compression,
      Compression::kGzip);
  EXPECT_EQ(extract({"extract", "a"}).run.stages.compression,
            Compression::kNone);
}

TEST(Options, WrongCombinationsAreUsageErrors) {
  EXPECT_NE(complaint({"extract"}), "accepted");
  EXPECT_NE(complaint({"extract", "--resume", "a"}), "accepted");
  EXPECT_NE(complaint({"extract", "--unmatched-rows", "u", "a"}), "accepted");
  EXPECT_NE(complaint({"extract", "--unmatched-rows", "u", "--csv", "c",
                       "--shard", "1/2", "a"}),
            "accepted");
  EXPECT_EQ(complaint({"extract", "--unmatched-rows", "u", "--csv", "c",
                       "--shard", "1/1", "a"}),
            "accepted");
  EXPECT_NE(complaint({"extract", "--match", "id", "a"}), "accepted");
  EXPECT_NE(complaint({"extract", "-", "--files-from", "-"}), "accepted");
  EXPECT_NE(complaint({"extract", "--stealth", "maybe", "a"}), "accepted");
  EXPECT_NE(complaint({"extract", "--threads", "0", "a"}), "accepted");
  EXPECT_NE(complaint({"frobnicate"}), "accepted");
  EXPECT_NE(complaint({}), "accepted");
}

TEST(Options, UsageErrorsSayWhatWasFoundAndTheWayOut) {
  EXPECT_EQ(complaint({"extrct", "a"}),
            "unknown command extrct; did you mean extract?");
  EXPECT_EQ(complaint({"frobnicate"}),
            "unknown command frobnicate; expected extract, show, enrich, urls, "
            "captions, formats, schema or version");
  EXPECT_EQ(complaint({"/"}), "/ is no command; to read it: sdmeta extract /");
  EXPECT_EQ(complaint({"--raw"}),
            "unknown option --raw in front of the command; see sdmeta -h");
  EXPECT_EQ(complaint({"extract", "--rezume", "a"}),
            "unknown option --rezume; did you mean --resume?");
  EXPECT_EQ(complaint({"extract", "-x", "a"}),
            "unknown option -x; see sdmeta extract -h");
  EXPECT_EQ(complaint({"extract", "--stast=s", "a"}),
            "unknown option --stast; did you mean --stats?");
  EXPECT_EQ(complaint({"formats", "a"}),
            "unexpected argument a; see sdmeta formats -h");
  EXPECT_EQ(complaint({"urls"}), "--csv is required; see sdmeta urls -h");
  EXPECT_EQ(complaint({"extract", "--stealth", "maybe", "a"}),
            "--stealth: expects auto, always or never, not maybe");
  EXPECT_EQ(complaint({"schema", "--for", "excel"}),
            "--for: expects json-schema, duckdb or huggingface, not excel");
  for (const char* number : {"0", "1025", "two", "2.5", ""})
    EXPECT_EQ(complaint({"extract", "--threads", number, "a"}),
              std::string("--threads: expects a whole number from 1 to 1024, "
                          "not ") +
                  number);
  EXPECT_NE(complaint({"captions", "a", "--to", "b", "--field", "prompts"})
                .find("expects software, "),
            std::string::npos);
}

TEST(Options, ACommandsNameMayBeAnInput) {
  EXPECT_EQ(extract({"extract", "formats", "show"}).inputs.paths,
            (std::vector<std::string>{"formats", "show"}));
}

TEST(Options, HelpIsACommandToo) {
  const auto text = [](std::initializer_list<const char*> arguments) {
    const Command command = parse(arguments);
    const auto* usage = std::get_if<Usage>(&command);
    return usage != nullptr ? usage->text : "no usage";
  };
  EXPECT_EQ(text({"help"}), text({"-h"}));
  EXPECT_EQ(text({"help", "extract"}), text({"extract", "-h"}));
  EXPECT_EQ(text({}), text({"-h"}));
}

TEST(Options, ThereIsNoHelpOfUnknownCommands) {
  EXPECT_EQ(complaint({"extrct", "-h"}),
            "unknown command extrct; did you mean extract?");
  EXPECT_EQ(complaint({"help", "extrct"}),
            "unknown command extrct; did you mean extract?");
  EXPECT_NE(complaint({"frobnicate", "-h"}), "accepted");
}

TEST(Options, ShortHelpFitsOneScreen) {
  for (const auto& arguments : {std::initializer_list<const char*>{"-h"},
                                {"extract", "-h"},
                                {"show", "-h"},
                                {"enrich", "-h"},
                                {"urls", "-h"},
                                {"captions", "-h"}}) {
    const Command command = parse(arguments);
    const auto* usage = std::get_if<Usage>(&command);
    ASSERT_NE(usage, nullptr);
    EXPECT_EQ(usage->code, ExitCode::kComplete);
    EXPECT_LE(std::count(usage->text.begin(), usage->text.end(), '\n'), 30);
    for (std::size_t at = 0; at < usage->text.size();) {
      const std::size_t end = usage->text.find('\n', at);
      EXPECT_LE(end - at, 80u) << usage->text.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(Options, AValueIsGivenOnceAndNotLeftOut) {
  EXPECT_EQ(complaint({"schema", "--for"}), "--for: expects a value");
  EXPECT_EQ(complaint({"extract", "a.png", "-o"}), "--output: expects a value");
  EXPECT_EQ(complaint({"extract", "a.png", "-o", "b", "-o", "c"}),
            "--output: may be given once only");
  EXPECT_EQ(complaint({"urls", "--csv"}), "--csv: expects a value");
}

TEST(Options, LongHelpNamesEveryOption) {
  const Command command = parse({"extract", "--help"});
  const auto* usage = std::get_if<Usage>(&command);
  ASSERT_NE(usage, nullptr);
  for (const char* option :
       {"--output", "--csv", "--match", "--files-from", "--null", "--all-files",
        "--shard", "--raw", "--verify", "--stealth", "--keep-secrets", "--threads",
        "--io-depth", "--resume", "--stats", "--unmatched-rows", "--progress",
        "--quiet", "--strict"})
    EXPECT_NE(usage->text.find(option), std::string::npos) << option;
}

}  // namespace
}  // namespace sdmeta
