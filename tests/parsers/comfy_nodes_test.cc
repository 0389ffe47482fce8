// The node table: every row has a fixture, every spec key means something.
#include "parsers/comfy_nodes.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

void collect_classes(const nlohmann::json& value, std::set<std::string>& out) {
  if (value.is_object()) {
    if (value.contains("class_type") && value["class_type"].is_string())
      out.insert(value["class_type"].get<std::string>());
    else if (value.contains("type") && value["type"].is_string())
      out.insert(value["type"].get<std::string>());
  }
  if (value.is_structured())
    for (const auto& member : value) collect_classes(member, out);
}

std::set<std::string> classes_in_fixtures() {
  std::set<std::string> classes;
  for (const auto& path : all_fields_files()) {
    if (path.parent_path().filename() != "comfyui") continue;
    for (const RawField& field : read_fields_file(path).fields) {
      const auto begin = field.value.find('{');
      if (begin == std::string::npos) continue;
      const auto graph =
          nlohmann::json::parse(field.value.substr(begin), nullptr, false);
      if (!graph.is_discarded()) collect_classes(graph, classes);
    }
  }
  return classes;
}

TEST(ComfyNodes, EveryRowOfTheTableAppearsInAFixture) {
  std::set<const NodeKind*> seen;
  for (const std::string& name : classes_in_fixtures())
    seen.insert(&node_kind(name));
  for (const NodeKind& row : node_table())
    EXPECT_TRUE(seen.contains(&row)) << row.name;
}

TEST(ComfyNodes, NoClassHasTwoRows) {
  std::set<std::string_view> names;
  for (const NodeKind& row : node_table())
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

TEST(ComfyNodes, EverySpecKeyIsAFieldOrDocumented) {
  std::set<std::string_view> keys = {
      "is",       "slots",    "select",  "first",   "branches", "widgets",
      "tags",     "split",    "lora",    "between", "compute",  "formula",
      "operator", "operands", "results", "list",    "ratio",    "custom",
      "decimal",  "outputs",  "raised",  "rounded", "sizes",    "extra",
      "comma",    "air",      "gpu",     "reversed"};
  for (std::size_t i = 0; i < static_cast<std::size_t>(NodeField::kCount_); ++i)
    keys.insert(field_names(static_cast<NodeField>(i)).key);
  for (const NodeKind& row : node_table()) {
    std::string_view spec = row.spec;
    while (!spec.empty()) {
      const std::string_view pair = spec.substr(0, spec.find(';'));
      spec.remove_prefix(std::min(spec.size(), pair.size() + 1));
      EXPECT_TRUE(keys.contains(pair.substr(0, pair.find('='))))
          << row.name << ": " << pair;
    }
  }
}

TEST(ComfyNodes, ExactRowsWinOverWildcards) {
  EXPECT_EQ(node_kind("KSamplerSelect").role, NodeRole::kSettings);
  EXPECT_EQ(node_kind("KSamplerOfTomorrow").role, NodeRole::kSampler);
}

TEST(ComfyNodes, LongerWildcardsWinOverShorterOnes) {
  EXPECT_EQ(node_kind("ControlNetLoaderX").role, NodeRole::kControlNetLoader);
  EXPECT_EQ(node_kind("easy kSamplerX").role, NodeRole::kSampler);
}

TEST(ComfyNodes, AWildcardMayStandInTheMiddle) {
  EXPECT_EQ(node_kind("EmptyBrandNewLatentVideo").role, NodeRole::kLatent);
}

TEST(ComfyNodes, UnknownClassesHaveNoName) {
  EXPECT_EQ(node_kind("HeronFeeder").role, NodeRole::kUnknown);
  EXPECT_TRUE(node_kind("HeronFeeder").name.empty());
}

}  // namespace
}  // namespace sdmeta
