#include "extractor/xmp.h"

#include <gtest/gtest.h>

#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::has_note;
using test::notes_of;
using test::value_of;
using test::xmp_packet;

ImageFields read(std::string_view packet) {
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  read_xmp(as_bytes(packet), 0, out);
  return image;
}

TEST(Xmp, PropertyAsAttribute) {
  const ImageFields image = read(xmp_packet("xmp:CreatorTool='Draw Things'"));
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "Draw Things");
  EXPECT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(notes_of(image), "");
}

TEST(Xmp, PropertyAsElement) {
  const ImageFields image =
      read(xmp_packet("", "<xmp:CreatorTool>Draw Things</xmp:CreatorTool>"));
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "Draw Things");
}

TEST(Xmp, LanguageAlternative) {
  const ImageFields image =
      read(xmp_packet("",
                      "<exif:UserComment>\n <rdf:Alt>\n  <rdf:li "
                      "xml:lang='x-default'>{&quot;c&quot;: 1}</rdf:li>\n "
                      "</rdf:Alt>\n</exif:UserComment>"));
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].key, "exif:UserComment");
  EXPECT_EQ(image.fields[0].value, "{\"c\": 1}");
}

TEST(Xmp, EveryItemOfAnArrayIsAField) {
  const ImageFields image = read(
      xmp_packet("",
                 "<dc:subject><rdf:Bag><rdf:li>cat</rdf:li><rdf:li>dog</rdf:li>"
                 "</rdf:Bag></dc:subject>"));
  ASSERT_EQ(image.fields.size(), 2u);
  EXPECT_EQ(image.fields[0].value, "cat");
  EXPECT_EQ(image.fields[1].value, "dog");
  EXPECT_EQ(image.fields[1].key, "dc:subject");
}

TEST(Xmp, MembersOfStructuresHaveAPath) {
  const ImageFields image = read(xmp_packet(
      "",
      "<xmpMM:History><rdf:Seq><rdf:li stEvt:action='saved'/>"
      "<rdf:li rdf:parseType='Resource'><stEvt:action>made</stEvt:action>"
      "</rdf:li></rdf:Seq></xmpMM:History>"));
  ASSERT_EQ(image.fields.size(), 2u);
  EXPECT_EQ(image.fields[0].key, "xmpMM:History/stEvt:action");
  EXPECT_EQ(image.fields[0].value, "saved");
  EXPECT_EQ(image.fields[1].value, "made");
}

TEST(Xmp, EntitiesReferencesAndCdata) {
  const ImageFields image = read(xmp_packet(
      "xmp:Label='&lt;lora:x:1&gt; &amp; &apos;&#10;&#x732B;'",
      "<xmp:Nickname>a <![CDATA[<b> & c]]> &#128049;</xmp:Nickname>"));
  EXPECT_EQ(value_of(image, "xmp:Label"), "<lora:x:1> & '\n猫");
  EXPECT_EQ(value_of(image, "xmp:Nickname"), "a <b> & c \U0001F431");
}

TEST(Xmp, LoneAmpersandStays) {
  EXPECT_EQ(value_of(read(xmp_packet("xmp:Label='cats & dogs &unknown;'")),
                     "xmp:Label"),
            "cats & dogs &unknown;");
}

TEST(Xmp, KnownNamespaceHasItsUsualPrefix) {
  const ImageFields image = read(xmp_packet(
      "xmlns:xap='http://ns.adobe.com/xap/1.0/' xap:CreatorTool='a tool'"));
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "a tool");
}

TEST(Xmp, UnknownNamespaceKeepsThePrefixOfThePacket) {
  const ImageFields image =
      read(xmp_packet("xmlns:mine='urn:mine' mine:prompt='a cat'"));
  EXPECT_EQ(value_of(image, "mine:prompt"), "a cat");
}

TEST(Xmp, StableDiffusionCppParameters) {
  const ImageFields image = read(
      xmp_packet("", "<sdcpp:parameters>a cat\nSteps: 20</sdcpp:parameters>"));
  EXPECT_EQ(value_of(image, "sdcpp:parameters"), "a cat\nSteps: 20");
}

TEST(Xmp, ResourceReference) {
  const ImageFields image =
      read(xmp_packet("", "<xmp:BaseURL rdf:resource='urn:x'/>"));
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(image.fields[0].value, "urn:x");
}

TEST(Xmp, Utf16Packet) {
  const std::string ascii = "<x><rdf:Description xmp:Label='a cat'/></x>";
  const std::u16string wide(ascii.begin(), ascii.end());
  for (const ByteOrder order : {ByteOrder::kBig, ByteOrder::kLittle}) {
    EXPECT_EQ(value_of(read(test::utf16(wide, order)), "xmp:Label"), "a cat");
    EXPECT_EQ(value_of(read(test::utf16(u"\uFEFF" + wide, order)), "xmp:Label"),
              "a cat");
  }
}

TEST(Xmp, CutPacketGivesWhatIsThere) {
  const std::string packet = xmp_packet(
      "", "<xmp:Label>one</xmp:Label><sdcpp:parameters>a cat, sleeping");
  const ImageFields image =
      read(packet.substr(0, packet.find(", sleeping") + 7));
  EXPECT_EQ(value_of(image, "xmp:Label"), "one");
  EXPECT_EQ(value_of(image, "sdcpp:parameters"), "a cat, sleep");
  EXPECT_TRUE(has_note(image, ErrorCode::kBadXmp));
}

TEST(Xmp, CutInsideAnAttributeGivesWhatIsThere) {
  const std::string packet = xmp_packet("sdcpp:parameters='a cat, sleeping'");
  const ImageFields image =
      read(packet.substr(0, packet.find(", sleeping") + 7));
  EXPECT_EQ(value_of(image, "sdcpp:parameters"), "a cat, sleep");
}

TEST(Xmp, AnIllFormedAttributeCostsNoOther) {
  const ImageFields image =
      read(xmp_packet("xmp:CreatorTool='a tool' xmp:Rating=5 xmp:Label='lost'",
                      "<dc:description>a cat</dc:description>"));
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "a tool");
  EXPECT_EQ(value_of(image, "dc:description"), "a cat");
  EXPECT_EQ(notes_of(image),
            "bad_xmp: ill-formed attribute in <rdf:Description>\n");
}

TEST(Xmp, AnAttributeWithoutItsQuoteEndsWithTheTag) {
  const ImageFields image =
      read(xmp_packet("xmp:CreatorTool='a tool",
                      "<dc:description xml:lang='en'>a cat</dc:description>"));
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "a tool>");
  EXPECT_EQ(value_of(image, "dc:description"), "a cat");
}

TEST(Xmp, AnAttributeMayHoldTagsOfLoras) {
  const ImageFields image =
      read(xmp_packet("xmp:CreatorTool='a cat <lora:fur:1>'"));
  EXPECT_EQ(value_of(image, "xmp:CreatorTool"), "a cat <lora:fur:1>");
  EXPECT_EQ(notes_of(image), "");
}

TEST(Xmp, UnclosedElementCostsOnlyANote) {
  const ImageFields image =
      read(xmp_packet("", "<xmp:Label>one<xmp:Nickname>two</xmp:Nickname>"));
  EXPECT_EQ(value_of(image, "xmp:Label/xmp:Nickname"), "two");
  EXPECT_TRUE(has_note(image, ErrorCode::kBadXmp));
}

TEST(Xmp, DefinedEntitiesDoNotGrow) {
  const ImageFields image = read("<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>]>" +
                                 xmp_packet("xmp:Label='&a;'"));
  EXPECT_EQ(value_of(image, "xmp:Label"), "&a;");
}

TEST(Xmp, DeepNestingEnds) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<a:b>";
  const ImageFields image = read(xmp_packet("xmp:Label='a cat'", deep));
  EXPECT_EQ(value_of(image, "xmp:Label"), "a cat");
  EXPECT_TRUE(has_note(image, ErrorCode::kBadXmp));
}

// Every property in it would have that name in its key.
TEST(Xmp, AnElementWithALongNameEndsThePacket) {
  const std::string name = "q:" + std::string(300, 'n');
  const ImageFields image = read(xmp_packet(
      "xmp:CreatorTool='a tool'", "<" + name + "><q:a>x</q:a></" + name + ">"));
  ASSERT_EQ(image.fields.size(), 1u);
  EXPECT_EQ(notes_of(image), "bad_xmp: ill-formed tag\n");
}

TEST(Xmp, NoMarkupIsNoted) {
  EXPECT_TRUE(has_note(read("nothing here"), ErrorCode::kBadXmp));
}

}  // namespace
}  // namespace sdmeta
