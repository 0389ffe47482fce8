// Relations that hold whatever an infotext says: the texts of all fixtures are
// written in other ways, or put elsewhere, and mean the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "parsers/infotext.h"
#include "parsers/interpret.h"
#include "parsers/payload.h"
#include "parsers/text.h"
#include "tests/support/fields_file.h"
#include "tests/support/golden.h"
#include "tests/support/image_builder.h"

namespace sdmeta {
namespace {

using namespace std::string_literals;

struct Fixture {
  std::string name;
  ImageFields image;
  std::size_t field = 0;  // that has the infotext

  const std::string& text() const { return image.fields[field].value; }
  ImageFields with(std::string text) const {
    ImageFields changed = image;
    changed.fields[field].value = std::move(text);
    return changed;
  }
};

// Which field is the one with infotext; none if several are, or if it is passed
// over for what another field says.
std::optional<std::size_t> infotext_field(const ImageFields& image) {
  const Limits limits;
  const Payloads payloads(image, limits);
  std::optional<std::size_t> field;
  for (std::size_t i = 0; i < image.fields.size(); ++i) {
    if (!payloads.all()[i].is_infotext()) continue;
    if (field) return std::nullopt;
    field = i;
  }
  if (!field) return std::nullopt;
  ImageFields without = image;
  without.fields[*field].value.clear();
  if (interpret(image).generation == interpret(without).generation)
    return std::nullopt;
  return field;
}

std::vector<Fixture> read_fixtures() {
  std::vector<Fixture> fixtures;
  for (const auto& path : all_fields_files()) {
    ImageFields image = read_fields_file(path);
    const auto field = infotext_field(image);
    if (!field) continue;
    fixtures.push_back(
        {path.parent_path().filename().string() + "/" + path.stem().string(),
         std::move(image), *field});
  }
  return fixtures;
}

const std::vector<Fixture>& fixtures() {
  static const std::vector<Fixture> all = read_fixtures();
  return all;
}

Interpretation record_of(const ImageFields& image) {
  Interpretation record = interpret(image);
  if (record.generation)
    std::stable_sort(
        record.generation->extra.begin(), record.generation->extra.end(),
        [](const KeyValue& a, const KeyValue& b) {
          return std::tie(a.key, a.value) < std::tie(b.key, b.value);
        });
  return record;
}

void expect_same(const Fixture& fixture, const ImageFields& changed,
                 std::string_view how) {
  const Interpretation before = record_of(fixture.image);
  const Interpretation after = record_of(changed);
  if (before.generation == after.generation &&
      before.warnings == after.warnings)
    return;
  EXPECT_EQ(describe(before), describe(after))
      << fixture.name << ": " << how << "\n"
      << changed.fields[0].value;
}

std::string replaced(std::string_view text, std::string_view what,
                     std::string_view by) {
  std::string result;
  for (;;) {
    const std::size_t at = text.find(what);
    result += text.substr(0, at);
    if (at == text.npos) return result;
    result += by;
    text.remove_prefix(at + what.size());
  }
}

// --- the same text, written in another way

TEST(InfotextRelations, LineEndsMayBeOfAnySystem) {
  for (const Fixture& fixture : fixtures()) {
    const std::string text = replaced(fixture.text(), "\r\n", "\n");
    expect_same(fixture, fixture.with(replaced(text, "\n", "\r\n")), "CRLF");
    expect_same(fixture, fixture.with(replaced(text, "\n", "\r")), "CR");
  }
}

TEST(InfotextRelations, WhatSurroundsTheTextIsNothing) {
  for (const Fixture& fixture : fixtures())
    for (const std::string& blank :
         {" "s, "\n"s, "\r\n"s, "\t"s, "\0"s, "\0\0"s}) {
      expect_same(fixture, fixture.with(fixture.text() + blank), "behind");
      expect_same(fixture, fixture.with(blank + fixture.text()), "in front");
    }
}

TEST(InfotextRelations, BlanksAtTheEndsOfLinesAreNothing) {
  for (const Fixture& fixture : fixtures())
    for (const std::string_view line : {"\nNegative prompt:", "\nSteps:"}) {
      std::string text = fixture.text();
      const std::size_t at = text.rfind(line);
      if (at == text.npos) continue;
      text.insert(at, 1, ' ');
      expect_same(fixture, fixture.with(text), "a blank");
    }
}

TEST(InfotextRelations, LineEndsMayBeEscaped) {
  for (const Fixture& fixture : fixtures()) {
    if (fixture.text().find('\\') != std::string::npos) continue;
    expect_same(
        fixture,
        fixture.with(replaced(replaced(fixture.text(), "\r", ""), "\n", "\\n")),
        "escaped");
  }
}

TEST(InfotextRelations, TheLabelOfTheNegativePromptMayBeWrittenInAnyWay) {
  constexpr std::string_view kLabel = "\nNegative prompt:";
  for (const Fixture& fixture : fixtures())
    for (const std::string_view label :
         {"\n  Negative prompt:", "\nnegative prompt:", "\nNegative Prompt:",
          "\n\nNegative prompt:"})
      if (fixture.text().find(kLabel) != std::string::npos)
        expect_same(fixture,
                    fixture.with(replaced(fixture.text(), kLabel, label)),
                    label);
}

TEST(InfotextRelations, LoraTagsShowThatATextWasEscapedForAWebPage) {
  for (const Fixture& fixture : fixtures()) {
    if (fixture.text().find("<lora:") == std::string::npos) continue;
    std::string text = fixture.text();
    for (const auto& [character, escape] :
         {std::array{"&", "&amp;"}, std::array{"<", "&lt;"},
          std::array{">", "&gt;"}, std::array{"\"", "&quot;"},
          std::array{"'", "&#39;"}})
      text = replaced(text, character, escape);
    expect_same(fixture, fixture.with(text), "HTML");
  }
}

// --- settings

// What stands in front of them, they, and what stands behind.
struct Settings {
  std::string before;
  std::vector<std::string> pieces;
  std::string after;

  std::string text(std::string_view comma = ", ") const {
    std::string text = before;
    for (std::size_t i = 0; i < pieces.size(); ++i)
      text.append(i == 0 ? "" : comma).append(pieces[i]);
    return text + after;
  }
};

std::size_t position(std::string_view text, const char* at) {
  return static_cast<std::size_t>(at - text.data());
}

// Without pieces if they are not on lines of their own, commas between them.
Settings settings_of(const std::string& text) {
  const Infotext infotext = read_infotext(text, Limits{});
  if (infotext.form != InfotextForm::kLines || infotext.settings.size() < 3)
    return {};
  Settings found;
  std::size_t end = position(text, infotext.settings[0].key.data());
  found.before = text.substr(0, end);
  for (const Setting& setting : infotext.settings) {
    const std::size_t start = position(text, setting.key.data());
    end = position(text, setting.raw.data() + setting.raw.size());
    found.pieces.push_back(text.substr(start, end - start));
  }
  found.after = text.substr(end);
  return found.text() == text ? found : Settings();
}

// Where nothing stands above them, or a prompt quotes settings, they are found
// by the Steps that begin the line.
bool must_begin_with_steps(const Settings& settings) {
  return settings.before.empty() ||
         settings.before.find("Steps:") != std::string::npos;
}

TEST(InfotextRelations, SettingsMayStandInAnyOrder) {
  std::mt19937 random(1);
  for (const Fixture& fixture : fixtures()) {
    Settings settings = settings_of(fixture.text());
    for (int round = 0; round < 20 && settings.pieces.size() > 2; ++round) {
      // The first is what the line is found by.
      std::shuffle(settings.pieces.begin() + 1, settings.pieces.end(), random);
      expect_same(fixture, fixture.with(settings.text()), "shuffled");
    }
  }
}

TEST(InfotextRelations, StepsNeedNotBeTheFirst) {
  for (const Fixture& fixture : fixtures()) {
    Settings settings = settings_of(fixture.text());
    if (must_begin_with_steps(settings)) continue;
    for (std::size_t i = 1; i < settings.pieces.size(); ++i) {
      std::swap(settings.pieces[0], settings.pieces[i]);
      expect_same(fixture, fixture.with(settings.text()), "swapped");
      std::swap(settings.pieces[0], settings.pieces[i]);
    }
  }
}

TEST(InfotextRelations, ASettingNobodyKnowsIsMoreExtra) {
  for (const Fixture& fixture : fixtures()) {
    const Settings settings = settings_of(fixture.text());
    for (const auto& [key, written, value] :
         {std::array{"zorp"s, "12"s, "12"s},
          std::array{"Zorp (2nd)"s, "\"a, b: c\""s, "a, b: c"s},
          std::array{"Zorp 3"s, "{\"a\": [1, 2]}"s, "{\"a\": [1, 2]}"s}})
      for (std::size_t i = must_begin_with_steps(settings) ? 1 : 0;
           i <= settings.pieces.size(); ++i) {
        Settings more = settings;
        more.pieces.insert(more.pieces.begin() + static_cast<long>(i),
                           std::string(key).append(": ").append(written));
        const Interpretation before = record_of(fixture.image);
        Interpretation after = record_of(fixture.with(more.text()));
        const std::size_t added =
            std::erase(after.generation->extra, KeyValue{key, value});
        EXPECT_EQ(added, 1u) << fixture.name << " " << i << more.text();
        if (before.generation == after.generation) continue;
        EXPECT_EQ(describe(before), describe(after))
            << fixture.name << i << more.text();
      }
  }
}

TEST(InfotextRelations, BlanksBetweenSettingsAreOptional) {
  for (const Fixture& fixture : fixtures()) {
    const Settings settings = settings_of(fixture.text());
    if (settings.pieces.empty()) continue;
    for (const std::string_view comma : {",", " , ", ",  ", ", , "})
      expect_same(fixture, fixture.with(settings.text(comma)), comma);
    Settings comma = settings;
    comma.pieces.back() += ',';
    expect_same(fixture, fixture.with(comma.text()), "a comma at the end");
  }
}

// What was cut off is absent, and what stands in front of it stays.
TEST(InfotextRelations, ACutTextLosesOnlyWhatWasCut) {
  for (const Fixture& fixture : fixtures()) {
    const Settings settings = settings_of(fixture.text());
    if (settings.pieces.size() < 4) continue;
    const Infotext whole = read_infotext(fixture.text(), Limits{});
    for (std::size_t i = 3; i < settings.pieces.size(); ++i) {
      const char* const start = whole.settings[i].key.data();
      for (std::size_t kept = 0; kept < settings.pieces[i].size(); ++kept) {
        const std::string text =
            fixture.text().substr(0, position(fixture.text(), start) + kept);
        const Infotext cut = read_infotext(text, Limits{});
        EXPECT_EQ(cut.prompt, whole.prompt) << text;
        EXPECT_EQ(cut.negative_prompt, whole.negative_prompt) << text;
        ASSERT_GE(cut.settings.size(), i) << text;
        for (std::size_t j = 0; j + 1 < i; ++j)
          EXPECT_EQ(cut.settings[j].raw, whole.settings[j].raw) << text;
        // Half a key is a further item of the value in front of it.
        EXPECT_TRUE(
            cut.settings[i - 1].raw.starts_with(whole.settings[i - 1].raw))
            << text;
      }
    }
  }
}

TEST(InfotextRelations, KeysMayBeInSmallLetters) {
  for (const Fixture& fixture : fixtures()) {
    Settings settings = settings_of(fixture.text());
    if (must_begin_with_steps(settings)) continue;
    for (std::string& piece : settings.pieces) {
      const std::size_t colon = std::min(piece.find(':'), piece.size());
      piece = lower(piece.substr(0, colon)) + piece.substr(colon);
    }
    Interpretation before = record_of(fixture.image);
    Interpretation after = record_of(fixture.with(settings.text()));
    before.generation->extra.clear();
    if (after.generation) after.generation->extra.clear();
    EXPECT_EQ(describe(before), describe(after)) << settings.text();
  }
}

// --- the same text elsewhere

std::u16string utf16_of(std::string_view text) {
  std::u16string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t count = lead < 0x80   ? 1
                              : lead < 0xE0 ? 2
                              : lead < 0xF0 ? 3
                                            : 4;
    char32_t point = count == 1 ? lead : lead & (0x7F >> count);
    for (std::size_t i = 1; i < count; ++i)
      point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
    at += count;
    if (point >= 0x10000) {
      point -= 0x10000;
      result += static_cast<char16_t>(0xD800 + (point >> 10));
      point = 0xDC00 + (point & 0x3FF);
    }
    result += static_cast<char16_t>(point);
  }
  return result;
}

std::string escaped_for_xml(const std::string& text) {
  return replaced(replaced(replaced(text, "&", "&amp;"), "<", "&lt;"), "\n",
                  "&#10;");
}

struct Place {
  std::string_view name;
  std::function<std::string(const std::string& text)> file_of;
};

std::vector<Place> places() {
  std::vector<Place> all = {
      {"PNG zTXt",
       [](const auto& t) {
         return test::PngBuilder().ztxt("parameters", t).build();
       }},
      {"PNG tEXt",
       [](const auto& t) {
         return test::PngBuilder().text("parameters", t).build();
       }},
      {"PNG iTXt behind the pixels",
       [](const auto& t) {
         return test::PngBuilder().idat().itxt("parameters", t).build();
       }},
      {"PNG iTXt, compressed",
       [](const auto& t) {
         return test::PngBuilder().compressed_itxt("parameters", t).build();
       }},
      {"two PNG chunks",
       [](const auto& t) {
         return test::PngBuilder()
             .text("parameters", t)
             .itxt("parameters", t)
             .build();
       }},
      {"PNG text and Exif",
       [](const auto& t) {
         return test::PngBuilder()
             .text("parameters", t)
             .exif(test::exif_with_comment(
                 ByteOrder::kBig,
                 "UNICODE\0"s + test::utf16(utf16_of(t), ByteOrder::kBig)))
             .build();
       }},
      {"PNG with a BOM",
       [](const auto& t) {
         return test::PngBuilder()
             .itxt("parameters", "\xEF\xBB\xBF"s.append(t))
             .build();
       }},
      {"JSON in UserComment",
       [](const auto& t) {
         return test::JpegBuilder()
             .exif(test::exif_with_comment(
                 ByteOrder::kBig, nlohmann::json{{"parameters", t}}.dump()))
             .build();
       }},
      {"JPEG comment",
       [](const auto& t) { return test::JpegBuilder().comment(t).build(); }},
      {"GIF comment",
       [](const auto& t) { return test::GifBuilder().comment(t).build(); }},
      {"XMP attribute",
       [](const auto& t) {
         return test::JpegBuilder()
             .xmp(test::xmp_packet("exif:UserComment=\""s.append(replaced(
                                       escaped_for_xml(t), "\"", "&#34;")) +=
                                   '"'))
             .build();
       }},
      {"XMP element", [](const auto& t) {
         return test::JpegBuilder()
             .xmp(test::xmp_packet(
                 "", "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>"s
                         .append(escaped_for_xml(t))
                         .append("</rdf:li></rdf:Alt></dc:description>")))
             .build();
       }}};
  for (const ByteOrder block : {ByteOrder::kBig, ByteOrder::kLittle}) {
    for (const ByteOrder order : {ByteOrder::kBig, ByteOrder::kLittle})
      for (const std::string& mark : {""s, "\uFEFF"s})
        all.push_back(
            {"UserComment in UTF-16", [=](const std::string& t) {
               return test::JpegBuilder()
                   .exif(test::exif_with_comment(
                       block,
                       "UNICODE\0"s + test::utf16(utf16_of(mark + t), order)))
                   .build();
             }});
    for (const std::string& charset :
         {"ASCII\0\0\0"s, "UNICODE\0"s, "\0\0\0\0\0\0\0\0"s, ""s})
      all.push_back({"UserComment in UTF-8", [=](const std::string& t) {
                       return test::WebpBuilder()
                           .extended(8, 8, 8)
                           .lossless(8, 8)
                           .chunk("EXIF",
                                  test::exif_with_comment(block, charset + t))
                           .build();
                     }});
  }
  return all;
}

TEST(InfotextRelations, TheTextMayStandInAnyPlace) {
  const std::vector<Place> all = places();
  for (const Fixture& fixture : fixtures()) {
    if (fixture.image.fields.size() != 1) continue;
    for (const Place& place : all) {
      ImageFields image = test::extract(place.file_of(fixture.text()));
      ASSERT_FALSE(image.fields.empty()) << fixture.name << place.name;
      expect_same(fixture, image, place.name);
    }
  }
}

}  // namespace
}  // namespace sdmeta
