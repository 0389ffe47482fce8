// Relations that hold whatever a ComfyUI graph makes: a value, a text or a link
// that comes by a detour is the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/comfy_graphs.h"
#include "tests/support/comfy_relations.h"

namespace sdmeta {
namespace {

using Json = nlohmann::ordered_json;

std::string label(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const std::string_view part : parts) all.append(part);
  return all;
}

// A node that holds a constant of this kind, of the pack number `pack`.
Json primitive(const Json& value, std::size_t pack) {
  using Row = std::array<std::pair<std::string_view, std::string_view>, 3>;
  constexpr Row kWhole = {{{"PrimitiveInt", "value"},
                           {"easy int", "value"},
                           {"Int Literal", "int"}}};
  constexpr Row kReal = {{{"PrimitiveFloat", "value"},
                          {"easy float", "value"},
                          {"Float Literal", "float"}}};
  constexpr Row kFlag = {{{"PrimitiveBoolean", "value"},
                          {"easy boolean", "value"},
                          {"SimpleMathBoolean+", "value"}}};
  constexpr Row kText = {{{"PrimitiveString", "value"},
                          {"PrimitiveStringMultiline", "value"},
                          {"easy string", "value"}}};
  const Row& row = value.is_boolean()        ? kFlag
                   : value.is_number_float() ? kReal
                   : value.is_number()       ? kWhole
                                             : kText;
  return {{"class_type", row[pack].first},
          {"inputs", {{row[pack].second, value}}}};
}

// Others are names that are chosen from a list, which takes no link.
bool holds_text(const std::string& key) {
  if (key.ends_with("_mode")) return false;
  constexpr auto kWords = std::to_array<std::string_view>(
      {"text", "prompt", "string", "caption", "positive", "negative", "value"});
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return key.find(word) != key.npos;
  });
}

TEST(ComfyDetours, AConstantMayStandInANodeOfItsOwn) {
  constexpr std::string_view kUnlisted =
      "what a class nobody listed does with texts is told by their links";
  Exceptions exceptions(Exceptions::Reasons{
      {"HeronCrafter/prompt", kUnlisted}, {"HeronKit Stack/text", kUnlisted}});
  for (const auto& [name, nodes] : executed_graphs())
    for (const auto& [id, node] : nodes.items())
      for (const auto& [key, value] : node["inputs"].items()) {
        if (!value.is_primitive() || value.is_null() ||
            (value.is_string() && !holds_text(key)))
          continue;
        const std::string type = node["class_type"];
        for (std::size_t pack = 0; pack < 3; ++pack) {
          Json changed = nodes;
          changed["constant"] = primitive(value, pack);
          changed[id]["inputs"][key] = {"constant", 0};
          if (record_of(nodes).generation == record_of(changed).generation ||
              exceptions.has(label({type, "/", key})))
            continue;
          expect_same(
              nodes, changed,
              label({type, "/", key, " in ", name, std::to_string(pack)}));
        }
      }
  exceptions.expect_all_met();
}

TEST(ComfyDetours, APromptMayBeJoinedOfTwo) {
  for (const auto& [name, nodes] : executed_graphs()) {
    Json changed = nodes;
    for (const auto& [id, node] : nodes.items()) {
      const std::string type = node["class_type"];
      if (!type.starts_with("CLIPTextEncode")) continue;
      for (const auto& [key, value] : node["inputs"].items()) {
        if (!value.is_string()) continue;
        const std::string text = value;
        const std::size_t blank = text.find(' ', text.size() / 2);
        if (blank == text.npos) continue;
        const std::string join = label({"join", id, key});
        changed[join] = {{"class_type", "StringConcatenate"},
                         {"inputs",
                          {{"string_a", text.substr(0, blank)},
                           {"string_b", text.substr(blank + 1)},
                           {"delimiter", " "}}}};
        changed[id]["inputs"][key] = {join, 0};
      }
    }
    expect_same(nodes, changed, name);
  }
}

// What other_scene() has for an input of this name.
Json other_for(const std::string& key) {
  const std::vector<std::pair<std::string_view, Json>> kinds = {
      {"model", {"x5", 0}},  {"clip", {"x5", 1}},    {"vae", {"x1", 2}},
      {"neg", {"x3", 0}},    {"pos", {"x2", 0}},     {"cond", {"x2", 0}},
      {"latent", {"x4", 0}}, {"samples", {"x6", 0}}, {"image", {"x7", 0}}};
  for (const auto& [word, link] : kinds)
    if (key.find(word) != key.npos) return link;
  return nullptr;
}

TEST(ComfyDetours, ASwitchMayStandInTheWay) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"ComfySwitchNode", R"({"switch": true, "on_true": 1, "on_false": 2})"},
      {"ComfySwitchNode", R"({"switch": false, "on_true": 2, "on_false": 1})"},
      {"ImpactSwitch", R"({"select": 2, "input1": 2, "input2": 1})"},
      {"easy anythingIndexSwitch", R"({"index": 0, "value0": 1, "value1": 2})"},
      {"Any Switch (rgthree)", R"({"any_01": 1, "any_02": 2})"},
      {"HeronKit Select", R"({"index": 1, "input_0": 2, "input_1": 1})"},
      {"HeronKit If", R"({"condition": true, "if_true": 1, "if_false": 2})"}};
  for (const auto& kind : kinds)
    for (const auto& [name, nodes] : executed_graphs()) {
      const std::string& type = kind.first;
      const Json shape = Json::parse(kind.second);
      const Json changed =
          with_relays(nodes, [&](const std::string& key, const Json& link) {
            Json made = {{"class_type", type}, {"inputs", shape}};
            const Json other = other_for(key);
            if (other.is_null()) return Json();
            for (auto& [input, value] : made["inputs"].items())
              if (input.find("sel") == 0 || input == "index")
                continue;
              else if (value == 1)
                value = link;
              else if (value == 2)
                value = other;
            return made;
          });
      expect_same(joined(nodes, other_scene()), joined(changed, other_scene()),
                  label({type, " in ", name}));
    }
}

// Every link by a variable that is set here and got there.
Json with_variables(const Json& nodes, const std::string& set,
                    const std::string& get) {
  Json file = editor_file_of(with_relays(nodes, set, "any"));
  Json getters = Json::array();
  std::map<int, int> getter_of;
  int last = static_cast<int>(file["nodes"].size());
  for (Json& node : file["nodes"]) {
    if (node["type"] != set) continue;
    const std::string name = label({"v", node["id"].dump()});
    node["widgets_values"] = {name};
    getter_of[node["id"].get<int>()] = ++last;
    getters.push_back({{"id", last},
                       {"type", get},
                       {"mode", 0},
                       {"inputs", Json::array()},
                       {"outputs", Json::array()},
                       {"widgets_values", {name}}});
  }
  for (Json& link : file["links"])
    if (const auto found = getter_of.find(link[1].get<int>());
        found != getter_of.end())
      link[1] = found->second;
  for (Json& getter : getters) file["nodes"].push_back(std::move(getter));
  return file;
}

TEST(ComfyDetours, AVariableMayBeSetAndGot) {
  for (const auto& [name, nodes] : executed_graphs()) {
    const Json file = editor_file_of(nodes);
    expect_same(file, with_variables(nodes, "SetNode", "GetNode"), name);
    expect_same(file, with_variables(nodes, "easy setNode", "easy getNode"),
                name);
  }
}

// The nodes of `file` that `is_inside` says, put into a subgraph.
Json with_subgraph(const Json& file,
                   const std::function<bool(const Json&)>& is_inside) {
  constexpr int kInstance = 9999;
  Json inner = {{"id", "0f3c1d5e"},
                {"nodes", Json::array()},
                {"links", Json::array()},
                {"inputs", Json::array()},
                {"outputs", Json::array()}};
  Json outer = {{"nodes", Json::array()}, {"links", Json::array()}};
  Json instance = {{"id", kInstance},
                   {"type", "0f3c1d5e"},
                   {"mode", 0},
                   {"inputs", Json::array()},
                   {"outputs", Json::array()},
                   {"widgets_values", {}}};
  for (const Json& node : file["nodes"])
    (is_inside(node["id"]) ? inner : outer)["nodes"].push_back(node);
  int last = static_cast<int>(file["links"].size());
  const auto add_inner = [&](const Json& id, const Json& from,
                             const Json& from_slot, const Json& to,
                             const Json& to_slot) {
    inner["links"].push_back({{"id", id},
                              {"origin_id", from},
                              {"origin_slot", from_slot},
                              {"target_id", to},
                              {"target_slot", to_slot}});
  };
  for (const Json& link : file["links"]) {
    const bool begins_inside = is_inside(link[1]);
    const bool ends_inside = is_inside(link[3]);
    if (begins_inside && ends_inside) {
      add_inner(link[0], link[1], link[2], link[3], link[4]);
    } else if (ends_inside) {
      const std::size_t slot = inner["inputs"].size();
      const Json port = {{"name", std::to_string(slot)}, {"type", "*"}};
      inner["inputs"].push_back(port);
      instance["inputs"].push_back(port);
      instance["inputs"].back()["link"] = ++last;
      outer["links"].push_back({last, link[1], link[2], kInstance, slot, "*"});
      add_inner(link[0], -10, slot, link[3], link[4]);
    } else if (begins_inside) {
      const std::size_t slot = inner["outputs"].size();
      inner["outputs"].push_back(
          {{"name", std::to_string(slot)}, {"type", "*"}});
      add_inner(++last, link[1], link[2], -20, slot);
      outer["links"].push_back(
          {link[0], kInstance, slot, link[3], link[4], "*"});
    } else {
      outer["links"].push_back(link);
    }
  }
  outer["nodes"].push_back(instance);
  outer["definitions"]["subgraphs"] = Json::array({inner});
  return outer;
}

TEST(ComfyDetours, NodesMayStandInASubgraph) {
  for (const auto& [name, nodes] : executed_graphs()) {
    const Json file = editor_file_of(nodes);
    for (const int part : {1, 2, 3})
      expect_same(
          file,
          with_subgraph(
              file, [&](const Json& id) { return id.get<int>() % part == 0; }),
          name);
  }
}

}  // namespace
}  // namespace sdmeta
