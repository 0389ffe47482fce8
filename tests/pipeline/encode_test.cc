#include "pipeline/encode.h"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "pipeline/line_writer.h"
#include "pipeline/lossless_text.h"
#include "pipeline/schema.h"
#include "tests/support/random_record.h"

namespace sdmeta {
namespace {

using Json = nlohmann::ordered_json;

std::string encoded(const Record& record, bool with_raw = false) {
  std::string line;
  append_record(line, record, with_raw);
  return line;
}

std::string encoded_string(std::string_view text) {
  std::string out;
  {
    LineWriter line(out);
    put_quoted(line, text);
  }
  return out;
}

// --- the same record through nlohmann/json

template <class T>
Json json_of(const T& value) {
  return value;
}
Json json_of(const Generation& v);
Json json_of(const Row& v);
Json json_of(const Error& v);
Json json_of(const KeyValue& v) {
  return {{"key", v.key}, {"value", v.value}};
}
template <class T>
Json json_of(const std::optional<T>& value) {
  return value ? json_of(*value) : Json(nullptr);
}
Json json_of(const Lora& v) {
  return {{"name", v.name},
          {"weight", json_of(v.weight)},
          {"clip_weight", json_of(v.clip_weight)},
          {"hash", json_of(v.hash)},
          {"model_version_id", json_of(v.model_version_id)}};
}
Json json_of(const Embedding& v) {
  return {{"name", v.name}, {"hash", json_of(v.hash)}};
}
Json json_of(const PromptPart& v) {
  return {{"role", v.role},
          {"prompt", json_of(v.prompt)},
          {"negative_prompt", json_of(v.negative_prompt)}};
}
Json json_of(const ControlNet& v) {
  return {{"model", json_of(v.model)},
          {"module", json_of(v.module)},
          {"weight", json_of(v.weight)},
          {"start", json_of(v.start)},
          {"end", json_of(v.end)}};
}
Json json_of(const Upscaler& v) {
  return {{"name", v.name}, {"scale", json_of(v.scale)}};
}
Json json_of(const CivitaiResource& v) {
  return {{"type", json_of(v.type)},
          {"model_version_id", json_of(v.model_version_id)},
          {"weight", json_of(v.weight)},
          {"name", json_of(v.name)},
          {"version_name", json_of(v.version_name)},
          {"air", json_of(v.air)}};
}
Json json_of(const Hires& v) {
  return {{"upscale", json_of(v.upscale)},
          {"upscaler", json_of(v.upscaler)},
          {"steps", json_of(v.steps)},
          {"width", json_of(v.width)},
          {"height", json_of(v.height)},
          {"denoising_strength", json_of(v.denoising_strength)}};
}
Json json_of(const RawField& v) {
  return {{"carrier", carrier_name(v.carrier)},
          {"key", v.key},
          {"text", v.value}};
}
Json json_of(const Error& v) {
  return {{"code", error_name(v.code)},
          {"detail", v.detail},
          {"offset", json_of(v.offset)}};
}
template <class T>
Json list_of(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(json_of(value));
  return list;
}
Json json_of(const Generation& v) {
  return {{"software", v.software},
          {"software_version", json_of(v.software_version)},
          {"prompt", json_of(v.prompt)},
          {"negative_prompt", json_of(v.negative_prompt)},
          {"steps", json_of(v.steps)},
          {"sampler", json_of(v.sampler)},
          {"scheduler", json_of(v.scheduler)},
          {"sampler_normalized", json_of(v.sampler_normalized)},
          {"scheduler_normalized", json_of(v.scheduler_normalized)},
          {"cfg_scale", json_of(v.cfg_scale)},
          {"guidance", json_of(v.guidance)},
          {"seed", json_of(v.seed)},
          {"width", json_of(v.width)},
          {"height", json_of(v.height)},
          {"model", json_of(v.model)},
          {"model_hash", json_of(v.model_hash)},
          {"vae", json_of(v.vae)},
          {"clip_skip", json_of(v.clip_skip)},
          {"denoising_strength", json_of(v.denoising_strength)},
          {"hires", json_of(v.hires)},
          {"loras", list_of(v.loras)},
          {"embeddings", list_of(v.embeddings)},
          {"prompts", list_of(v.prompts)},
          {"controlnets", list_of(v.controlnets)},
          {"upscalers", list_of(v.upscalers)},
          {"civitai_resources", list_of(v.civitai_resources)},
          {"extra", list_of(v.extra)}};
}
Json json_of(const Row& v) {
  return {{"id", json_of(v.id)},
          {"image_url", json_of(v.image_url)},
          {"url",
           json_of(v.image_url ? image_address(*v.image_url) : std::nullopt)},
          {"user_id", json_of(v.user_id)},
          {"username", json_of(v.username)},
          {"nsfw_level", json_of(v.nsfw_level)},
          {"created_at", json_of(v.created_at)},
          {"published_at", json_of(v.published_at)},
          {"tag_ids", list_of(v.tag_ids)},
          {"image_id", json_of(v.image_id)},
          {"extra", list_of(v.extra)}};
}
Json json_of(const Record& v, bool with_raw) {
  Json warnings = Json::array();
  for (const Error& warning : v.warnings) warnings.push_back(to_text(warning));
  const Container container = v.image.container;
  return {{"schema", 1},
          {"status", status_name(v.status)},
          {"file", v.file},
          {"member", json_of(v.member)},
          {"image_id", json_of(v.image_id)},
          {"image",
           {{"format", container == Container::kUnknown
                           ? Json()
                           : Json(container_name(container))},
            {"width", json_of(v.image.width)},
            {"height", json_of(v.image.height)},
            {"bytes", json_of(v.bytes)}}},
          {"generation", json_of(v.generation)},
          {"row", json_of(v.row)},
          {"raw", with_raw ? list_of(v.image.fields) : Json()},
          {"error", json_of(v.error)},
          {"warnings", std::move(warnings)}};
}

TEST(Encode, AgreesWithAJsonLibraryOnRandomRecords) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    const Record record = random_record(random);
    const bool with_raw = round % 2 == 0;
    const std::string line = encoded(record, with_raw);
    ASSERT_EQ(line.back(), '\n');
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    // Dumped again, so that the order of keys is compared too.
    ASSERT_EQ(Json::parse(line).dump(), json_of(record, with_raw).dump());
  }
}

void expect_order(const Json& object, std::span<const SchemaMember> members) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  std::vector<std::string> described;
  for (const SchemaMember& member : members)
    described.emplace_back(member.name);
  EXPECT_EQ(keys, described);
  for (const SchemaMember& member : members) {
    if (member.kind != ValueKind::kObject) continue;
    const Json& value = object.at(std::string(member.name));
    if (value.is_object()) expect_order(value, member.members);
    if (value.is_array())
      for (const Json& item : value) expect_order(item, member.members);
  }
}

TEST(Encode, MembersStandInTheOrderOfTheSchema) {
  std::mt19937 random(2);
  for (int round = 0; round < 200 && !testing::Test::HasFailure(); ++round)
    expect_order(Json::parse(encoded(random_record(random), true)),
                 record_schema());
}

TEST(Encode, NumbersThatMayHaveAFractionAlwaysShowIt) {
  Record record;
  record.generation.emplace().cfg_scale = 7.0;
  EXPECT_NE(encoded(record).find(R"("cfg_scale":7.0,)"), std::string::npos);
}

TEST(Encode, NumbersAreTheShortestThatReadBackTheSame) {
  Record record;
  record.generation.emplace().cfg_scale = 0.1;
  record.generation->guidance = 1e300;
  const std::string line = encoded(record);
  EXPECT_NE(line.find(R"("cfg_scale":0.1,"guidance":1e+300,)"),
            std::string::npos);
}

TEST(Encode, NumbersOfFewDecimalsAreTheShortestToo) {
  const auto expect_shortest = [](double number) {
    Record record;
    record.generation.emplace().cfg_scale = number;
    std::array<char, 32> digits;
    std::string shortest(
        digits.data(),
        std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
    if (shortest.find_first_of(".e") == shortest.npos) shortest += ".0";
    ASSERT_NE(encoded(record).find("\"cfg_scale\":" + shortest + ","),
              std::string::npos)
        << shortest;
  };
  std::vector<double> numbers = {-0.0, -0.25, 99999.99, 100000, 100000.5, 1e22};
  for (int i = 0; i < 1500; ++i) numbers.push_back(i / 100.0);
  for (int i = 0; i < 1000; ++i) numbers.push_back(i * 9973 / 100.0);
  for (const double number : numbers) {
    expect_shortest(number);
    expect_shortest(std::nextafter(number, 1e9));
    expect_shortest(std::nextafter(number, -1e9));
  }
}

TEST(Encode, NumbersThatJsonLacksAreNull) {
  Record record;
  record.generation.emplace().cfg_scale = std::nan("");
  record.generation->guidance = std::numeric_limits<double>::infinity();
  EXPECT_NE(encoded(record).find(R"("cfg_scale":null,"guidance":null,)"),
            std::string::npos);
}

TEST(Encode, IdsBeyondSignedIntegersAreNull) {
  Record record;
  record.image_id = std::uint64_t{1} << 63;
  EXPECT_NE(encoded(record).find(R"("image_id":null)"), std::string::npos);
}

TEST(Encode, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(encoded_string("\"\\\b\f\n\r\t\x01\x1f\x7f/"),
            "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\"");
}

TEST(Encode, FindsWhatToEscapeAtEveryOffset) {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '"';
    EXPECT_EQ(Json::parse(encoded_string(text)), Json(text)) << at;
  }
}

TEST(Encode, BrokenUtf8BecomesReplacementCharacters) {
  EXPECT_EQ(encoded_string("a\xFF"), "\"a\uFFFD\"");
  EXPECT_EQ(encoded_string("\xE9\x9B"), "\"\uFFFD\uFFFD\"");
  EXPECT_EQ(encoded_string("\xED\xA0\x80z"), "\"\uFFFD\uFFFD\uFFFDz\"");
  EXPECT_EQ(encoded_string("ü\xC0\xAFü"), "\"ü\uFFFD\uFFFDü\"");
}

TEST(Encode, NeverWritesBrokenUtf8) {
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    for (unsigned i = random() % 40; i > 0; --i)
      bytes += static_cast<char>(random() % 3 == 0 ? random() : 'a');
    const std::string out = encoded_string(bytes);
    ASSERT_TRUE(is_utf8(out));
    ASSERT_TRUE(Json::accept(out));
  }
}

TEST(Encode, FileNamesKeepTheirBytes) {
  Record record;
  record.file = "caf\xE9.zip";
  record.member = "\xFF.png";
  const Json json = Json::parse(encoded(record));
  EXPECT_EQ(from_lossless_text(json["file"].get<std::string>()), record.file);
  EXPECT_EQ(from_lossless_text(json["member"].get<std::string>()),
            *record.member);
}

TEST(Encode, RawBytesThatAreNoTextKeepTheirValues) {
  Record record;
  record.image.fields.push_back(
      {Carrier::kExifIfd, Encoding::kBytes, "UserComment", "\xFF\xFEx"});
  const Json json = Json::parse(encoded(record, true));
  EXPECT_EQ(from_lossless_text(json["raw"][0]["text"].get<std::string>()),
            "\xFF\xFEx");
}

TEST(Encode, RawIsNullUnlessAskedFor) {
  EXPECT_NE(encoded(Record{}, false).find(R"("raw":null)"), std::string::npos);
  EXPECT_NE(encoded(Record{}, true).find(R"("raw":[])"), std::string::npos);
}

}  // namespace
}  // namespace sdmeta
