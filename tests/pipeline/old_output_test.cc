#include "pipeline/old_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>

#include "pipeline/encode.h"
#include "pipeline/file_opener.h"
#include "tests/support/temp_dir.h"

namespace sdmeta {
namespace {

std::string record_of(const std::string& file, std::uint64_t bytes) {
  Record record;
  record.file = file;
  record.bytes = bytes;
  std::string line;
  append_record(line, record, false);
  return line;
}

struct Reading {
  Result<OldOutput> old;
  std::vector<std::string> files;
};

Reading read(const std::string& content,
             Compression compression = Compression::kNone) {
  const TempDir dir;
  std::ofstream(dir / "out", std::ios::binary) << content;
  const Descriptor file(::open((dir / "out").c_str(), O_RDONLY));
  std::vector<std::string> files;
  auto old = read_old_output(file.get(), compression,
                             [&](const RecordName& name) {
                               files.push_back(name.file);
                             });
  return {std::move(old), std::move(files)};
}

const std::string kA = record_of("a.png", 1);
const std::string kB = record_of("b.png", 2);

TEST(OldOutput, HandsOverEveryRecord) {
  const Reading reading = read(kA + kB);
  ASSERT_TRUE(reading.old) << to_text(reading.old.error());
  EXPECT_EQ(reading.files, (std::vector<std::string>{"a.png", "b.png"}));
  EXPECT_EQ(reading.old->whole_bytes, kA.size() + kB.size());
}

TEST(OldOutput, ReadsNamesBackAsBytes) {
  const Reading reading = read(record_of("caf\xE9.png", 1));
  EXPECT_EQ(reading.files, std::vector<std::string>{"caf\xE9.png"});
}

TEST(OldOutput, AnEmptyFileIsWhole) {
  const Reading reading = read("");
  ASSERT_TRUE(reading.old);
  EXPECT_EQ(reading.old->whole_bytes, 0u);
}

TEST(OldOutput, ALineCutAnywhereIsATornTail) {
  for (std::size_t cut = 0; cut < kB.size(); ++cut) {
    const Reading reading = read(kA + kB.substr(0, cut));
    ASSERT_TRUE(reading.old) << cut;
    EXPECT_EQ(reading.old->whole_bytes, kA.size()) << cut;
    EXPECT_EQ(reading.files.size(), 1u) << cut;
  }
}

TEST(OldOutput, AFirstLineCutAnywhereIsATornTail) {
  for (std::size_t cut = 0; cut < kA.size(); ++cut)
    EXPECT_TRUE(read(kA.substr(0, cut)).old) << cut;
}

TEST(OldOutput, FramesCutAnywhereAreATornTail) {
  for (const Compression compression :
       {Compression::kGzip, Compression::kZstd}) {
    const std::string first = compress(kA, compression);
    const std::string second = compress(kB, compression);
    for (std::size_t cut = 0; cut < second.size(); ++cut) {
      const Reading reading =
          read(first + second.substr(0, cut), compression);
      ASSERT_TRUE(reading.old) << cut << to_text(reading.old.error());
      EXPECT_EQ(reading.old->whole_bytes, first.size()) << cut;
      EXPECT_EQ(reading.files.size(), 1u) << cut;
    }
    EXPECT_EQ(read(first + second, compression).files.size(), 2u);
  }
}

TEST(OldOutput, ReadsFramesLargerThanItsBuffer) {
  std::string many;
  for (int i = 0; i < 20000; ++i) many += record_of(std::to_string(i), 1);
  for (const Compression compression :
       {Compression::kNone, Compression::kGzip, Compression::kZstd}) {
    const std::string packed = compress(many, compression);
    const Reading reading = read(packed, compression);
    ASSERT_TRUE(reading.old);
    EXPECT_EQ(reading.files.size(), 20000u);
    EXPECT_EQ(reading.old->whole_bytes, packed.size());
  }
}

TEST(OldOutput, SomebodyElsesFileIsAnError) {
  for (const std::string content :
       {"notes\nmore notes\n", "notes without an end", "{\"a\":1}\n",
        "{\"schema\":2}\n"}) {
    EXPECT_FALSE(read(content).old) << content;
  }
  EXPECT_FALSE(read("notes\n", Compression::kGzip).old);
  EXPECT_FALSE(read("notes\n", Compression::kZstd).old);
}

TEST(OldOutput, AForeignLineBetweenRecordsIsAnErrorThatNamesIt) {
  const Reading reading = read(kA + "notes\n" + kB);
  ASSERT_FALSE(reading.old);
  EXPECT_EQ(to_text(reading.old.error()),
            "corrupt: line 2 is no record of this program; name another "
            "output");
}

}  // namespace
}  // namespace sdmeta
