#include "pipeline/read.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "extractor/byte_cursor.h"
#include "pipeline/encode.h"
#include "tests/support/archive_builders.h"
#include "tests/support/image_builder.h"
#include "tests/support/temp_dir.h"

namespace sdmeta {
namespace {

constexpr const char* kInfotext =
    "a heron\nNegative prompt: fog\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 7, Size: 512x512";

std::string image_with(std::string_view text) {
  return test::PngBuilder().text("parameters", text).build();
}

std::filesystem::path write(const TempDir& folder, const char* name,
                            std::string_view bytes) {
  const std::filesystem::path path = folder / name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string line_of(const Record& record) {
  std::string line;
  append_record(line, record, true);
  return line;
}

TEST(Read, AFileAndItsBytesHaveTheSameRecord) {
  const TempDir folder;
  const std::string image = image_with(kInfotext);
  const std::string path = write(folder, "12345678.png", image);
  for (const bool with_raw : {false, true}) {
    ReadOptions options;
    options.with_raw = with_raw;
    const Record record = read_file(path, options);
    EXPECT_EQ(record.status, Status::kOk);
    EXPECT_EQ(record.image_id, 12345678u);
    EXPECT_EQ(record.bytes, image.size());
    EXPECT_EQ(record.image.fields.size(), with_raw ? 1u : 0u);
    EXPECT_EQ(line_of(record),
              line_of(read_bytes(as_bytes(image), path, options)));
  }
}

TEST(Read, WhatIsNoImageFileIsARecord) {
  const TempDir folder;
  const struct {
    std::string path;
    Status status;
  } cases[] = {
      {folder / "none.png", Status::kUnreadable},
      {folder.path(), Status::kUnreadable},
      {"", Status::kUnreadable},
      {write(folder, "empty.png", ""), Status::kNotAnImage},
      {write(folder, "a.zip", zip_of({{"a.png", image_with(kInfotext)}})),
       Status::kUnsupportedFormat},
      {write(folder, "cut.png", image_with(kInfotext).substr(0, 50)),
       Status::kTruncated},
  };
  for (const auto& [path, status] : cases) {
    const Record record = read_file(path);
    EXPECT_EQ(record.status, status) << path;
    EXPECT_TRUE(record.error) << path;
    EXPECT_EQ(record.file, path);
  }
  EXPECT_EQ(read_bytes({}).status, Status::kNotAnImage);
}

TEST(Read, TextNeedsNoImage) {
  const Record record = read_text(kInfotext, "row 7");
  EXPECT_EQ(record.status, Status::kOk);
  EXPECT_EQ(record.file, "row 7");
  EXPECT_EQ(record.generation->prompt, "a heron");
  EXPECT_EQ(record.generation->seed, "7");
  EXPECT_FALSE(record.bytes);
  EXPECT_EQ(record.image.container, Container::kUnknown);
}

TEST(Read, TextMayBeAGraphOfEitherKindOrOtherJson) {
  const struct {
    const char* software;
    const char* text;
  } cases[] = {
      {"comfyui",
       R"({"1": {"class_type": "KSampler", "inputs": {"seed": 7, "steps": 20,
          "positive": ["2", 0]}}, "2": {"class_type": "CLIPTextEncode",
          "inputs": {"text": "a heron"}}})"},
      {"comfyui",
       R"({"nodes": [{"id": 1, "type": "CLIPTextEncode", "inputs": [],
          "outputs": [{"links": [1]}], "widgets_values": ["a heron"]},
          {"id": 2, "type": "KSampler", "outputs": [],
          "inputs": [{"name": "positive", "link": 1}],
          "widgets_values": [7, "fixed", 20, 7, "euler", "normal", 1]}],
          "links": [[1, 1, 0, 2, 0, "CONDITIONING"]]})"},
      {"unknown-json",
       R"({"prompt": "a heron", "seed": 7, "steps": 20, "cfgScale": 7})"},
  };
  for (const auto& [software, text] : cases) {
    const Record record = read_text(text);
    ASSERT_TRUE(record.generation) << text;
    EXPECT_EQ(record.generation->software, software);
    EXPECT_EQ(record.generation->prompt, "a heron");
    EXPECT_EQ(record.generation->seed, "7");
  }
}

TEST(Read, TextThatIsNothingIsARecord) {
  EXPECT_EQ(read_text("").status, Status::kNoMetadata);
  EXPECT_EQ(read_text("{\"a\": 1}").status, Status::kUnrecognized);
  const Record words = read_text("just a heron");
  EXPECT_EQ(words.generation->prompt, "just a heron");
  ASSERT_EQ(words.warnings.size(), 1u);
  EXPECT_EQ(words.warnings[0].code, ErrorCode::kLowConfidence);
  // Not UTF-8, in spite of what is asked for.
  EXPECT_NE(line_of(read_text("\xff\xfe heron")).find("heron"),
            std::string::npos);
}

TEST(Read, SignedQueriesAreCutUnlessAskedFor) {
  const std::string text =
      std::string(kInfotext) + ", Source: https://a.example/x?sig=secret";
  ReadOptions options;
  options.with_raw = true;
  EXPECT_EQ(line_of(read_text(text, "", options)).find("secret"),
            std::string::npos);
  options.keep_secrets = true;
  EXPECT_NE(line_of(read_text(text, "", options)).find("secret"),
            std::string::npos);
}

TEST(Read, LimitsBoundWhatIsRead) {
  ReadOptions options;
  options.extract.limits.max_field_bytes = 100;
  const Record record =
      read_bytes(as_bytes(image_with(std::string(1000, 'a'))), "", options);
  ASSERT_FALSE(record.warnings.empty());
  EXPECT_EQ(record.warnings[0].code, ErrorCode::kFieldTooLarge);
}

}  // namespace
}  // namespace sdmeta
