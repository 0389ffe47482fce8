// Graphs made to cost: nothing takes long, nothing recurses without end, and
// what was found before a bound is kept.
#include <gtest/gtest.h>

#include <ctime>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "parsers/interpret.h"
#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

// CPU time of this thread: other load on the machine does not count.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 +
         static_cast<double>(now.tv_nsec) * 1e-6;
}

// GCC says by macros that it instruments the code, clang by features.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SDMETA_IS_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    defined(SDMETA_IS_SANITIZED)
constexpr double kMaxMs = 2000;
#else
constexpr double kMaxMs = 50;  // the parse of the text included
#endif

// Beyond the limits on nodes and inputs, so that what would be dear without
// them is seen.
Limits roomy_limits() {
  Limits limits;
  limits.max_graph_nodes = 65536;
  limits.max_graph_inputs = 1u << 21;
  limits.max_node_inputs = 1u << 21;
  limits.max_workflow_values = 2'000'000;
  return limits;
}

Interpretation timed(const std::string& graph,
                     const Limits& limits = roomy_limits()) {
  const double start = cpu_ms();
  Interpretation got = interpret(fields("prompt", graph), limits);
  const double spent = cpu_ms() - start;
  EXPECT_LT(spent, kMaxMs);
  ::testing::Test::RecordProperty("cpu_us", static_cast<int>(spent * 1e3));
  return got;
}

std::string text(std::initializer_list<std::string_view> parts) {
  std::string whole;
  for (const std::string_view part : parts) whole += part;
  return whole;
}

std::string node(std::string_view id, std::string_view class_type,
                 std::string_view inputs) {
  return text({"\"", id, "\":{\"class_type\":\"", class_type, "\",\"inputs\":{",
               inputs, "}},\n"});
}

std::string link(std::string_view name, std::size_t id) {
  return text({"\"", name, "\":[\"", std::to_string(id), "\",0]"});
}

std::string sampled(const std::string& rest, const std::string& positive,
                    const std::string& more = "") {
  return text(
      {"{", rest,
       node("k", "KSampler",
            text({positive,
                  ",\"latent_image\":[\"l\",0],\"seed\":7,\"steps\":9", more})),
       node("l", "EmptyLatentImage", "\"width\":64,\"height\":64"),
       node("d", "VAEDecode", "\"samples\":[\"k\",0]"),
       "\"s\":{\"class_type\":\"SaveImage\",\"inputs\":"
       "{\"images\":[\"d\",0]}}}"});
}

TEST(ComfyBudget, ADiamondOfConditioningIsLinear) {
  std::string nodes = node("0", "CLIPTextEncode", "\"text\":\"once\"");
  for (std::size_t i = 1; i < 250; ++i)
    nodes += node(std::to_string(i), "ConditioningCombine",
                  text({link("conditioning_1", i - 1), ",",
                        link("conditioning_2", i - 1)}));
  const Interpretation got = timed(sampled(nodes, link("positive", 249)));
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, "once");
}

TEST(ComfyBudget, AConcatenationThatDoublesIsCut) {
  std::string nodes = node("0", "PrimitiveString", "\"value\":\"twice\"");
  for (std::size_t i = 1; i < 100; ++i)
    nodes += node(std::to_string(i), "StringConcatenate",
                  text({link("string_a", i - 1), ",", link("string_b", i - 1),
                        ",\"delimiter\":\"\""}));
  nodes += node("e", "CLIPTextEncode", link("text", 99));
  const Interpretation got = timed(sampled(nodes, "\"positive\":[\"e\",0]"));
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->steps, 9);
  ASSERT_FALSE(got.warnings.empty());
  EXPECT_EQ(got.warnings.front().code, ErrorCode::kGraphTooLarge);
}

// A string node that makes far more of its text than the file holds.
void expect_cut(std::string_view class_type, std::string_view inputs) {
  SCOPED_TRACE(class_type);
  const std::string nodes = node("0", class_type, inputs) +
                            node("e", "CLIPTextEncode", link("text", 0));
  const Interpretation got = timed(sampled(nodes, "\"positive\":[\"e\",0]"));
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, std::nullopt);
  EXPECT_EQ(got.generation->steps, 9);
  ASSERT_FALSE(got.warnings.empty());
  EXPECT_EQ(got.warnings.front().code, ErrorCode::kGraphTooLarge);
}

TEST(ComfyBudget, LettersReplacedByLongTextsAreCut) {
  const std::string letters(20000, 'a');
  const std::string with(20000, 'b');
  for (const std::string_view class_type : {"StringReplace", "MyReplace"})
    expect_cut(class_type,
               text({"\"string\":\"", letters,
                     "\",\"find\":\"a\",\"replace\":\"", with, "\""}));
}

TEST(ComfyBudget, ManyPartsOfAPromptTakeTimeInProportion) {
  std::string parts;
  for (int i = 100000; i < 120000; ++i)
    parts +=
        text({"\"pos_", std::to_string(i), "\":\"t", std::to_string(i), "\","});
  const Interpretation got =
      timed(sampled(node("0", "MyBox", text({parts, "\"mode\":\"x\""})),
                    link("positive", 0)));
  ASSERT_TRUE(got.generation);
  ASSERT_TRUE(got.generation->prompt);
  EXPECT_TRUE(got.generation->prompt->starts_with("t100000\nt100001\n"));
  EXPECT_TRUE(got.generation->prompt->ends_with("\nt119999"));
}

TEST(ComfyBudget, ALongTextIsLookedForInOneLikeIt) {
  const std::string text_with(400000, 'a');
  const std::string nodes =
      node("0", "StringReplace",
           text({"\"string\":\"", text_with, "\",\"find\":\"",
                 std::string(200000, 'a'), "b\",\"replace\":\"c\""})) +
      node("e", "CLIPTextEncode", link("text", 0));
  const Interpretation got = timed(sampled(nodes, "\"positive\":[\"e\",0]"));
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, text_with);
}

TEST(ComfyBudget, ManyReplacementsInALongTextAreCut) {
  std::string pairs;
  for (int i = 0; i < 2000; ++i)
    pairs += text({"\"find", std::to_string(i), "\":\"b\",\"replace",
                   std::to_string(i), "\":\"c\","});
  expect_cut("MyReplace",
             text({pairs, "\"text\":\"", std::string(100000, 'a'), "\""}));
}

TEST(ComfyBudget, AFormFilledManyTimesIsCut) {
  std::string form;
  for (int i = 0; i < 20000; ++i) form += "{a}";
  expect_cut("MyTemplate", text({"\"template\":\"", form, "\",\"a\":\"",
                                 std::string(20000, 'b'), "\""}));
}

TEST(ComfyBudget, ALongDelimiterBetweenManyPartsIsCut) {
  std::string parts;
  for (int i = 0; i < 2000; ++i)
    parts += text({"\"string_", std::to_string(i), "\":\"a\","});
  expect_cut("JoinStringMulti",
             text({parts, "\"delimiter\":\"", std::string(20000, 'b'), "\""}));
}

TEST(ComfyBudget, ALongChainOfModelsDoesNotExhaustTheStack) {
  std::string nodes =
      node("0", "CheckpointLoaderSimple", "\"ckpt_name\":\"far.safetensors\"");
  for (std::size_t i = 1; i < 20000; ++i)
    nodes += node(std::to_string(i), "FreeU", link("model", i - 1));
  const Interpretation got = timed(
      sampled(nodes, "\"positive\":\"p\"", text({",", link("model", 19999)})));
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->seed, "7");
}

TEST(ComfyBudget, CyclesOfSwitchesThatChooseByThemselvesEnd) {
  std::string nodes;
  for (std::size_t i = 0; i < 50; ++i)
    nodes += node(
        std::to_string(i), "ImpactSwitch",
        text({link("select", (i + 1) % 50), ",", link("input1", (i + 7) % 50),
              ",", link("input2", (i + 3) % 50)}));
  const Interpretation got =
      timed(sampled(nodes, link("positive", 0), text({",", link("cfg", 1)})));
  ASSERT_TRUE(got.generation);
  EXPECT_FALSE(got.generation->cfg_scale);
}

TEST(ComfyBudget, CyclesOfNodesThatHandOnANumberEnd) {
  std::string nodes;
  for (std::size_t i = 0; i < 50; ++i)
    nodes += node(std::to_string(i), "Reroute", link("", (i + 1) % 50));
  const Interpretation got =
      timed(sampled(nodes, link("positive", 0), text({",", link("cfg", 1)})));
  ASSERT_TRUE(got.generation);
  EXPECT_FALSE(got.generation->cfg_scale);
}

TEST(ComfyBudget, ManySaversOfOneLargeGraphShareTheBudget) {
  std::string nodes;
  for (std::size_t i = 0; i < 3000; ++i)
    nodes += node(std::to_string(i), "ImageBlend",
                  text({link("image1", (i + 1) % 3000), ",",
                        link("image2", (i * 7 + 3) % 3000)}));
  for (std::size_t i = 0; i < 3000; ++i)
    nodes +=
        node(text({"s", std::to_string(i)}), "SaveImage", link("images", i));
  const Interpretation got = timed(sampled(nodes, "\"positive\":\"p\""));
  ASSERT_TRUE(got.generation);
}

TEST(ComfyBudget, ManySamplersInARowAreFewPasses) {
  std::string nodes = node("0", "KSampler",
                           "\"latent_image\":[\"l\",0],\"seed\":1,\"steps\":3");
  for (std::size_t i = 1; i < 900; ++i)
    nodes += node(std::to_string(i), "KSampler",
                  text({link("latent_image", i - 1), ",\"positive\":\"part ",
                        std::to_string(i), "\",\"seed\":2,\"steps\":4"}));
  nodes += node("x", "VAEDecode", link("samples", 899));
  nodes += node("y", "SaveImage", "\"images\":[\"x\",0]");
  const Interpretation got = timed(sampled(nodes, "\"positive\":\"p\""));
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->steps, 3);
  EXPECT_LT(got.generation->prompts.size(), 20u);
}

TEST(ComfyBudget, ANodeWithAHundredThousandInputsIsRead) {
  std::string inputs = "\"text\":\"kept\"";
  for (int i = 0; i < 100000; ++i)
    inputs += text({",\"lora_", std::to_string(i), "\":\"x.safetensors\""});
  const Interpretation got = timed(
      sampled(node("e", "CLIPTextEncode", inputs), "\"positive\":[\"e\",0]"));
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->prompt, "kept");
}

// Each question about a node, and there are many, asked all of its inputs.
TEST(ComfyBudget, InputsBeyondTheLimitsAreDroppedWithANote) {
  const auto inputs = [](std::size_t count, std::string_view name) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
      all += text({",\"", name, std::to_string(i), "\":[\"l\",0]"});
    return all;
  };
  const auto expect_dropped = [](const std::string& nodes) {
    Interpretation got =
        timed(sampled(nodes, "\"positive\":[\"e\",0]"), Limits{});
    EXPECT_TRUE(got.generation);
    EXPECT_TRUE(!got.warnings.empty() &&
                got.warnings.front().code == ErrorCode::kGraphTooLarge);
    return got.generation.value_or(Generation{});
  };
  const std::string own = "\"text\":\"kept\"";
  for (const std::string_view name : {"controlnet_", "lora_", "text_", "x"})
    EXPECT_EQ(expect_dropped(node("e", "CLIPTextEncode",
                                  text({own, inputs(200'000, name)})))
                  .prompt,
              "kept");
  std::string many = node("e", "CLIPTextEncode", own);
  for (std::size_t i = 0; i < 200; ++i)
    many += node(std::to_string(i), "Unlisted",
                 text({link("a", i + 1), inputs(1000, "in_")}));
  expect_dropped(many);
}

TEST(ComfyBudget, BracesThatAreNotClosedAreReadOnce) {
  std::string open;
  for (int i = 0; i < 200'000; ++i) open += "{a";
  const std::string nodes =
      node("0", "RandomPrompt", text({"\"text\":\"", open, "\""})) +
      node("e", "CLIPTextEncode", link("text", 0));
  EXPECT_EQ(timed(sampled(nodes, "\"positive\":[\"e\",0]")).generation->prompt,
            open);
}

using Json = nlohmann::ordered_json;

// Many nodes in a row, each with an input `name` that is handed one text: by a
// node that holds it, or over a bus.
Interpretation timed_with_shared(std::string_view class_type, const char* chain,
                                 const char* name, const std::string& shared,
                                 bool is_on_bus) {
  Json graph = Json::parse(sampled("", "\"positive\":\"p\""));
  graph["x"] = is_on_bus ? Json{{"class_type", "CR 8 Channel Out"},
                                {"inputs", {{"pipe", {"y", 0}}}}}
                         : Json{{"class_type", "PrimitiveString"},
                                {"inputs", {{"value", shared}}}};
  if (is_on_bus)
    graph["y"] = {{"class_type", "CR 8 Channel In"},
                  {"inputs", {{"ch1", shared}}}};
  Json last = "none";
  for (int i = 0; i < 3000; ++i) {
    const std::string id = std::to_string(i);
    graph[id] = {
        {"class_type", class_type},
        {"inputs",
         {{chain, last}, {name, {"x", is_on_bus ? 1 : 0}}, {"strength", 0.5}}}};
    last = {id, 0};
  }
  graph["k"]["inputs"][chain] = last;
  return timed(graph.dump(), Limits{});
}

TEST(ComfyBudget, AListThatManyNodesAreHandedIsNotReadByEach) {
  std::string names;
  std::string tags;
  for (int i = 0; i < 20'000; ++i) {
    names += "a,";
    tags += "<lora:a:1>";
  }
  const std::string objects = "[{\"lora\":\"a\"}" + std::string(40'000, ' ');
  for (const bool is_on_bus : {false, true})
    for (const auto& [name, list] :
         {std::pair("lora_names", names), std::pair("loras", tags),
          std::pair("lora_stack", objects + "]")}) {
      SCOPED_TRACE(name);
      const Interpretation got =
          timed_with_shared("LoraLoader", "model", name, list, is_on_bus);
      ASSERT_TRUE(got.generation);
      EXPECT_EQ(got.generation->steps, 9);
      EXPECT_LE(got.generation->loras.size(), 1u);
    }
}

TEST(ComfyBudget, ATextThatIsTooLongForANameIsNotCopiedByEach) {
  const std::string name(500'000, 'a');
  const Interpretation nets = timed_with_shared(
      "ControlNetApply", "positive", "control_net_name", name, false);
  ASSERT_TRUE(nets.generation);
  EXPECT_TRUE(nets.generation->controlnets.empty());
  const Interpretation loras =
      timed_with_shared("LoraLoader", "model", "lora_name", name, false);
  ASSERT_TRUE(loras.generation);
  EXPECT_TRUE(loras.generation->loras.empty());
}

TEST(ComfyBudget, LinksOfEditorFilesInACircleAreGivenUpWithANote) {
  std::string nodes;
  std::string links;
  for (int i = 0; i < 3000; ++i) {
    const std::string id = std::to_string(i);
    // Two reroutes feed each other, and all others.
    const std::string from = i == 0 ? "1" : "0";
    nodes +=
        text({i == 0 ? "" : ",", "{\"id\":", id, ",\"type\":\"",
              i < 2 ? "Reroute" : "VAEDecode",
              "\",\"inputs\":[{\"name\":\"samples\",\"link\":", id, "}]}"});
    links += text(
        {i == 0 ? "" : ",", "[", id, ",", from, ",0,", id, ",0,\"LATENT\"]"});
  }
  const Interpretation got = interpret(
      fields("workflow",
             text({"{\"nodes\":[", nodes, "],\"links\":[", links, "]}"})),
      roomy_limits());
  ASSERT_FALSE(got.warnings.empty());
  EXPECT_EQ(got.warnings.front().code, ErrorCode::kGraphTooLarge);
}

TEST(ComfyBudget, MoreNodesThanTheLimitAreDroppedWithANote) {
  Limits limits;
  limits.max_graph_nodes = 5;
  std::string nodes;
  for (std::size_t i = 0; i < 10; ++i)
    nodes += node(std::to_string(i), "Reroute", "");
  const Interpretation got =
      interpret(fields("prompt", sampled(nodes, "\"positive\":\"p\"")), limits);
  ASSERT_TRUE(got.generation);
  ASSERT_FALSE(got.warnings.empty());
  EXPECT_EQ(got.warnings.front().code, ErrorCode::kGraphTooLarge);
}

TEST(ComfyBudget, SubgraphsThatHoldThemselvesEnd) {
  const std::string inner =
      "{\"id\":\"u\",\"inputs\":[],\"nodes\":["
      "{\"id\":1,\"type\":\"u\"},{\"id\":2,\"type\":\"u\"}],\"links\":[]}";
  const double start = cpu_ms();
  const Interpretation got = interpret(
      fields("workflow",
             text({"{\"nodes\":[{\"id\":1,\"type\":\"u\"}],\"links\":[],"
                   "\"definitions\":{\"subgraphs\":[",
                   inner, "]}}"})),
      roomy_limits());
  EXPECT_LT(cpu_ms() - start, kMaxMs);
  EXPECT_TRUE(got.generation);
}

// Each new name was once compared with all before it: 10^5 took minutes.
TEST(ComfyBudget, ManyNamesAreToldApartInLinearTime) {
  constexpr std::size_t kLoras = 60000;
  constexpr std::size_t kEmbeddings = 100000;
  std::string prompt;
  for (std::size_t i = 0; i < kEmbeddings; ++i)
    prompt += text({"embedding:e", std::to_string(i), " "});
  std::string graph = "{";
  for (std::size_t i = 0; i < kLoras; ++i)
    graph += node(std::to_string(i), "LoraLoader",
                  text({link("model", i + 1), ",\"lora_name\":\"l",
                        std::to_string(i), "\""}));
  graph += node("t", "CLIPTextEncode", text({"\"text\":\"", prompt, "\""}));
  graph +=
      "\"k\":{\"class_type\":\"KSampler\",\"inputs\":{\"seed\":7,"
      "\"positive\":[\"t\",0],\"model\":[\"0\",0]}}}";
  const double start = cpu_ms();
  const Interpretation got = interpret(fields("prompt", graph), roomy_limits());
  EXPECT_LT(cpu_ms() - start, 20 * kMaxMs);
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->loras.size(), kLoras);
  EXPECT_EQ(got.generation->embeddings.size(), kEmbeddings);
}

TEST(ComfyBudget, StacksWithManyInputsArePaidForByPairs) {
  std::string inputs;
  for (std::size_t i = 0; i < 600; ++i)
    inputs += text({"\"lora_", std::to_string(i), "\":\"x\","});
  std::string graph = "{";
  for (std::size_t i = 0; i < 20; ++i)
    graph += node(std::to_string(i), "S", text({inputs, link("model", i + 1)}));
  graph +=
      "\"k\":{\"class_type\":\"KSampler\",\"inputs\":{\"seed\":7,"
      "\"model\":[\"0\",0]}}}";
  const Interpretation got = timed(graph);
  ASSERT_TRUE(got.generation);
  EXPECT_EQ(got.generation->seed, "7");
  EXPECT_FALSE(got.generation->loras.empty());
  EXPECT_FALSE(got.warnings.empty());
}

using nlohmann::json;

json many(std::size_t count, const std::function<json(std::size_t)>& one) {
  json all = json::array();
  for (std::size_t i = 0; i < count; ++i) all.push_back(one(i));
  return all;
}

std::string numbered(std::string_view name, std::size_t number) {
  std::string whole(name);
  whole += std::to_string(number);
  return whole;
}

// A definition and `count` instances of it.
json instances(std::size_t count, json definition) {
  definition["id"] = "u";
  return {{"nodes", many(count,
                         [](std::size_t i) {
                           return json{{"id", i}, {"type", "u"}};
                         })},
          {"links", json::array()},
          {"definitions", {{"subgraphs", {std::move(definition)}}}}};
}

void expect_bounded(const json& workflow) {
  const std::string text = workflow.dump();
  const double start = cpu_ms();
  const Interpretation got =
      interpret(fields("workflow", text), roomy_limits());
  EXPECT_LT(cpu_ms() - start, 20 * kMaxMs);
  EXPECT_TRUE(got.generation);
}

// A definition is read again for each of its instances: three megabytes of
// links were ten gigabytes.
TEST(ComfyBudget, LargeDefinitionsOfManyInstancesAreBounded) {
  constexpr std::size_t kInstances = 2000;
  const auto link = [](std::size_t i) { return json{i, 1, 0, 2, 0}; };
  expect_bounded(instances(
      kInstances, {{"nodes", json::array()}, {"links", many(100000, link)}}));
  expect_bounded(instances(
      kInstances,
      {{"links", json::array()}, {"nodes", many(100000, [](std::size_t i) {
                                    return json{{"id", i}, {"type", ""}};
                                  })}}));
  json widgets = json::object();
  for (std::size_t i = 0; i < 50000; ++i) widgets[numbered("w", i)] = i;
  expect_bounded(instances(
      kInstances,
      {{"links", json::array()},
       {"nodes", {{{"id", 1}, {"type", "X"}, {"widgets_values", widgets}}}}}));
}

TEST(ComfyBudget, ManyDefinitionsAreToldApartByAnIndex) {
  expect_bounded(
      {{"links", json::array()},
       {"nodes", many(50000,
                      [](std::size_t i) {
                        return json{{"id", i}, {"type", numbered("t", i)}};
                      })},
       {"definitions", {{"subgraphs", many(20000, [](std::size_t i) {
                           return json{{"id", numbered("d", i)}};
                         })}}}});
}

// Each link of a node asked for all inputs of another: of the instance that it
// is in, of a node that is bypassed, of all nodes that set a variable.
TEST(ComfyBudget, LinksDoNotAskAllOthers) {
  constexpr std::size_t kInputs = 30000;
  const auto input = [](std::size_t i) {
    return json{{"name", numbered("i", i)}, {"link", nullptr}};
  };
  const auto linked = [](std::size_t i) {
    return json{{"name", numbered("x", i)}, {"link", i}};
  };
  json inside = {
      {"id", "u"},
      {"inputs", many(kInputs, input)},
      {"nodes",
       {{{"id", 1}, {"type", "B"}, {"inputs", many(kInputs, linked)}}}},
      {"links", many(kInputs, [](std::size_t i) {
         return json{i, -10, i, 1, i};
       })}};
  expect_bounded(
      {{"links", json::array()},
       {"nodes",
        {{{"id", 1}, {"type", "u"}, {"inputs", many(kInputs, input)}}}},
       {"definitions", {{"subgraphs", {inside}}}}});

  const auto to_first = [](std::size_t i) { return json{i, 1, 0, 2, i}; };
  const json user = {
      {"id", 2}, {"type", "B"}, {"inputs", many(kInputs, linked)}};
  expect_bounded({{"links", many(kInputs, to_first)},
                  {"nodes",
                   {{{"id", 1},
                     {"type", "A"},
                     {"mode", 4},
                     {"inputs", many(kInputs, input)},
                     {"outputs", {{{"type", "Z"}}}}},
                    user}}});
  json nodes = many(kInputs, [](std::size_t i) {
    return json{{"id", 3 + i},
                {"type", "SetNode"},
                {"widgets_values", {numbered("s", i)}}};
  });
  nodes.push_back(
      {{"id", 1}, {"type", "GetNode"}, {"widgets_values", {"other"}}});
  nodes.push_back(user);
  expect_bounded({{"links", many(kInputs, to_first)}, {"nodes", nodes}});
  // Widgets were looked for among the links of their node.
  json widgets = json::object();
  for (std::size_t i = 0; i < kInputs; ++i) widgets[numbered("w", i)] = i;
  json both = user;
  both["widgets_values"] = widgets;
  expect_bounded({{"links", many(kInputs, to_first)},
                  {"nodes", {{{"id", 1}, {"type", "A"}}, both}}});
}

// Texts of the editor's copy were looked for one by one, and so were nodes that
// show them.
TEST(ComfyBudget, ManyTextsOfTheEditorAreFoundByAnIndex) {
  constexpr std::size_t kNodes = 20000;
  for (const std::string_view type : {"OllamaGenerate", "ShowText|pysssss"}) {
    json texts = json::object();
    json graph = json::object();
    json nodes = json::array();
    for (std::size_t i = 0; i < kNodes; ++i) {
      const std::string id = std::to_string(i);
      texts[numbered("text", i)] = {id, 0};
      graph[id] = {{"class_type", type}, {"inputs", {{"text", {"none", 0}}}}};
      nodes.push_back(
          {{"id", i}, {"type", type}, {"widgets_values", {numbered("t", i)}}});
    }
    graph["join"] = {{"class_type", "ConcatStrings"}, {"inputs", texts}};
    graph["k"] = {{"class_type", "KSampler"},
                  {"inputs", {{"seed", 1}, {"positive", {"join", 0}}}}};
    ImageFields image = fields("prompt", graph.dump());
    image.fields.push_back(
        fields("workflow",
               json{{"nodes", nodes}, {"links", json::array()}}.dump())
            .fields.front());
    const double start = cpu_ms();
    const Interpretation got = interpret(image, roomy_limits());
    EXPECT_LT(cpu_ms() - start, 20 * kMaxMs) << type;
    EXPECT_TRUE(got.generation);
  }
}

// The input of each case that fits was looked for among all of them.
TEST(ComfyBudget, ASwitchOfManyEqualCasesLooksItsInputsUpOnce) {
  json cases = {{"switch_condition", "x"}};
  for (std::size_t i = 0; i < 20000; ++i) cases[numbered("case_", i + 1)] = "x";
  const json graph = {
      {"s", {{"class_type", "SomebodysCases"}, {"inputs", cases}}},
      {"p",
       {{"class_type", "CLIPTextEncode"}, {"inputs", {{"text", {"s", 0}}}}}},
      {"k",
       {{"class_type", "KSampler"},
        {"inputs", {{"seed", 1}, {"positive", {"p", 0}}}}}}};
  const Interpretation got = timed(graph.dump());
  EXPECT_TRUE(got.generation);
}

}  // namespace
}  // namespace sdmeta
