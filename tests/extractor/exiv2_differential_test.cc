// Exiv2 as oracle for Exif blocks and XMP packets: the text it finds, the
// extractor finds. Compiles with Exiv2 0.27 and 0.28, whose values differ in
// their smart pointers only.
#include <gtest/gtest.h>

#include <algorithm>
#include <exiv2/exiv2.hpp>

#include "extractor/exif.h"
#include "extractor/xmp.h"
#include "tests/support/image_builder.h"
#include "tests/support/mutation.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::TiffBuilder;
using test::TiffType;

constexpr std::uint16_t kUserComment = 0x9286;

struct TagName {
  std::uint16_t id;
  std::string_view name;
};

constexpr auto kTextTags = std::to_array<TagName>({
    {0x010D, "DocumentName"},
    {0x010E, "ImageDescription"},
    {0x010F, "Make"},
    {0x0110, "Model"},
    {0x0131, "Software"},
    {0x013B, "Artist"},
    {0x8298, "Copyright"},
    {0x9003, "DateTimeOriginal"},
    {kUserComment, "UserComment"},
});

class Exiv2Silence : public testing::Environment {
 public:
  void SetUp() override {
    Exiv2::LogMsg::setLevel(Exiv2::LogMsg::mute);
    Exiv2::XmpParser::initialize();
  }
};
const testing::Environment* const kSilence =
    testing::AddGlobalTestEnvironment(new Exiv2Silence);

struct KeyedText {
  std::string key;
  std::string value;
};

// A comment whose offset is a few bytes off is read from the name of its
// encoding on.
std::string realigned(const std::string& block, const std::string& comment) {
  constexpr std::size_t kReach = 16;
  const std::size_t at = block.find(comment);
  const std::size_t before = std::min(at, kReach);
  const std::string wider = block.substr(at - before, before + comment.size());
  const auto name_at = [](const std::string& text) {
    return std::min(text.find("UNICODE\0"s), text.find("ASCII\0\0\0"s));
  };
  const std::size_t name = name_at(wider);
  const bool is_aligned = name_at(comment) == 0;
  return is_aligned || name >= 2 * kReach ? comment : wider.substr(name);
}

std::vector<KeyedText> exiv2_texts(const std::string& block) {
  std::vector<KeyedText> texts;
  Exiv2::ExifData data;
  Exiv2::ByteOrder order = Exiv2::invalidByteOrder;
  try {
    order = Exiv2::ExifParser::decode(
        data, reinterpret_cast<const Exiv2::byte*>(block.data()),
        static_cast<std::uint32_t>(block.size()));
  } catch (const Exiv2::Error&) {
    return texts;
  }
  for (const Exiv2::Exifdatum& datum : data) {
    const std::string group = datum.groupName();
    if (group != "Image" && group != "Photo" && group != "Thumbnail") continue;
    const auto tag = std::find_if(
        kTextTags.begin(), kTextTags.end(),
        [&datum](const TagName& t) { return t.id == datum.tag(); });
    if (tag == kTextTags.end() || datum.size() == 0) continue;
    std::string bytes(static_cast<std::size_t>(datum.size()), '\0');
    datum.copy(reinterpret_cast<Exiv2::byte*>(bytes.data()), order);
    const ByteOrder hint =
        order == Exiv2::bigEndian ? ByteOrder::kBig : ByteOrder::kLittle;
    const Text text =
        datum.tag() == kUserComment
            ? decode_user_comment(as_bytes(realigned(block, bytes)), hint)
            : decode_guessed(as_bytes(bytes));
    if (!text.value.empty())
      texts.push_back({std::string(tag->name), text.value});
  }
  return texts;
}

ImageFields read(const std::string& block) {
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  read_exif(as_bytes(block), 0, out);
  return image;
}

std::string missing(const std::string& block, std::size_t& compared) {
  const ImageFields image = read(block);
  for (const KeyedText& text : exiv2_texts(block)) {
    ++compared;
    const bool is_there =
        std::any_of(image.fields.begin(), image.fields.end(),
                    [&text](const RawField& field) {
                      return field.key == text.key && field.value == text.value;
                    });
    if (!is_there) return text.key + ": " + text.value;
  }
  return "";
}

std::vector<std::string> blocks() {
  std::vector<std::string> all;
  for (const ByteOrder order : {ByteOrder::kBig, ByteOrder::kLittle}) {
    all.push_back(
        TiffBuilder(order)
            .ifd0(0x010E, TiffType::kAscii, "Workflow: {}\0"s)
            .ifd0(0x010F, TiffType::kAscii, "Prompt: {}\0"s)
            .ifd0(0x0131, TiffType::kAscii, "abc")
            .exif_ifd(0x9003, TiffType::kAscii, "2024:06:01 12:00:00\0"s)
            .exif_ifd(kUserComment, TiffType::kUndefined,
                      "UNICODE\0"s + test::utf16(u"a cat", order))
            .ifd1(0x0131, TiffType::kAscii, "of the thumbnail")
            .build());
    all.push_back(TiffBuilder(order)
                      .ifd0(0x013B, TiffType::kAscii, "ai\0"s)
                      .ifd0(kUserComment, TiffType::kAscii, "{\"a\": 1}\0"s)
                      .build());
    all.push_back(test::exif_with_comment(order, "ASCII\0\0\0a cat"s));
  }
  return all;
}

TEST(Exiv2Differential, SoundAndMutatedBlocks) {
  test::expect_nothing_missing(blocks(), missing, 20240603, 6000);
}

std::string exiv2_property(const std::string& packet, const std::string& key) {
  Exiv2::XmpData data;
  if (Exiv2::XmpParser::decode(data, packet) != 0) return "(refused)";
  const auto datum = data.findKey(Exiv2::XmpKey(key));
  if (datum == data.end()) return "(none)";
  const std::string text = datum->toString();
  // Language alternatives are shown with their language.
  const std::string language = "lang=\"x-default\" ";
  return text.starts_with(language) ? text.substr(language.size()) : text;
}

TEST(Exiv2Differential, XmpProperties) {
  const std::string packet = test::xmp_packet(
      "xmp:CreatorTool='a &lt;tool&gt; &#x732B;'",
      "<exif:UserComment><rdf:Alt><rdf:li xml:lang='x-default'>{&quot;c&quot;: "
      "1}</rdf:li></rdf:Alt></exif:UserComment>"
      "<xmp:Label><![CDATA[a & b]]></xmp:Label>"
      "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>a cat</rdf:li>"
      "</rdf:Alt></dc:description>");
  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  read_xmp(as_bytes(packet), 0, out);
  EXPECT_EQ(image.fields.size(), 4u);
  for (const RawField& field : image.fields) {
    std::string key = "Xmp." + field.key;
    key[key.find(':')] = '.';
    EXPECT_EQ(exiv2_property(packet, key), field.value) << key;
  }
}

// Why XMP is not read with Exiv2: its table of namespaces belongs to the
// process, so that the names of one file's properties depend on the files read
// before it, and with threads on their order. Should this fail, ask again.
TEST(Exiv2Differential, ItsNamespacePrefixesDependOnEarlierFiles) {
  const std::string first =
      test::xmp_packet("xmlns:one='urn:shared-by-both' one:prompt='a cat'");
  const std::string second =
      test::xmp_packet("xmlns:two='urn:shared-by-both' two:prompt='a dog'");
  Exiv2::XmpData data;
  ASSERT_EQ(Exiv2::XmpParser::decode(data, first), 0);
  ASSERT_EQ(Exiv2::XmpParser::decode(data, second), 0);
  ASSERT_FALSE(data.empty());
  EXPECT_EQ(data.begin()->key(), "Xmp.one.prompt");

  ImageFields image;
  const Limits limits;
  FieldCollector out(image, limits);
  read_xmp(as_bytes(second), 0, out);
  EXPECT_EQ(test::value_of(image, "two:prompt"), "a dog");
}

}  // namespace
}  // namespace sdmeta
