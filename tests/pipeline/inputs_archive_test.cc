#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "pipeline/archive.h"
#include "tests/support/archive_builders.h"
#include "tests/support/input_jobs.h"

namespace sdmeta {
namespace {

class InputsArchive : public InputsTest {
 protected:
  /// contents() of the jobs of one archive, given as an argument.
  Strings members(std::string_view name, std::string_view bytes,
                  InputOptions options = {}) {
    put(name, bytes);
    options.paths = {at(name)};
    const Limits limits = options.limits;
    return contents(jobs_of(std::move(options)), limits);
  }
};

const NamesAndContents kTwo = {{"a/one.png", "first"},
                               {"b/two.webp", "second!"}};
const Strings kTwoContents = {"a/one.png=first", "b/two.webp=second!"};

TEST_F(InputsArchive, PlainTarMembersAreReadInPlace) {
  const Strings got = members("a.tar", TarBuilder()
                                           .file("a/one.png", "first")
                                           .file("b/two.webp", "second!")
                                           .end());
  EXPECT_EQ(got, kTwoContents);
  const std::vector<Job> jobs = jobs_of({.paths = {at("a.tar")}});
  EXPECT_TRUE(jobs[0].range);
  EXPECT_FALSE(jobs[0].bytes);
  EXPECT_EQ(jobs[1].member_size, 7u);
  EXPECT_EQ(jobs[1].seq, 1u);
}

TEST_F(InputsArchive, CompressedTarsAreStreamed) {
  for (const char* filter : {"gzip", "bzip2", "xz", "zstd", "lz4"}) {
    EXPECT_EQ(members("a.tar.x", packed_archive("pax", filter, kTwo)),
              kTwoContents)
        << filter;
  }
}

TEST_F(InputsArchive, StoredAndDeflatedZipMembersAreReadInPlace) {
  const std::string text(5000, 't');
  EXPECT_EQ(
      members(
          "a.zip",
          zip_of({{.name = "s.png", .content = "stored"},
                  {.name = "d.png", .content = text, .is_deflated = true}})),
      (Strings{"s.png=stored", "d.png=" + text}));
  EXPECT_TRUE(jobs_of({.paths = {at("a.zip")}})[1].range);
}

TEST_F(InputsArchive, SevenZipIsRead) {
  EXPECT_EQ(members("a.7z", packed_archive("7zip", "", kTwo)), kTwoContents);
}

TEST_F(InputsArchive, SevenZipNamesAreUtf8) {
  EXPECT_EQ(
      members("a.7z", packed_archive("zip", "", {{"\xE6\xBC\xA2.png", "x"}})),
      (Strings{"\xE6\xBC\xA2.png=x"}));
}

TEST_F(InputsArchive, ANamedArchiveIsKnownByItsBytes) {
  EXPECT_EQ(members("dataset", packed_archive("pax", "gzip", kTwo)),
            kTwoContents);
  EXPECT_EQ(members("photo.png", TarBuilder().file("a.png", "x").end()),
            (Strings{"a.png=x"}));
}

TEST_F(InputsArchive, AnArchiveInAFolderIsOpenedInItsPlace) {
  put("f/a.png", "1");
  put("f/b.tar", TarBuilder().file("m.png", "2").end());
  put("f/c.png", "3");
  EXPECT_EQ(contents(jobs_of_root()), (Strings{"=1", "m.png=2", "=3"}));
  EXPECT_EQ(counts_.archives, 1u);
}

TEST_F(InputsArchive, AnArchiveInAListIsOpenedByItsName) {
  put("b.tar", TarBuilder().file("m.png", "2").end());
  put("list", at("b.tar") + "\n");
  EXPECT_EQ(contents(jobs_of({.files_from = at("list")})),
            (Strings{"m.png=2"}));
}

// WebDataset keeps an image, its label and its caption under one key.
TEST_F(InputsArchive, MembersThatAreNoImagesAreSkippedAndCounted) {
  EXPECT_EQ(members("a.tar", TarBuilder()
                                 .file("000.jpg", "i")
                                 .file("000.json", "{}")
                                 .file("000.txt", "t")
                                 .file("./._000.jpg", "x")
                                 .file("./001.jpg", "j")
                                 .end()),
            (Strings{"000.jpg=i", "./001.jpg=j"}));
  EXPECT_EQ(counts_.skipped_names, 3u);
}

TEST_F(InputsArchive, AllFilesTakesEveryMember) {
  EXPECT_EQ(members("a.tar", TarBuilder().file("a.json", "{}").end(),
                    {.all_files = true}),
            (Strings{"a.json={}"}));
}

TEST_F(InputsArchive, ArchivesWithinArchivesAreOpened) {
  const std::string zip = zip_of({{.name = "z.png", .content = "in zip"}});
  const std::string gz = packed_archive("pax", "gzip", {{"g.png", "in gz"}});
  const Strings expected = {"a.png=1", "in.zip!/z.png=in zip",
                            "in.tgz!/g.png=in gz", "b.png=2"};
  EXPECT_EQ(members("a.tar", TarBuilder()
                                 .file("a.png", "1")
                                 .file("in.zip", zip)
                                 .file("in.tgz", gz)
                                 .file("b.png", "2")
                                 .end()),
            expected);
  EXPECT_EQ(members("a.tar.gz", packed_archive("pax", "gzip",
                                               {{"a.png", "1"},
                                                {"in.zip", zip},
                                                {"in.tgz", gz},
                                                {"b.png", "2"}})),
            expected);
  EXPECT_EQ(
      members("a.zip",
              zip_of({{.name = "a.png", .content = "1"},
                      {.name = "in.zip", .content = zip, .is_deflated = true},
                      {.name = "in.tgz", .content = gz},
                      {.name = "b.png", .content = "2"}})),
      expected);
}

TEST_F(InputsArchive, NestingHasABound) {
  std::string inner = TarBuilder().file("a.png", "x").end();
  for (int i = 0; i < 5; ++i) inner = TarBuilder().file("t.tar", inner).end();
  EXPECT_EQ(members("a.tar", inner),
            (Strings{"t.tar!/t.tar!/t.tar!unsupported_format: archives within "
                     "archives are read 3 levels deep"}));
}

TEST_F(InputsArchive, AnEmptyArchiveHasNoInputs) {
  EXPECT_EQ(members("a.tar", TarBuilder().zeros(9216).end()), (Strings{}));
  EXPECT_EQ(members("a.zip", zip_of({})), (Strings{}));
}

TEST_F(InputsArchive, WhatIsNoArchiveIsOneJobWithAnError) {
  EXPECT_EQ(members("a.tar", "<html>404</html>"),
            (Strings{"!archive_broken: is not an archive"}));
  EXPECT_EQ(members("b.zip", ""), (Strings{"!archive_broken: is empty"}));
}

TEST_F(InputsArchive, ATarWhoseFirstHeaderIsDamagedGivesTheOthers) {
  std::string tar = TarBuilder()
                        .file("a.png", "1")
                        .file("b.png", "2")
                        .file("c.png", "3")
                        .end();
  tar[0] ^= 1;
  EXPECT_EQ(members("a.tar", tar),
            (Strings{"b.png=2", "c.png=3",
                     "!archive_broken: header with a wrong checksum; 2 members "
                     "were found"}));
}

// As it has in a folder with --all-files.
TEST_F(InputsArchive, ACompressedFileThatIsNoTarIsAnUnsupportedFormat) {
  for (const char* filter : {"gzip", "zstd"})
    EXPECT_EQ(
        members("a.tgz", packed_archive("raw", filter, {{"x", "not a tar"}})),
        (Strings{"!unsupported_format: compressed data that is no "
                 "archive"}));
}

TEST_F(InputsArchive, AnImagePackedByGzipIsAnImage) {
  const std::string packed = packed_archive(
      "raw", "gzip", {{"x", "\x89PNG\r\n\x1A\n and so on"}});
  EXPECT_EQ(members("a.png.gz", packed), (Strings{"=" + packed}));
}

TEST_F(InputsArchive, ACompressedFileThatIsCutIsBroken) {
  for (const char* filter : {"gzip", "zstd"}) {
    std::string archive = packed_archive("pax", filter, kTwo);
    archive.resize(30);
    EXPECT_EQ(members("a.tgz", archive),
              (Strings{"!archive_broken: the compressed data ends too early"}));
  }
}

TEST_F(InputsArchive, AnImageNamedLikeAnArchiveIsAnImage) {
  const std::string png = "\x89PNG\r\n\x1A\n and so on";
  put("f/a.tar", png);
  put("f/b.tar", TarBuilder().file("in.zip", png).end());
  put("f/c.tgz", packed_archive("pax", "gzip", {{"in.zip", png}}));
  EXPECT_EQ(contents(jobs_of_root()),
            (Strings{"=" + png, "in.zip=" + png, "in.zip=" + png}));
  EXPECT_EQ(contents(jobs_of({.paths = {at("f/a.tar")}})),
            (Strings{"=" + png}));
}

TEST_F(InputsArchive, AnArchiveThatShrinksWhileItIsReadCutsItsMembers) {
  put("a.tar", TarBuilder().file("a.png", "1").file("b.png", "2").end());
  const std::vector<Job> jobs = jobs_of({.paths = {at("a.tar")}});
  ASSERT_EQ(::truncate(at("a.tar").c_str(), 1024), 0);
  EXPECT_EQ(contents(jobs),
            (Strings{"a.png=1",
                     "b.png=!truncated: its file, or archive, became shorter "
                     "while it was read"}));
}

TEST_F(InputsArchive, OfAllMembersOnlyArchivesAreAnnounced) {
  put("a.tar",
      TarBuilder().header("l.png", 0, '2', "x").file("in.tar", "no").bytes());
  const std::vector<Job> jobs = jobs_of_root();
  ASSERT_EQ(jobs.size(), 3u);
  EXPECT_FALSE(jobs[0].is_announced);
  EXPECT_TRUE(jobs[1].is_announced);
  EXPECT_TRUE(jobs[2].is_announced);  // the end mark is missing
}

TEST_F(InputsArchive, ACutTarCostsWhatLiesBehindTheCut) {
  std::string tar = TarBuilder()
                        .file("a.png", "whole")
                        .file("b.png", std::string(1000, 'b'))
                        .file("c.png", "lost")
                        .end();
  tar.resize(512 + 512 + 512 + 700);
  EXPECT_EQ(members("a.tar", tar),
            (Strings{"a.png=whole", "b.png=" + std::string(700, 'b'),
                     "!archive_broken: ends inside the member b.png, which "
                     "has 1000 bytes; 2 members were found"}));
  EXPECT_EQ(jobs_of({.paths = {at("a.tar")}})[1].member_size, 1000u);
}

TEST_F(InputsArchive, ACutCompressedTarCostsWhatLiesBehindTheCut) {
  std::mt19937 random;
  std::string first(400000, ' ');
  std::string second = first;
  for (std::string* noise : {&first, &second})
    for (char& byte : *noise) byte = static_cast<char>(random());
  // Only the head is held of what is no image.
  for (std::string* noise : {&first, &second})
    noise->replace(0, 8, "\x89PNG\r\n\x1A\n");
  for (const char* filter : {"gzip", "xz", "zstd"}) {
    std::string archive = packed_archive(
        "pax", filter, {{"a.png", first}, {"b.png", second}, {"c.png", "x"}});
    archive.resize(archive.size() * 3 / 4);
    const Strings got = members("a.tar.x", archive);
    ASSERT_EQ(got.size(), 3u) << filter;
    EXPECT_EQ(got[0], "a.png=" + first);
    EXPECT_TRUE(got[1].starts_with("b.png=" + second.substr(0, 1000)));
    EXPECT_TRUE(got[2].starts_with("!archive_broken: ")) << got[2];
  }
}

TEST_F(InputsArchive, NothingInFrontOfACutIsLost) {
  std::mt19937 random;
  NamesAndContents files;
  for (int i = 0; i < 20; ++i) {
    std::string noise(1000, ' ');
    for (char& byte : noise) byte = static_cast<char>(random());
    files.push_back({std::to_string(i) + ".png", noise});
  }
  std::string archive = packed_archive("ustar", "gzip", files);
  archive.resize(archive.size() / 2);
  EXPECT_GE(members("a.tgz", archive).size(), 9u);
}

TEST_F(InputsArchive, TheChecksumOfGzipIsVerified) {
  std::string archive = packed_archive("pax", "gzip", kTwo);
  archive[archive.size() - 8] ^= 1;
  const Strings got = members("a.tgz", archive);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_TRUE(got[2].starts_with("!archive_broken: the gzip data is broken"))
      << got[2];
}

TEST_F(InputsArchive, ZerosBehindGzipDataArePassedOverAndOtherBytesTold) {
  const std::string whole = packed_archive("pax", "gzip", kTwo);
  EXPECT_EQ(members("a.tgz", whole + std::string(700, '\0')), kTwoContents);
  EXPECT_EQ(members("a.tgz", whole + std::string(700, '\0') +
                                 packed_archive("pax", "gzip", kTwo)),
            members("b.tgz", whole + packed_archive("pax", "gzip", kTwo)));
  // It may have been a second member.
  Strings got = members("a.tgz", whole + "tail");
  ASSERT_EQ(got.size(), kTwoContents.size() + 1);
  EXPECT_TRUE(
      got.back().starts_with("!archive_broken: the gzip data is broken"))
      << got.back();
  got.pop_back();
  EXPECT_EQ(got, kTwoContents);
}

TEST_F(InputsArchive, ACutZipIsReadFromItsStart) {
  const std::string zip =
      zip_of({{.name = "a.png", .content = "first"},
              {.name = "b.png", .content = "second", .is_deflated = true},
              {.name = "c.png", .content = std::string(5000, 'c')}});
  const Strings got = members("a.zip", zip.substr(0, 1000));
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got[0], "a.png=first");
  EXPECT_EQ(got[1], "b.png=second");
  EXPECT_TRUE(got[2].starts_with("c.png")) << got[2];
  EXPECT_TRUE(got[3].starts_with("!archive_broken: ")) << got[3];
}

TEST_F(InputsArchive, AMemberBeyondTheLimitIsCutAndSaysSo) {
  Limits limits;
  limits.max_member_bytes = 4;
  limits.max_inflated_bytes = 4;
  const Strings expected = {
      "a.png=0123!member_too_large: only the first 4 bytes of a packed member "
      "are unpacked"};
  EXPECT_EQ(
      members("a.tgz", packed_archive("pax", "gzip", {{"a.png", "0123456789"}}),
              {.limits = limits}),
      expected);
  EXPECT_EQ(members("a.zip",
                    zip_of({{.name = "a.png",
                             .content = "0123456789",
                             .is_deflated = true}}),
                    {.limits = limits}),
            expected);
}

TEST_F(InputsArchive, OnlyTheHeadOfWhatIsNoImageIsHeld) {
  put("a.tgz",
      packed_archive("pax", "gzip", {{"a.png", std::string(1 << 20, '\0')}}));
  const std::vector<Job> jobs = jobs_of({.paths = {at("a.tgz")}});
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].bytes->size(), 65536u);
  EXPECT_EQ(jobs[0].member_size, 1u << 20);
}

TEST_F(InputsArchive, ABombEndsWithAStatus) {
  Limits limits;
  limits.max_member_bytes = 1000;
  limits.min_bomb_bytes = 1 << 20;
  const Strings got =
      members("a.tgz",
              packed_archive("pax", "gzip",
                             {{"a.png", "x"},
                              {"b.txt", std::string(8 << 20, '\0')},
                              {"c.png", "y"}}),
              {.limits = limits});
  EXPECT_EQ(got, (Strings{"a.png=x",
                          "!archive_broken: unpacks to more than "
                          "200 times its size; 2 members were found"}));
}

TEST_F(InputsArchive, ALargeDictionaryIsNotFilled) {
  const std::string xz = packed_archive("pax", "xz", {{"a.png", "x"}});
  EXPECT_EQ(members("a.txz", xz), Strings{"a.png=x"});
  Limits limits;
  limits.max_dictionary_bytes = 1 << 20;
  const Strings got = members("a.txz", xz, {.limits = limits});
  ASSERT_EQ(got.size(), 1u);
  EXPECT_TRUE(
      got[0].starts_with("!archive_broken: unpacking needs a dictionary of "))
      << got[0];
}

TEST_F(InputsArchive, ABrokenArchiveWithinCostsOnlyItself) {
  std::string inner = TarBuilder().file("a.png", "x").end();
  inner.resize(1024);
  EXPECT_EQ(
      members("a.tar",
              TarBuilder().file("in.tar", inner).file("b.png", "y").end()),
      (Strings{"in.tar!/a.png=x",
               "in.tar!archive_broken: ends without an end mark; 1 member was "
               "found",
               "b.png=y"}));
}

TEST_F(InputsArchive, ShardsOfATarAreDisjointAndTogetherEverything) {
  TarBuilder tar;
  for (int i = 0; i < 100; ++i) tar.file(std::to_string(i), "x");
  Strings all = members("a.tar", tar.end());
  Strings together;
  for (std::uint32_t shard = 1; shard <= 4; ++shard) {
    const Strings part =
        members("a.tar", tar.bytes(), {.shard = {shard, 4}});
    EXPECT_GT(part.size(), 10u);
    together.insert(together.end(), part.begin(), part.end());
  }
  std::sort(all.begin(), all.end());
  std::sort(together.begin(), together.end());
  EXPECT_EQ(together, all);
}

// Every shard would have to unpack all of it.
TEST_F(InputsArchive, AStreamedArchiveGoesToOneShardAsAWhole) {
  const std::string inner = TarBuilder().file("i.png", "1").end();
  const std::string outer = packed_archive(
      "pax", "gzip", {{"a.png", "x"}, {"in.tar", inner}, {"b.png", "y"}});
  Strings together;
  for (std::uint32_t shard = 1; shard <= 5; ++shard) {
    const Strings part = members("a.tgz", outer, {.shard = {shard, 5}});
    EXPECT_TRUE(part.empty() || part.size() == 3);
    together.insert(together.end(), part.begin(), part.end());
  }
  EXPECT_EQ(together, (Strings{"a.png=x", "in.tar!/i.png=1", "b.png=y"}));
}

TEST_F(InputsArchive, AnArchiveThatCannotBeOpenedBelongsToOneShard) {
  std::size_t count = 0;
  for (std::uint32_t shard = 1; shard <= 5; ++shard)
    count += members("a.tar", "no", {.shard = {shard, 5}}).size();
  EXPECT_EQ(count, 1u);
}

class OpenMember : public InputsArchive {};

TEST_F(OpenMember, FindsAMemberByName) {
  put("a.tar", TarBuilder().file("a.txt", "1").file("b.png", "2").end());
  std::optional<Result<Job>> job = open_member(at("a.tar!/a.txt"));
  ASSERT_TRUE(job && *job);
  EXPECT_EQ(contents({**job}), (Strings{"a.txt=1"}));
}

TEST_F(OpenMember, FindsAMemberOfAnArchiveWithin) {
  put("a.tgz",
      packed_archive("pax", "gzip",
                     {{"in.tar", TarBuilder().file("b.png", "2").end()}}));
  std::optional<Result<Job>> job = open_member(at("a.tgz!/in.tar!/b.png"));
  ASSERT_TRUE(job && *job);
  EXPECT_EQ(contents({**job}), (Strings{"in.tar!/b.png=2"}));
}

TEST_F(OpenMember, SaysThatThereIsNoSuchMember) {
  put("a.tar", TarBuilder().file("a.png", "1").end());
  const std::optional<Result<Job>> job = open_member(at("a.tar!/b.png"));
  ASSERT_TRUE(job && !*job);
  EXPECT_EQ(to_text(job->error()), "unreadable: no such member");
}

TEST_F(OpenMember, LeavesFilesAlone) {
  put("odd!/a.png");
  EXPECT_FALSE(open_member(at("odd!/a.png")));
  EXPECT_FALSE(open_member(at("none.png")));
}

}  // namespace
}  // namespace sdmeta
