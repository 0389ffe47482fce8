#include "extractor/text_decode.h"

#include <gtest/gtest.h>

#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;
using test::utf16;

constexpr ByteOrder kBe = ByteOrder::kBig;
constexpr ByteOrder kLe = ByteOrder::kLittle;

Text comment(const std::string& bytes, ByteOrder tiff_order = kLe) {
  return decode_user_comment(as_bytes(bytes), tiff_order);
}
Text text(const std::string& bytes, TextEnd end = TextEnd::kWhole) {
  return decode_text(as_bytes(bytes), end);
}

const std::string kUnicode = "UNICODE\0"s;

// Quirk 1: the civitai re-encoder.
TEST(UserComment, BigEndianTextInALittleEndianBlock) {
  const Text got = comment(kUnicode + utf16(u"a cat\nSteps: 20", kBe), kLe);
  EXPECT_EQ(got.value, "a cat\nSteps: 20");
  EXPECT_EQ(got.encoding, Encoding::kUtf16Be);
}

// Quirk 2: ImageSharp.
TEST(UserComment, LittleEndianTextInALittleEndianBlock) {
  const Text got = comment(kUnicode + utf16(u"a cat\nSteps: 20", kLe), kLe);
  EXPECT_EQ(got.value, "a cat\nSteps: 20");
  EXPECT_EQ(got.encoding, Encoding::kUtf16Le);
}

// Quirk 3: piexif.
TEST(UserComment, BigEndianTextInABigEndianBlock) {
  EXPECT_EQ(comment(kUnicode + utf16(u"a cat", kBe), kBe).value, "a cat");
}

TEST(UserComment, LittleEndianTextInABigEndianBlock) {
  EXPECT_EQ(comment(kUnicode + utf16(u"a cat", kLe), kBe).value, "a cat");
}

// Quirk 4.
TEST(UserComment, Utf8BehindUnicode) {
  const Text got = comment(kUnicode + "caf\xC3\xA9, Steps: 20");
  EXPECT_EQ(got.value, "caf\xC3\xA9, Steps: 20");
  EXPECT_EQ(got.encoding, Encoding::kUtf8);
}

// Quirk 5: no zero byte near the start.
TEST(UserComment, BeginsWithIdeographs) {
  const std::u16string prompt = u"猫が窓辺で眠っている、傑作、最高品質";
  const std::string expected = "猫が窓辺で眠っている、傑作、最高品質";
  EXPECT_EQ(comment(kUnicode + utf16(prompt, kBe), kLe).value, expected);
  EXPECT_EQ(comment(kUnicode + utf16(prompt, kLe), kBe).value, expected);
}

TEST(UserComment, ChineseTextWhoseLowBytesAreZero) {
  // U+4E00 stands for "one" in nearly every Chinese sentence.
  const std::u16string prompt = u"一个女孩，一只猫，一座房子";
  EXPECT_EQ(comment(kUnicode + utf16(prompt, kBe), kLe).value,
            "一个女孩，一只猫，一座房子");
  EXPECT_EQ(comment(kUnicode + utf16(prompt, kLe), kBe).value,
            "一个女孩，一只猫，一座房子");
}

TEST(UserComment, BeginsWithAnEmoji) {
  const std::u16string prompt = u"\U0001F431 a cat, Steps: 20";
  EXPECT_EQ(comment(kUnicode + utf16(prompt, kBe), kLe).value,
            "\U0001F431 a cat, Steps: 20");
  EXPECT_EQ(comment(kUnicode + utf16(prompt, kLe), kBe).value,
            "\U0001F431 a cat, Steps: 20");
}

// Quirk 6.
TEST(UserComment, Utf8BehindAscii) {
  EXPECT_EQ(comment("ASCII\0\0\0caf\xC3\xA9"s).value, "caf\xC3\xA9");
}

TEST(UserComment, Utf16BehindAscii) {
  EXPECT_EQ(comment("ASCII\0\0\0"s + utf16(u"a cat", kLe)).value, "a cat");
}

// Quirk 7.
TEST(UserComment, WithoutACharsetLosesNothing) {
  EXPECT_EQ(comment("{\"prompt\": 1}").value, "{\"prompt\": 1}");
  EXPECT_EQ(comment("a cat").value, "a cat");
}

// Quirk 8.
TEST(UserComment, EightNulsAreAnUndefinedCharset) {
  EXPECT_EQ(comment(std::string(8, '\0') + "a cat").value, "a cat");
  EXPECT_EQ(comment(std::string(8, '\0') + utf16(u"a cat", kLe)).value,
            "a cat");
}

TEST(UserComment, CharsetMayBeInSmallLetters) {
  EXPECT_EQ(comment("unicode\0"s + utf16(u"a cat", kBe)).value, "a cat");
  EXPECT_EQ(comment("ascii\0\0\0a cat"s).value, "a cat");
  EXPECT_EQ(comment("utf-8\0\0\0a caf\xC3\xA9"s).value, "a caf\xC3\xA9");
}

TEST(UserComment, CharsetMayBeEncodedWithTheTextOrStandTwice) {
  for (const ByteOrder order : {kLe, kBe})
    EXPECT_EQ(
        comment(utf16(u"UNICODE", order) + "\0\0"s + utf16(u"a cat", order))
            .value,
        "a cat");
  EXPECT_EQ(comment(kUnicode + kUnicode + utf16(u"a cat", kBe)).value, "a cat");
  EXPECT_EQ(comment("JIS\0\0\0\0\0\xEF\xBB\xBF"s + "a cat").value, "a cat");
}

TEST(UserComment, CharsetMayBePaddedWithSpaces) {
  EXPECT_EQ(comment("UNICODE " + utf16(u"a cat", kBe)).value, "a cat");
  EXPECT_EQ(comment("ASCII   a cat").value, "a cat");
}

TEST(UserComment, TextThatBeginsLikeACharsetIsText) {
  EXPECT_EQ(comment("ASCII art of a cat").value, "ASCII art of a cat");
  EXPECT_EQ(comment("UNICODE symbols").value, "UNICODE symbols");
}

TEST(UserComment, AByteOrderMarkDecides) {
  EXPECT_EQ(comment(kUnicode + "\xFF\xFE" + utf16(u"猫", kLe), kBe).value,
            "猫");
  EXPECT_EQ(comment(kUnicode + "\xFE\xFF" + utf16(u"猫", kBe), kLe).value,
            "猫");
  EXPECT_EQ(comment(kUnicode + "\xEF\xBB\xBF猫").value, "猫");
}

TEST(TextDecode, AByteOrderMarkMayBeWrong) {
  const Text text = decode_text(as_bytes("\xFF\xFE" + utf16(u"a cat", kBe)));
  EXPECT_EQ(text.value, "a cat");
  EXPECT_EQ(text.encoding, Encoding::kUtf16Be);
  // Ideographs and syllables whose low bytes are zero: it is right.
  EXPECT_EQ(decode_text(as_bytes("\xFF\xFE" + utf16(u"一最一 猫", kLe))).value,
            "一最一 猫");
  EXPECT_EQ(decode_text(as_bytes("\xFF\xFE" + utf16(u"가나다", kLe))).value,
            "가나다");
  EXPECT_EQ(decode_text(as_bytes("\xFE\xFF" + utf16(u"一枚", kBe))).value,
            "一枚");
}

TEST(UserComment, OddLastByteIsDropped) {
  EXPECT_EQ(comment(kUnicode + utf16(u"a cat", kLe) + "x").value, "a cat");
}

TEST(UserComment, TrailingNulsAreNoText) {
  EXPECT_EQ(comment(kUnicode + utf16(u"a cat\0\0"s.substr(0, 7), kBe)).value,
            "a cat");
  EXPECT_EQ(comment("ASCII\0\0\0a cat\0\0"s).value, "a cat");
}

TEST(UserComment, LoneSurrogateIsReplacedAndReported) {
  const Text got = comment(kUnicode + utf16(u"a cat", kBe) + "\xD8\x00"s +
                           utf16(u" sleeps", kBe));
  EXPECT_EQ(got.value, "a cat\xEF\xBF\xBD sleeps");
  EXPECT_TRUE(got.is_damaged);
}

TEST(UserComment, JisIsConverted) {
  const Text iso = comment("JIS\0\0\0\0\0\x1B$BG-\x1B(B"s);
  EXPECT_EQ(iso.value, "猫");
  EXPECT_EQ(iso.encoding, Encoding::kJis);
  EXPECT_EQ(comment("JIS\0\0\0\0\0\x94\x4C"s).value, "猫");  // Shift JIS
}

TEST(UserComment, UnconvertibleJisStaysBytes) {
  const Text got = comment("JIS\0\0\0\0\0\xFF\xFF\x80"s);
  EXPECT_EQ(got.encoding, Encoding::kBytes);
  EXPECT_EQ(got.value, "\xFF\xFF\x80");
  EXPECT_TRUE(got.is_damaged);
}

TEST(UserComment, NamedUtf8) {
  EXPECT_EQ(comment("UTF8\0\0\0\0猫"s).value, "猫");
  EXPECT_EQ(comment("UTF-8\0\0\0猫"s).value, "猫");
}

TEST(UserComment, ShorterThanACharset) {
  EXPECT_EQ(comment("").value, "");
  EXPECT_EQ(comment("cat").value, "cat");
  EXPECT_EQ(comment("UNICODE").value, "UNICODE");
}

TEST(TextDecode, NotUtf8IsWindows1252) {
  const Text got = text("caf\xE9 \x93quoted\x94 \x80");
  EXPECT_EQ(got.value, "café “quoted” €");
  EXPECT_EQ(got.encoding, Encoding::kLatin1);
  EXPECT_FALSE(got.is_damaged);
}

TEST(TextDecode, LineEndsStay) {
  EXPECT_EQ(text("a\r\nb\rc\n").value, "a\r\nb\rc\n");
}

TEST(TextDecode, LeadingAndInnerNulsStay) {
  EXPECT_EQ(text("\0\0a\0b\0\0"s).value, "\0\0a\0b"s);
}

TEST(TextDecode, OverlongAndSurrogateFormsAreNotUtf8) {
  EXPECT_EQ(text("\xC0\xAF").encoding, Encoding::kLatin1);
  EXPECT_EQ(text("\xED\xA0\x80").encoding, Encoding::kLatin1);
  EXPECT_EQ(text("\xF4\x90\x80\x80").encoding, Encoding::kLatin1);
}

TEST(TextDecode, OneBadByteDoesNotMakeUtf8Latin1) {
  const Text got = text("猫と犬と鳥\xFFと魚");
  EXPECT_EQ(got.value, "猫と犬と鳥\xEF\xBF\xBDと魚");
  EXPECT_TRUE(got.is_damaged);
}

TEST(TextDecode, CutTextMayEndInsideACharacter) {
  EXPECT_EQ(text("a 猫"s.substr(0, 4), TextEnd::kCut).value, "a ");
  EXPECT_EQ(text("caf\xE9").value, "café");
}

TEST(TextDecode, HasRoomForAParserInPlace) {
  for (const std::size_t size : {100u, 5000u}) {
    const Text got = text(std::string(size, 'x'));
    EXPECT_GE(got.value.capacity(), size + 64);
  }
}

// Each PNG has a keyword or more; a parser copies such a text if it must.
TEST(TextDecode, ShortTextsTakeNoMemoryOfTheirOwn) {
  for (const std::size_t size : {0u, 1u, 10u}) {
    const Text got = text(std::string(size, 'x'));
    EXPECT_EQ(got.value.capacity(), std::string().capacity());
  }
}

TEST(TextDecode, WindowsTagsMayHoldUtf8) {
  EXPECT_EQ(decode_utf16(as_bytes(utf16(u"a cat", kLe)), kLe).value, "a cat");
  EXPECT_EQ(decode_utf16(as_bytes("a cat"), kLe).value, "a cat");
}

TEST(TextDecode, MarkupInEveryUnicodeEncoding) {
  const std::string utf32be = "\0\0\0<\0\0\0a\0\0\0>"s;
  const std::string utf32le = "<\0\0\0a\0\0\0>\0\0\0"s;
  EXPECT_EQ(decode_markup(as_bytes(utf32be)).value, "<a>");
  EXPECT_EQ(decode_markup(as_bytes(utf32le)).value, "<a>");
  EXPECT_EQ(decode_markup(as_bytes(utf16(u"<a>", kBe))).value, "<a>");
  EXPECT_EQ(decode_markup(as_bytes(utf16(u"<a>", kLe))).value, "<a>");
  EXPECT_EQ(decode_markup(as_bytes("\xFF\xFE"s + utf16(u"<a>", kLe))).value,
            "<a>");
  EXPECT_EQ(decode_markup(as_bytes("\xEF\xBB\xBF<a>")).value, "<a>");
}

TEST(TextDecode, CutNeverSplitsACharacter) {
  std::string value = "ab猫";
  cut_utf8(value, 4);
  EXPECT_EQ(value, "ab");
  cut_utf8(value, 10);
  EXPECT_EQ(value, "ab");
}

}  // namespace
}  // namespace sdmeta
