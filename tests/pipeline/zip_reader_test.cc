#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/archive_builders.h"
#include "tests/support/input_jobs.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;

class ZipReader : public InputsTest {
 protected:
  Strings members(std::string_view zip) {
    put("a.zip", zip);
    return contents(jobs_of({.paths = {at("a.zip")}}));
  }
};

TEST_F(ZipReader, SizesAreThoseOfTheCentralDirectory) {
  EXPECT_EQ(
      members(zip_of(
          {{.name = "a.png",
            .content = "one",
            .is_deflated = true,
            .has_data_descriptor = true},
           {.name = "b.png", .content = "two", .has_data_descriptor = true}})),
      (Strings{"a.png=one", "b.png=two"}));
}

TEST_F(ZipReader, ReadsZip64Entries) {
  EXPECT_EQ(
      members(zip_of({{.name = "a.png", .content = "one", .is_zip64 = true},
                      {.name = "b.png",
                       .content = "two",
                       .is_deflated = true,
                       .is_zip64 = true}})),
      (Strings{"a.png=one", "b.png=two"}));
}

// What WinRAR adds to the name in the charset of the machine, here Shift JIS.
TEST_F(ZipReader, ANameInUnicodeGoesBeforeOneInAnotherCharset) {
  const std::string name = "\x83\x6C\x83\x52.png";
  const std::string unicode = "\u30CD\u30B3.png";
  const std::string field = "\x75\x70\x0F\0\x01\x93\x83\xC3\x12"s + unicode;
  EXPECT_EQ(members(zip_of({{.name = name,
                             .content = "one",
                             .is_zip64 = true,
                             .extra = "\xEF\xBE\0\0"s + field}})),
            (Strings{unicode + "=one"}));
  // Of a member that was renamed it is the old one.
  EXPECT_EQ(
      members(zip_of({{.name = "new.png", .content = "one", .extra = field}})),
      (Strings{"new.png=one"}));
}

TEST_F(ZipReader, ReadsArchivesWithBytesInFront) {
  EXPECT_EQ(members("PK\x03\x04 begins this, but it is a stub. " +
                    zip_of({{.name = "a.png", .content = "one"}})),
            (Strings{"a.png=one"}));
}

TEST_F(ZipReader, ACommentMayQuoteAnEndRecord) {
  std::string zip = zip_of({{.name = "a.png", .content = "one"}});
  zip[zip.size() - 2] = 30;
  zip += "PK\x05\x06" + std::string(26, '\xFF');
  EXPECT_EQ(members(zip), (Strings{"a.png=one"}));
}

TEST_F(ZipReader, EncryptedMembersSaySo) {
  EXPECT_EQ(members(zip_of({{.name = "a.png", .content = "x", .flags = 1},
                            {.name = "b.png", .content = "open"}})),
            (Strings{"a.png!encrypted: member is encrypted", "b.png=open"}));
}

TEST_F(ZipReader, OverlappingMembersSaySo) {
  std::string zip = zip_of({{.name = "a.png", .content = "0123456789"}});
  // The same entry thirty times: the quoted bytes are claimed again and again.
  const std::size_t directory = zip.find("PK\x01\x02");
  const std::size_t end = zip.find("PK\x05\x06");
  const std::string entry = zip.substr(directory, end - directory);
  std::string many = zip.substr(0, directory);
  for (int i = 0; i < 30; ++i) many += entry;
  std::string record = zip.substr(end);
  record[8] = record[10] = 30;
  const std::size_t length = entry.size() * 30;
  record[12] = static_cast<char>(length & 0xff);
  record[13] = static_cast<char>(length >> 8);
  many += record;
  std::size_t overlapping = 0;
  for (const std::string& member : members(many))
    overlapping += member == "a.png!corrupt: members overlap";
  EXPECT_GT(overlapping, 0u);
  EXPECT_EQ(members(many).size(), 30u);
}

TEST_F(ZipReader, AMemberBehindTheEndSaysSo) {
  std::string zip = zip_of({{.name = "a.png", .content = "x"}});
  zip[zip.find("PK\x01\x02") + 45] = '\x7F';
  EXPECT_EQ(members(zip), (Strings{"a.png!corrupt: member begins behind the "
                                   "end of the archive"}));
}

TEST_F(ZipReader, AMemberWithoutLocalHeaderSaysSo) {
  std::string zip = zip_of(
      {{.name = "a.png", .content = "x"}, {.name = "b.png", .content = "y"}});
  zip[1] = '?';
  zip.insert(0, "PK\x03\x04");  // known as a zip still
  EXPECT_EQ(members(zip),
            (Strings{"a.png!corrupt: no local header at the member's place",
                     "b.png=y"}));
}

TEST_F(ZipReader, BrokenDeflateDataSaysSoBehindWhatWasRead) {
  std::string zip = zip_of(
      {{.name = "a.png", .content = std::string(9, 'a'), .is_deflated = true}});
  zip[30 + 5 + 4] = '\xFF';
  EXPECT_EQ(members(zip), (Strings{"a.png=!corrupt: deflate data is broken"}));
}

TEST_F(ZipReader, AMemberThatInflatesToMoreThanItStatesIsCut) {
  EXPECT_EQ(members(zip_of({{.name = "a.png",
                             .content = "0123456789",
                             .is_deflated = true,
                             .claimed_size = 4}})),
            (Strings{"a.png=0123"}));
}

TEST_F(ZipReader, AMemberThatInflatesToLessThanItStatesEndsEarly) {
  EXPECT_EQ(members(zip_of({{.name = "a.png",
                             .content = "0123",
                             .is_deflated = true,
                             .claimed_size = 4000000000}})),
            (Strings{"a.png=0123"}));
}

TEST_F(ZipReader, AnUnknownMethodSaysSo) {
  const Strings got =
      members(zip_of({{.name = "a.png", .content = "x", .method = 77},
                      {.name = "b.png", .content = "y"}}));
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0],
            "a.png!unsupported_format: compression method 77 is not read");
  EXPECT_EQ(got[1], "b.png=y");
}

// As programs that unpack themselves have it, and answers of servers that were
// saved with their headers.
TEST_F(ZipReader, WhatStandsInFrontNeedNotBeginAsAZip) {
  for (const std::string& front :
       {"MZ"s + std::string(70000, '\x90'), "HTTP/1.1 200 OK\r\n\r\n"s})
    EXPECT_EQ(members(front + zip_of({{.name = "a.png", .content = "one"}})),
              (Strings{"a.png=one"}));
}

TEST_F(ZipReader, FoldersAreToldByTheirAttributesToo) {
  constexpr std::uint32_t kDosFolder = 0x10;
  constexpr std::uint32_t kUnixFolder = 0040755u << 16;
  EXPECT_EQ(members(zip_of({{.name = "a.png", .attributes = kDosFolder},
                            {.name = "b.png", .attributes = kUnixFolder},
                            {.name = "c\\"},
                            {.name = "c\\d.png", .content = "one"}})),
            (Strings{"c\\d.png=one"}));
}

TEST_F(ZipReader, AnLzmaDictionaryIsBounded) {
  const std::string head("\x09\x04\x05\0\x5D\0\0\0\xFF", 9);
  EXPECT_EQ(members(zip_of(
                {{.name = "a.png", .content = head + "data", .method = 14}})),
            (Strings{"a.png!member_too_large: unpacking needs a dictionary of "
                     "4278190080 bytes"}));
}

TEST_F(ZipReader, FoldersAreNoMembersAndLinksCannotBeRead) {
  EXPECT_EQ(members(zip_of({{.name = "d.png/"},
                            {.name = "l.png",
                             .content = "target",
                             .attributes = 0120777u << 16}})),
            (Strings{"l.png!unreadable: is a link"}));
}

TEST_F(ZipReader, ACutCentralDirectoryIsABreak) {
  std::string zip = zip_of({{.name = "a.png", .content = "one"},
                            {.name = "b.png", .content = "two"}});
  zip[zip.rfind("PK\x01\x02")] = '?';
  EXPECT_EQ(members(zip),
            (Strings{"a.png=one",
                     "!archive_broken: central directory ends "
                     "after 1 of 2 members; 1 member was found"}));
}

TEST_F(ZipReader, AbsurdEndRecordsAreABreak) {
  for (const std::size_t field : {12, 13, 14, 15, 16, 17, 18, 19}) {
    std::string zip = zip_of({{.name = "a.png", .content = "one"}});
    zip[zip.size() - 22 + field] = '\xFF';
    const Strings got = members(zip);
    ASSERT_FALSE(got.empty()) << field;
    EXPECT_EQ(got[0], "a.png=one") << field;
  }
}

TEST_F(ZipReader, NamesAreBytes) {
  EXPECT_EQ(members(zip_of({{.name = "\x82\xA0.png", .content = "1"},
                            {.name = "..\\up.png", .content = "2"},
                            {.name = "/abs.png", .content = "3"}})),
            (Strings{"\x82\xA0.png=1", "..\\up.png=2", "/abs.png=3"}));
}

}  // namespace
}  // namespace sdmeta
