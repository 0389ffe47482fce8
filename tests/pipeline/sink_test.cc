#include "pipeline/sink.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "pipeline/encode.h"
#include "tests/support/temp_dir.h"

namespace sdmeta {
namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string a_line(const std::string& file) {
  Record record;
  record.file = file;
  std::string line;
  append_record(line, record, false);
  return line;
}

std::unique_ptr<Sink> open_sink(const std::filesystem::path& path,
                                bool resume = false) {
  auto sink = Sink::open({path, resume}, [](const RecordName&) {});
  EXPECT_TRUE(sink) << to_text(sink.error());
  return std::move(*sink);
}

TEST(Sink, HasItsNameOnlyWhenComplete) {
  const TempDir dir;
  const auto out = dir / "out.jsonl";
  const auto sink = open_sink(out);
  ASSERT_TRUE(sink->write("line\n"));
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(content_of(dir / "out.jsonl.partial"), "line\n");
  EXPECT_FALSE(sink->finish());
  EXPECT_EQ(content_of(out), "line\n");
  EXPECT_FALSE(std::filesystem::exists(dir / "out.jsonl.partial"));
}

TEST(Sink, AnOldOutputStaysUntilTheNewOneIsComplete) {
  const TempDir dir;
  const auto out = dir / "out.jsonl";
  std::ofstream(out) << "old\n";
  {
    const auto sink = open_sink(out);
    sink->write("new\n");
  }
  EXPECT_EQ(content_of(out), "old\n");
}

TEST(Sink, WithoutResumeAPartialOutputBeginsAnew) {
  const TempDir dir;
  std::ofstream(dir / "out.partial") << a_line("old.png");
  const auto sink = open_sink(dir / "out");
  sink->write("new\n");
  sink->finish();
  EXPECT_EQ(content_of(dir / "out"), "new\n");
}

TEST(Sink, EveryPartialOutputIsKeptUnderANameOfItsOwn) {
  const TempDir dir;
  for (const char* text : {"first", "second", "third"}) {
    std::ofstream(dir / "out.partial") << text;
    open_sink(dir / "out")->finish();
  }
  EXPECT_EQ(content_of(dir / "out.partial.old"), "first");
  EXPECT_EQ(content_of(dir / "out.partial.old.1"), "second");
  EXPECT_EQ(content_of(dir / "out.partial.old.2"), "third");
}

TEST(Sink, ResumeCutsATornTailAndAppends) {
  const TempDir dir;
  const std::string line = a_line("a.png");
  std::ofstream(dir / "out.partial") << line << line.substr(0, 30);
  const auto sink = open_sink(dir / "out", true);
  EXPECT_EQ(sink->old_records(), 1u);
  sink->write("more\n");
  sink->finish();
  EXPECT_EQ(content_of(dir / "out"), line + "more\n");
}

TEST(Sink, ResumeContinuesAFinishedOutput) {
  const TempDir dir;
  const std::string line = a_line("a.png");
  std::ofstream(dir / "out") << line;
  const auto sink = open_sink(dir / "out", true);
  // Not complete any more, so it must not have the name of a complete one.
  EXPECT_FALSE(std::filesystem::exists(dir / "out"));
  sink->write("more\n");
  sink->finish();
  EXPECT_EQ(content_of(dir / "out"), line + "more\n");
}

TEST(Sink, ResumePrefersTheUnfinishedFile) {
  const TempDir dir;
  std::ofstream(dir / "out") << a_line("finished.png");
  std::ofstream(dir / "out.partial") << a_line("unfinished.png");
  const auto sink = open_sink(dir / "out", true);
  sink->finish();
  EXPECT_EQ(content_of(dir / "out"), a_line("unfinished.png"));
}

TEST(Sink, ResumeLeavesSomebodyElsesFileAlone) {
  const TempDir dir;
  std::ofstream(dir / "notes.txt") << "my notes\n";
  EXPECT_FALSE(Sink::open({dir / "notes.txt", true}, [](const auto&) {}));
  EXPECT_EQ(content_of(dir / "notes.txt"), "my notes\n");
}

TEST(Sink, TwoRunsCannotWriteTheSameFile) {
  const TempDir dir;
  const auto first = open_sink(dir / "out");
  const auto second = Sink::open({dir / "out", false}, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(to_text(second.error()), "unwritable: another run is writing it");
}

TEST(Sink, WhatHasTakenThePlaceOfTheUnfinishedFileIsNotTheOutput) {
  const TempDir dir;
  for (const bool is_replaceable : {false, true}) {
    auto sink = std::move(*Sink::open({dir / "out", false, is_replaceable},
                                      [](const RecordName&) {}));
    sink->write("line\n");
    std::filesystem::remove(dir / "out.partial");
    std::ofstream(dir / "out.partial") << "other";
    EXPECT_TRUE(sink->finish());
    sink.reset();
    EXPECT_FALSE(std::filesystem::exists(dir / "out"));
    EXPECT_EQ(content_of(dir / "out.partial"), "other");
  }
}

TEST(Sink, AFolderIsNoOutput) {
  const TempDir dir;
  const auto sink = Sink::open({dir.path(), false}, {});
  ASSERT_FALSE(sink);
  EXPECT_EQ(to_text(sink.error()), "unwritable: is a folder");
}

TEST(Sink, AMissingFolderIsAnError) {
  const TempDir dir;
  const auto sink = Sink::open({dir / "no" / "out", false}, {});
  ASSERT_FALSE(sink);
  EXPECT_EQ(to_text(sink.error()), "unwritable: open: No such file or directory");
}

TEST(Sink, ALinkToTheOutputStaysALink) {
  const TempDir dir;
  std::ofstream(dir / "real") << "old\n";
  std::filesystem::create_symlink("real", dir / "link");
  const auto sink = open_sink(dir / "link");
  sink->write("new\n");
  sink->finish();
  EXPECT_TRUE(std::filesystem::is_symlink(dir / "link"));
  EXPECT_EQ(content_of(dir / "real"), "new\n");
}

TEST(Sink, AFullDeviceIsAnError) {
  const auto sink = open_sink("/dev/full");
  EXPECT_FALSE(sink->write("line\n"));
  EXPECT_EQ(to_text(*sink->error()),
            "unwritable: write: No space left on device");
}

TEST(Sink, DevicesAreWrittenAsTheyAre) {
  const auto sink = open_sink("/dev/null");
  EXPECT_TRUE(sink->write("line\n"));
  EXPECT_FALSE(sink->finish());
  EXPECT_FALSE(std::filesystem::exists("/dev/null.partial"));
}

}  // namespace
}  // namespace sdmeta
