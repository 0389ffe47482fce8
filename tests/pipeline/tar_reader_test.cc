#include "pipeline/tar_reader.h"

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/archive_builders.h"

namespace sdmeta {
namespace {

struct Listing {
  std::vector<Member> members;
  std::optional<Error> damage;
};

Listing list(std::string_view tar) {
  TarReader reader(std::make_unique<MemorySource>(std::span(
      reinterpret_cast<const std::uint8_t*>(tar.data()), tar.size())));
  Listing listing;
  while (std::optional<Member> member = reader.next())
    listing.members.push_back(std::move(*member));
  listing.damage = reader.damage();
  return listing;
}

std::vector<std::string> names(const Listing& listing) {
  std::vector<std::string> result;
  for (const Member& member : listing.members) result.push_back(member.name);
  return result;
}

using Names = std::vector<std::string>;

TEST(TarReader, JoinsUstarPrefixAndName) {
  std::string tar = TarBuilder().file("name.png", "x").end();
  set_tar_field(tar, 0, 345, "a/long/prefix");
  EXPECT_EQ(names(list(tar)), (Names{"a/long/prefix/name.png"}));
}

TEST(TarReader, ReadsGnuLongNames) {
  const std::string name(300, 'n');
  const Listing got =
      list(TarBuilder().gnu_long_name(name).file("cut", "x").end());
  EXPECT_EQ(names(got), (Names{name}));
  EXPECT_EQ(got.members[0].range->offset, 3 * 512u);
}

TEST(TarReader, ALongLinkTargetDoesNotHideALongName) {
  const std::string name(300, 'n');
  EXPECT_EQ(names(list(TarBuilder()
                           .gnu_long_name(name)
                           .file("././@LongLink", "target", 'K')
                           .header("cut", 0, '2', "target")
                           .end())),
            (Names{name}));
}

TEST(TarReader, ReadsPaxPathAndSize) {
  std::string tar =
      TarBuilder()
          .pax({{"mtime", "1.5"}, {"path", "\xC3\xA9.png"}, {"size", "3"}})
          .header("cut", 0)
          .raw("abc")
          .zeros(509)
          .end();
  const Listing got = list(tar);
  EXPECT_EQ(names(got), (Names{"\xC3\xA9.png"}));
  EXPECT_EQ(got.members[0].size, 3u);
  EXPECT_FALSE(got.damage);
}

TEST(TarReader, PaxRecordsHoldForOneMemberOnly) {
  EXPECT_EQ(names(list(TarBuilder()
                           .pax({{"path", "a"}})
                           .file("x", "1")
                           .file("b", "2")
                           .end())),
            (Names{"a", "b"}));
}

TEST(TarReader, ReadsSizesInBase256) {
  std::string tar = TarBuilder().file("a", "12345").end();
  set_tar_field(tar, 0, 124,
                std::string_view("\x80\0\0\0\0\0\0\0\0\0\0\x05", 12));
  EXPECT_EQ(list(tar).members[0].size, 5u);
}

TEST(TarReader, ANegativeSizeIsABreak) {
  std::string tar = TarBuilder().file("a", "1").file("b", "2").end();
  set_tar_field(tar, 1024, 124,
                std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                 "\xFE\0",
                                 12));
  const Listing got = list(tar);
  EXPECT_EQ(names(got), (Names{"a"}));
  ASSERT_TRUE(got.damage);
  EXPECT_EQ(got.damage->detail, "header with an impossible size");
  EXPECT_EQ(got.damage->offset, 1024u);
}

TEST(TarReader, ASizeThatOverflowsIsABreak) {
  std::string tar = TarBuilder().file("a", "1").end();
  set_tar_field(
      tar, 0, 124,
      std::string_view("\x80\0\0\0\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12));
  EXPECT_TRUE(list(tar).damage);
  set_tar_field(tar, 0, 124,
                std::string_view("\x80\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                 "\xFF",
                                 12));
  EXPECT_TRUE(list(tar).damage);
}

TEST(TarReader, AWrongChecksumIsABreak) {
  std::string tar = TarBuilder().file("a", "1").file("b", "2").end();
  tar[1024] = 'B';
  const Listing got = list(tar);
  EXPECT_EQ(names(got), (Names{"a"}));
  EXPECT_EQ(got.damage->detail, "header with a wrong checksum");
  EXPECT_EQ(got.damage->offset, 1024u);
}

TEST(TarReader, MembersBehindADamagedHeaderAreFound) {
  const std::string long_name(200, 'n');
  const std::string sound = TarBuilder()
                                .file("a", "1")
                                .file("b", std::string(3000, '2'))
                                .file("p", "30 path=cut", 'x')
                                .file("c", "3")
                                .file("././@LongLink", long_name, 'L')
                                .file("d", "4")
                                .end();
  std::string tar = sound;
  tar[1024] = 'B';
  const Listing got = list(tar);
  EXPECT_EQ(names(got), (Names{"a", "c", long_name}));
  ASSERT_TRUE(got.damage);
  EXPECT_EQ(got.damage->detail, "extended header that cannot be read");

  tar = sound;
  set_tar_field(tar, 1024, 124, "99999999999x");
  EXPECT_EQ(names(list(tar)), (Names{"a", "c", long_name}));

  // The reason why nothing more was found is told rather than the first.
  const Listing cut = list(tar.substr(0, tar.size() - 3000));
  EXPECT_EQ(cut.damage->detail.substr(0, 4), "ends");
}

TEST(TarReader, AMissingEndMarkIsABreak) {
  const Listing got = list(TarBuilder().file("a", "1").bytes());
  EXPECT_EQ(names(got), (Names{"a"}));
  EXPECT_EQ(got.damage->detail, "ends without an end mark");
}

TEST(TarReader, ReadsTarsThatWereJoined) {
  const std::string first = TarBuilder().file("a", "1").zeros(9000 - 8).end();
  const std::string padded =
      first + std::string((512 - first.size() % 512) % 512, '\0');
  const Listing got = list(padded + TarBuilder().file("b", "2").end());
  EXPECT_EQ(names(got), (Names{"a", "b"}));
  EXPECT_FALSE(got.damage);
}

TEST(TarReader, WhatFollowsTheEndMarkMayBeAnything) {
  const Listing got =
      list(TarBuilder().file("a", "1").end() + std::string(600, 'x'));
  EXPECT_EQ(names(got), (Names{"a"}));
  EXPECT_FALSE(got.damage);
}

TEST(TarReader, FoldersAndDevicesAreNoMembers) {
  EXPECT_EQ(names(list(TarBuilder()
                           .header("d/", 0, '5')
                           .header("old/", 0)
                           .header("fifo", 0, '6')
                           .file("a", "1")
                           .end())),
            (Names{"a"}));
}

TEST(TarReader, LinksAreMembersThatCannotBeRead) {
  const Listing got = list(TarBuilder()
                               .header("h.png", 700, '1', "a.png")
                               .header("s.png", 0, '2', "b.png")
                               .file("c", "1")
                               .end());
  ASSERT_EQ(names(got), (Names{"h.png", "s.png", "c"}));
  EXPECT_EQ(got.members[0].error->detail, "is a hard link to the member a.png");
  EXPECT_EQ(got.members[1].error->detail, "is a link to b.png");
}

TEST(TarReader, ALinksStatedSizeIsNotSkipped) {
  EXPECT_EQ(
      names(list(TarBuilder().header("h", 700, '1', "a").file("c", "1").end())),
      (Names{"h", "c"}));
}

TEST(TarReader, SparseMembersGoToLibarchive) {
  std::string tar = TarBuilder().file("s.png", "data", 'S').end();
  // One piece: 4 bytes at 8; the whole is 16 bytes.
  set_tar_field(tar, 0, 386,
                "00000000010\0"
                "00000000004\0");
  set_tar_field(tar, 0, 483, "00000000020");
  const Listing got = list(tar);
  ASSERT_EQ(got.members.size(), 1u);
  EXPECT_EQ(got.members[0].range->packing, Packing::kForeign);
  EXPECT_EQ(got.members[0].range->offset, 0u);
  EXPECT_EQ(got.members[0].size, 16u);
}

TEST(TarReader, NamesAreBytes) {
  EXPECT_EQ(names(list(TarBuilder()
                           .file("\xFF\xFE.png", "1")
                           .file("../../etc/x.png", "2")
                           .file("/abs.png", "3")
                           .end())),
            (Names{"\xFF\xFE.png", "../../etc/x.png", "/abs.png"}));
}

TEST(TarReader, BrokenPaxRecordsAreABreak) {
  for (const char* text : {"9999 path=a\n", "0 path=a\n", "x", "10", "4 a\n",
                           "99999999999999999999 path=a\n"}) {
    const Listing got =
        list(TarBuilder().file("p", text, 'x').file("a", "1").end());
    ASSERT_TRUE(got.damage) << text;
    EXPECT_EQ(got.damage->detail, "extended header that cannot be read");
  }
}

TEST(TarReader, AnExtendedHeaderIsBounded) {
  EXPECT_TRUE(list(TarBuilder().header("p", 1ull << 33, 'L').end()).damage);
}

}  // namespace
}  // namespace sdmeta
