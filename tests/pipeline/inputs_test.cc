#include "pipeline/inputs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/input_jobs.h"

namespace sdmeta {
namespace {

std::string numbered(int i) {
  std::string name = "f/";
  return name.append(std::to_string(i)).append(".png");
}

class Inputs : public InputsTest {
 protected:
  /// Paths below the temporary folder.
  Strings short_paths(const std::vector<Job>& jobs) const {
    Strings result = paths(jobs);
    for (std::string& path : result)
      if (path.starts_with(at(""))) path.erase(0, at("").size());
    return result;
  }
};

TEST_F(Inputs, FoldersAreWalkedDepthFirstInByteOrderOfNames) {
  for (const char* name : {"b.png", "B.png", "a/z.png", "a/\xC3\xA9.png",
                           "a/b/c.png", "a.png", "a-.png", "10.png", "9.png"})
    put(name);
  EXPECT_EQ(short_paths(jobs_of_root()),
            (Strings{"10.png", "9.png", "B.png", "a/b/c.png", "a/z.png",
                     "a/\xC3\xA9.png", "a-.png", "a.png", "b.png"}));
}

TEST_F(Inputs, NamesThatDifferOnlyAfterALongCommonStartAreSorted) {
  const std::string common(40, 'n');
  Strings expected;
  for (const char* end : {"", "-a", "00000001", "000000010", "000000011", "z"})
    put(expected.emplace_back(common + end));
  EXPECT_EQ(short_paths(jobs_of_root()), expected);
}

TEST_F(Inputs, ArgumentsComeInTheOrderGiven) {
  put("b.png");
  put("a/x.png");
  EXPECT_EQ(
      short_paths(jobs_of({.paths = {at("b.png"), at("a"), at("b.png")}})),
      (Strings{"b.png", "a/x.png", "b.png"}));
}

TEST_F(Inputs, SequenceNumbersHaveNoGaps) {
  for (const char* name : {"a.png", "b.txt", "c.png"}) put(name);
  std::uint64_t expected = 0;
  for (const Job& job : jobs_of_root()) EXPECT_EQ(job.seq, expected++);
  EXPECT_EQ(expected, 2u);
}

TEST_F(Inputs, FoldersYieldImageNamesAndNamesWithoutExtension) {
  for (const char* name :
       {"a.PNG", "b.jpeg", "c.webm", "u/original=true", "notes.txt", "d.json",
        "1girl, solo. masterpiece", ".DS_Store", "._a.png", ".git/objects/ab",
        "@eaDir/a.PNG/SYNOPHOTO_THUMB_XL.jpg", "u/__MACOSX/a.png"})
    put(name);
  EXPECT_EQ(short_paths(jobs_of_root()),
            (Strings{"1girl, solo. masterpiece", "a.PNG", "b.jpeg", "c.webm",
                     "u/original=true"}));
  EXPECT_EQ(counts_.skipped_names, 7u);
}

TEST_F(Inputs, AllFilesTakesEveryName) {
  for (const char* name : {"a.txt", ".hidden", ".git/x"}) put(name);
  EXPECT_EQ(short_paths(jobs_of({.paths = {at("")}, .all_files = true})),
            (Strings{".git/x", ".hidden", "a.txt"}));
  EXPECT_EQ(counts_.skipped_names, 0u);
}

TEST_F(Inputs, ANamedFileIsAnInputWhateverItsName) {
  put("notes.txt");
  EXPECT_EQ(short_paths(jobs_of({.paths = {at("notes.txt")}})),
            (Strings{"notes.txt"}));
}

TEST_F(Inputs, AFolderNamedLikeAnImageIsWalked) {
  put("x.png/y.png");
  EXPECT_EQ(short_paths(jobs_of_root()), (Strings{"x.png/y.png"}));
  EXPECT_EQ(short_paths(jobs_of({.paths = {at("x.png")}})),
            (Strings{"x.png/y.png"}));
}

TEST_F(Inputs, ATrailingSlashIsNotDoubled) {
  put("a/x.png");
  EXPECT_EQ(short_paths(jobs_of({.paths = {at("a/")}})), (Strings{"a/x.png"}));
}

TEST_F(Inputs, AMissingArgumentIsAJobWithAnError) {
  const std::vector<Job> jobs = jobs_of({.paths = {at("none.png")}});
  ASSERT_EQ(jobs.size(), 1u);
  ASSERT_TRUE(jobs[0].error);
  EXPECT_EQ(to_text(*jobs[0].error),
            "unreadable: open: No such file or directory");
}

TEST_F(Inputs, LinksToFilesAndFoldersAreFollowed) {
  put("real/a.png");
  std::filesystem::create_symlink("real/a.png", at("file.png"));
  std::filesystem::create_directory_symlink("real", at("folder"));
  EXPECT_EQ(short_paths(jobs_of_root()),
            (Strings{"file.png", "folder/a.png", "real/a.png"}));
}

TEST_F(Inputs, LoopsOfLinksEnd) {
  put("a/b/x.png");
  std::filesystem::create_directory_symlink("../..", at("a/b/up"));
  std::filesystem::create_directory_symlink(".", at("a/here"));
  EXPECT_EQ(short_paths(jobs_of_root()), (Strings{"a/b/x.png"}));
  EXPECT_EQ(counts_.skipped_names, 2u);
}

// The kernel follows 40 links on one way.
TEST_F(Inputs, ALinkThatTheSystemDoesNotFollowIsAJobWithAnError) {
  for (int i = 0; i < 60; ++i) {
    const std::string level = std::to_string(100 + i);
    put(level + "/x.png");
    std::filesystem::create_directory_symlink("../" + std::to_string(101 + i),
                                              at(level + "/next"));
  }
  const std::vector<Job> jobs = jobs_of({.paths = {at("100")}});
  ASSERT_GT(jobs.size(), 20u);
  ASSERT_TRUE(jobs[0].error);
  EXPECT_EQ(to_text(*jobs[0].error),
            "unreadable: follow link: Too many levels of symbolic links");
  for (std::size_t i = 1; i < jobs.size(); ++i) EXPECT_FALSE(jobs[i].error);
}

TEST_F(Inputs, LinksAmongFoldersDoNotMultiplyThem) {
  constexpr int kFolders = 12;
  for (int i = 0; i < kFolders; ++i) {
    const std::string folder = std::to_string(100 + i);
    put(folder + "/z.png");
    for (int j = 0; j < kFolders; ++j)
      if (j != i)
        std::filesystem::create_directory_symlink(
            "../" + std::to_string(100 + j),
            at(folder + "/to" + std::to_string(100 + j)));
  }
  const std::vector<Job> jobs = jobs_of_root();
  // Each folder itself, and by the first link that leads to it.
  EXPECT_EQ(jobs.size(), 2u * kFolders);
  for (const Job& job : jobs) EXPECT_FALSE(job.error);
}

TEST_F(Inputs, OfLinksToOneFolderTheFirstIsFollowed) {
  put("sets/store/.hidden/a.png");
  for (const char* name : {"sets/b", "sets/a", "other/c"}) {
    std::filesystem::create_directories(
        at(name).substr(0, at(name).rfind('/')));
    std::filesystem::create_directory_symlink(at("sets/store/.hidden"),
                                              at(name));
  }
  EXPECT_EQ(short_paths(jobs_of({.paths = {at("sets")}})),
            (Strings{"sets/a/a.png"}));
  // b, and the hidden folder itself.
  EXPECT_EQ(counts_.skipped_names, 2u);
  // What a folder gives does not depend on other arguments.
  EXPECT_EQ(short_paths(jobs_of({.paths = {at("sets"), at("other")}})),
            (Strings{"sets/a/a.png", "other/c/a.png"}));
}

TEST_F(Inputs, OutputsOfTheRunAreLeftOutOfFolders) {
  put("a.png");
  put("out.jsonl.partial");
  std::filesystem::create_symlink("out.jsonl.partial", at("link"));
  EXPECT_EQ(
      short_paths(jobs_of({.paths = {at("")},
                           .all_files = true,
                           .outputs = {*file_id(at("out.jsonl.partial"))}})),
      (Strings{"a.png"}));
  EXPECT_EQ(counts_.skipped_names, 2u);
}

TEST_F(Inputs, ADanglingLinkIsAJobWithAnErrorIfItsNameIsAnInput) {
  std::filesystem::create_symlink("nowhere", at("a.png"));
  std::filesystem::create_symlink("nowhere", at("b.txt"));
  const std::vector<Job> jobs = jobs_of_root();
  EXPECT_EQ(short_paths(jobs), (Strings{"a.png"}));
  EXPECT_TRUE(jobs[0].error);
}

TEST_F(Inputs, NamesThatAreNotUtf8KeepTheirBytes) {
  put("\xFF\xFE.png");
  EXPECT_EQ(short_paths(jobs_of_root()), (Strings{"\xFF\xFE.png"}));
}

TEST_F(Inputs, AnUnreadableFolderIsAJobWithAnError) {
  put("closed/a.png");
  ::chmod(at("").c_str(), 0755);
  ::chmod(at("closed").c_str(), 0);
  const uid_t user = ::geteuid();
  constexpr uid_t kNobody = 65534;  // root may read everything
  const bool is_root = user == 0;
  ASSERT_TRUE(!is_root || ::seteuid(kNobody) == 0);
  const std::vector<Job> jobs = jobs_of_root();
  ASSERT_TRUE(!is_root || ::seteuid(user) == 0);
  ::chmod(at("closed").c_str(), 0700);
  ASSERT_EQ(short_paths(jobs), (Strings{"closed"}));
  EXPECT_TRUE(jobs[0].error);
}

TEST_F(Inputs, AFolderDeeperThanAPathMayBeIsAJobWithAnError) {
  std::filesystem::path here = std::filesystem::current_path();
  std::filesystem::current_path(at(""));
  const std::string name(250, 'd');
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(::mkdir(name.c_str(), 0700), 0);
    std::filesystem::current_path(name);
  }
  std::filesystem::current_path(here);
  const std::vector<Job> jobs = jobs_of_root();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(to_text(*jobs[0].error),
            "unreadable: open folder: File name too long");
}

TEST_F(Inputs, AListGivesEveryPathInIt) {
  put("a.txt");
  put("folder/b.png");
  put("list", at("a.txt") + "\r\n\n" + at("folder") + "\n" + at("c.png"));
  EXPECT_EQ(short_paths(jobs_of({.files_from = at("list")})),
            (Strings{"a.txt", "folder/b.png", "c.png"}));
}

TEST_F(Inputs, ANulSeparatedListMayHoldNewlines) {
  put("list", std::string("a\nb.png\0c\r.png\0", 16));
  EXPECT_EQ(short_paths(
                jobs_of({.files_from = at("list"), .is_nul_separated = true})),
            (Strings{"a\nb.png", "c\r.png"}));
}

TEST_F(Inputs, AListMayBeginWithAByteOrderMark) {
  put("list",
      "\xEF\xBB\xBF"
      "a.png\n");
  EXPECT_EQ(short_paths(jobs_of({.files_from = at("list")})),
            (Strings{"a.png"}));
}

TEST_F(Inputs, ListsLongerThanTheReadBufferAreReadWhole) {
  std::string text;
  Strings expected;
  for (int i = 0; i < 30000; ++i) {
    expected.push_back(numbered(i));
    text += expected.back() + '\n';
  }
  put("list", text);
  EXPECT_EQ(short_paths(jobs_of({.files_from = at("list")})), expected);
}

TEST_F(Inputs, AnOverlongLineOfAListIsOneJobWithAnError) {
  put("list", std::string(1 << 20, 'n') + "\na.png\n");
  const std::vector<Job> jobs = jobs_of({.files_from = at("list")});
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_TRUE(jobs[0].error);
  EXPECT_EQ(jobs[0].path.size(), 65536u);
  EXPECT_EQ(jobs[1].path, "a.png");
}

TEST_F(Inputs, AListThatWasTakenForOnePathSaysSo) {
  put("list", "a.png\nb.png\n");
  std::vector<Job> jobs =
      jobs_of({.files_from = at("list"), .is_nul_separated = true});
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(to_text(*jobs[0].error),
            "unreadable: open: No such file or directory; a path of several "
            "lines: lists of one path a line are read without -0");
  EXPECT_TRUE(jobs[0].is_announced);
  put("list", std::string(70000, '\n'));
  jobs = jobs_of({.files_from = at("list"), .is_nul_separated = true});
  EXPECT_EQ(to_text(*jobs[0].error),
            "malformed: path in the list is longer than 65536 bytes; a path of "
            "several lines: lists of one path a line are read without -0");
}

TEST_F(Inputs, ACompressedListIsRefused) {
  for (const char* magic : {"\x1F\x8B\x08", "\x28\xB5\x2F\xFD"}) {
    put("list", std::string(magic) + " and so on\n");
    const std::vector<Job> jobs = jobs_of({.files_from = at("list")});
    ASSERT_EQ(jobs.size(), 1u);
    EXPECT_TRUE(to_text(*jobs[0].error)
                    .starts_with("unreadable: list is compressed; "));
    EXPECT_EQ(counts_.unreadable_lists, 1u);
  }
}

TEST_F(Inputs, AnAddressSaysThatNothingIsFetched) {
  const auto error_of = [this](const char* path) {
    return to_text(*jobs_of({.paths = {path}})[0].error);
  };
  for (const char* path : {"https://x.y/z.png", "s3://b/x.tar"})
    EXPECT_EQ(error_of(path),
              "unreadable: open: No such file or directory; addresses are not "
              "fetched; see sdmeta urls");
  for (const char* path : {"://x", "a b://x", "no/x://y"})
    EXPECT_EQ(error_of(path), "unreadable: open: No such file or directory");
}

TEST_F(Inputs, ArgumentsAndListsAreAnnouncedButNotWhatIsFoundOrListed) {
  put("f/a.png");
  put("list", at("none") + "\n" + at("none.png") + "\n");
  const std::vector<Job> jobs =
      jobs_of({.paths = {at("f"), at("f/a.png"), at("none.png")},
               .files_from = at("list")});
  ASSERT_EQ(jobs.size(), 5u);
  EXPECT_FALSE(jobs[0].is_announced);
  EXPECT_TRUE(jobs[1].is_announced);
  EXPECT_TRUE(jobs[2].is_announced);
  EXPECT_FALSE(jobs[3].is_announced);
  EXPECT_FALSE(jobs[4].is_announced);
  EXPECT_TRUE(jobs_of({.files_from = at("no list")})[0].is_announced);
}

TEST_F(Inputs, AListThatCannotBeReadIsCountedAndAJobWithAnError) {
  const std::vector<Job> jobs = jobs_of({.files_from = at("none")});
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_TRUE(jobs[0].error);
  EXPECT_EQ(counts_.unreadable_lists, 1u);
}

TEST_F(Inputs, ShardsAreDisjointAndTogetherEverything) {
  for (int i = 0; i < 200; ++i) put(numbered(i));
  Strings all = short_paths(jobs_of_root());
  Strings together;
  for (std::uint32_t shard = 1; shard <= 3; ++shard) {
    const Strings part =
        short_paths(jobs_of({.paths = {at("")}, .shard = {shard, 3}}));
    EXPECT_GT(part.size(), 30u);
    EXPECT_EQ(counts_.other_shards, 200 - part.size());
    together.insert(together.end(), part.begin(), part.end());
  }
  std::sort(all.begin(), all.end());
  std::sort(together.begin(), together.end());
  EXPECT_EQ(together, all);
}

TEST_F(Inputs, ShardsDoNotDependOnHowTheRootIsSpelled) {
  for (int i = 0; i < 50; ++i) put(numbered(i));
  const auto names = [](std::vector<Job> jobs) {
    Strings result;
    for (const Job& job : jobs)
      result.push_back(job.path.substr(job.path.rfind('/') + 1));
    return result;
  };
  EXPECT_EQ(
      names(jobs_of({.paths = {at("f")}, .shard = {1, 2}})),
      names(jobs_of({.paths = {at("./f/../f/")}, .shard = {1, 2}})));
}

}  // namespace
}  // namespace sdmeta
