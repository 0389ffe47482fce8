// Relations that hold whatever a ComfyUI graph makes: the graphs of all
// fixtures are changed in ways that change nothing, or hide a single value.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/interpret.h"
#include "tests/support/comfy_graphs.h"
#include "tests/support/comfy_relations.h"
#include "tests/support/fields_file.h"
#include "tests/support/golden.h"

namespace sdmeta {
namespace {

using Json = nlohmann::ordered_json;

Json renamed(const Json& nodes,
             const std::function<std::string(const std::string&)>& rename) {
  Json result = Json::object();
  for (const auto& [id, node] : nodes.items()) {
    Json copy = node;
    for (auto& [key, value] : copy["inputs"].items())
      if (const std::string to = linked_node(nodes, value); !to.empty())
        value[0] = rename(to);
    result[rename(id)] = std::move(copy);
  }
  return result;
}

TEST(ComfyRelations, NodesMayHaveOtherIds) {
  for (const auto& [name, nodes] : executed_graphs()) {
    for (const std::string_view prefix : {"57:", "node_"})
      expect_same(nodes,
                  renamed(nodes,
                          [&](const std::string& id) {
                            return std::string(prefix).append(id);
                          }),
                  name);
    std::map<std::string, std::string> falling;
    for (const auto& [id, node] : nodes.items())
      falling.emplace(id, std::to_string(9999 - 7 * falling.size()));
    expect_same(
        nodes,
        renamed(nodes, [&](const std::string& id) { return falling[id]; }),
        name);
  }
}

TEST(ComfyRelations, NodesMayStandInAnyOrder) {
  std::mt19937 random(1);
  for (const auto& [name, nodes] : executed_graphs()) {
    std::vector<std::string> ids;
    for (const auto& [id, node] : nodes.items()) ids.push_back(id);
    std::reverse(ids.begin(), ids.end());
    for (int round = 0; round < 3; ++round) {
      Json changed = Json::object();
      for (const std::string& id : ids) changed[id] = nodes[id];
      expect_same(nodes, changed, name);
      std::shuffle(ids.begin(), ids.end(), random);
    }
  }
}

// What was left behind in the editor is queued with the rest, and never runs.
TEST(ComfyRelations, NodesThatNoOutputNeedsChangeNothingInSilence) {
  for (const auto& [name, nodes] : executed_graphs())
    for (const Json& changed :
         {joined(nodes, other_scene()), joined(other_scene(), nodes)}) {
      const Interpretation before = record_of(nodes);
      const Interpretation after = record_of(changed);
      if (before.generation == after.generation || is_flagged(after)) continue;
      EXPECT_EQ(describe(before), describe(after)) << name;
    }
}

TEST(ComfyRelations, MutedNodesChangeNothing) {
  const Json other = joined(
      other_scene(),
      {{"x8",
        {{"class_type", "SaveImage"}, {"inputs", {{"images", {"x7", 0}}}}}}});
  for (const auto& [name, nodes] : executed_graphs()) {
    Json file = editor_file_of(joined(nodes, other));
    for (std::size_t i = nodes.size(); i < file["nodes"].size(); ++i)
      file["nodes"][i]["mode"] = 2;
    expect_same(nodes, file, name);
  }
}

TEST(ComfyRelations, ReroutesOfTheEditorChangeNothing) {
  for (const auto& [name, nodes] : executed_graphs())
    for (const std::string_view type : {"Reroute", "Reroute (rgthree)"})
      expect_same(nodes, editor_file_of(with_relays(nodes, type, "")), name);
}

TEST(ComfyRelations, BypassedNodesChangeNothing) {
  for (const auto& [name, nodes] : executed_graphs()) {
    Json file = editor_file_of(with_relays(nodes, "SomebodysNode", "thing"));
    for (Json& node : file["nodes"]) {
      if (node["type"] != "SomebodysNode") continue;
      node["mode"] = 4;
      node["outputs"] = {{{"name", "thing"}, {"type", "*"}}};
    }
    expect_same(nodes, file, name);
  }
}

// No value, or the one before.
bool is_kept(const auto& was, const auto& is) { return !is || is == was; }

bool may_be(const Lora& was, const Lora& is) {
  // Without one of its own the text encoder has the other's.
  return is.name == was.name && is_kept(was.weight, is.weight) &&
         is_kept(was.clip_weight ? was.clip_weight : was.weight,
                 is.clip_weight);
}
bool may_be(const ControlNet& was, const ControlNet& is) {
  return is_kept(was.model, is.model) && is_kept(was.module, is.module) &&
         is_kept(was.weight, is.weight) && is_kept(was.start, is.start) &&
         is_kept(was.end, is.end);
}
bool may_be(const Upscaler& was, const Upscaler& is) {
  return is.name == was.name && is_kept(was.scale, is.scale);
}

// Inputs that say which entries of a list count: without them entries may be
// listed that were not, as whether they count is not known.
bool chooses(std::string_view key) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"switch", "toggle", "enable", "_on", "use_", "process_", "_count",
       "num_", "bypass", "select", "Input", "strength"});
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return key.find(word) != key.npos;
  });
}

// Whether these are the entries before, in their order, with all of their
// values or some, but for one that is named by the value that is hidden.
template <class Entry>
bool are_kept(const std::vector<Entry>& was, const std::vector<Entry>& is,
              std::string_view key) {
  if (is.size() + 1 < was.size()) return false;
  const auto has = [](const std::vector<Entry>& list, auto&& matches) {
    return std::any_of(list.begin(), list.end(), matches);
  };
  const auto found = std::count_if(was.begin(), was.end(), [&](const Entry& a) {
    return has(is, [&](const Entry& b) { return may_be(a, b); });
  });
  const bool are_known = std::all_of(is.begin(), is.end(), [&](const Entry& b) {
    return has(was, [&](const Entry& a) { return may_be(a, b); });
  });
  return chooses(key) ? found == std::ssize(was)
                      : are_known && found + 1 >= std::ssize(was);
}

// Which fields of `after` have a value that is not the one before. Of a prompt
// what is left may be kept, if the record says so.
std::string invented(const Interpretation& before, const Interpretation& after,
                     std::string_view key) {
  std::string names;
  const Generation& was = *before.generation;
  const Generation& is = *after.generation;
  const auto compare = [&](std::string_view name, const auto& a,
                           const auto& b) {
    if (b && a != b) names.append(" ").append(name);
  };
  if (!is_flagged(after)) {
    compare("prompt", was.prompt, is.prompt);
    compare("negative_prompt", was.negative_prompt, is.negative_prompt);
  }
  compare("steps", was.steps, is.steps);
  compare("sampler", was.sampler, is.sampler);
  compare("scheduler", was.scheduler, is.scheduler);
  compare("cfg_scale", was.cfg_scale, is.cfg_scale);
  compare("guidance", was.guidance, is.guidance);
  compare("seed", was.seed, is.seed);
  compare("width", was.width, is.width);
  compare("height", was.height, is.height);
  compare("model", was.model, is.model);
  compare("vae", was.vae, is.vae);
  compare("clip_skip", was.clip_skip, is.clip_skip);
  compare("denoising_strength", was.denoising_strength, is.denoising_strength);
  compare("hires.upscale", was.hires.upscale, is.hires.upscale);
  compare("hires.upscaler", was.hires.upscaler, is.hires.upscaler);
  compare("hires.steps", was.hires.steps, is.hires.steps);
  compare("hires.width", was.hires.width, is.hires.width);
  compare("hires.height", was.hires.height, is.hires.height);
  compare("hires.denoising_strength", was.hires.denoising_strength,
          is.hires.denoising_strength);
  if (!are_kept(was.loras, is.loras, key)) names.append(" loras");
  if (!are_kept(was.controlnets, is.controlnets, key))
    names.append(" controlnets");
  if (!are_kept(was.upscalers, is.upscalers, key)) names.append(" upscalers");
  return names;
}

// Each widget in turn is handed to a node that the graph knows nothing of: a
// field becomes absent or stays, and never takes a value from elsewhere.
TEST(ComfyRelations, AHiddenValueIsNotTakenFromElsewhere) {
  constexpr std::string_view kShown =
      "a node that shows the text has it from the run before";
  constexpr std::string_view kEdits =
      "how a text is edited is read where it stands only";
  constexpr std::string_view kList = "all entries stand in it";
  constexpr std::string_view kVariables =
      "the name of another variable may be the same";
  Exceptions exceptions(Exceptions::Reasons{
      {"Bjornulf_TextReplace/replace_count", kEdits},
      {"CacheBackendData //Inspire/key", kVariables},
      {"ClownsharKSampler_Beta/sampler_mode",
       "a pass back to noise is told by its mode"},
      {"CustomSigmas/interpolate_to_steps",
       "0 and no number are one: the list has the steps"},
      {"HeronKit Router/select",
       "without the word it is no switch by its shape, and has one model"},
      {"HeronKit Set Variable/name", kVariables},
      {"ImpactWildcardProcessor/populated_text", kShown},
      {"LayerUtility: SwitchCase/case_2",
       "the other cases are taken for all there are"},
      {"PixaromaPrompt/PromptState", "a state is not looked for behind a link"},
      {"PromptSchedule/current_frame", kEdits},
      {"StringConcatenate/delimiter", kShown},
      {"StringConcatenate/string_b", kShown},
      {"StringFunction|pysssss/action", kEdits},
      {"StringFunction|pysssss/tidy_tags", kEdits},
      {"SwarmLoraLoader/lora_names", kList},
      {"SwarmLoraLoader/lora_weights",
       "a name without a weight is left out, unless no weight is known"},
      {"Text Concatenate/clean_whitespace", kEdits},
      {"Text Concatenate/delimiter", kShown},
      {"Text Concatenate/text_d", kShown},
      {"Text Multiline/text", kShown},
      {"TriggerWord Toggle (LoraManager)/allow_strength_adjustment", kEdits},
      {"easy promptLine/remove_empty_lines", kEdits},
      {"smZ CLIPTextEncode/with_SDXL", kEdits},
      {"ttN pipeLoader_v2/loras", kList}});
  const Json oracle = {{"class_type", "Somebodys Oracle"},
                       {"inputs", Json::object()}};
  for (const auto& [name, nodes] : executed_graphs()) {
    const Interpretation before = record_of(nodes);
    for (const auto& [id, node] : nodes.items())
      for (const auto& [key, value] : node["inputs"].items()) {
        if (!value.is_primitive() || value.is_null()) continue;
        Json changed = nodes;
        changed["oracle"] = oracle;
        changed[id]["inputs"][key] = {"oracle", 0};
        const Interpretation after = record_of(changed);
        ASSERT_EQ(before.generation.has_value(), after.generation.has_value());
        const std::string wrong = invented(before, after, key);
        const std::string what =
            node["class_type"].get<std::string>().append("/").append(key);
        if (!wrong.empty() && !exceptions.has(what))
          ADD_FAILURE() << what << " in " << name << ":" << wrong;
      }
  }
  exceptions.expect_all_met();
}

}  // namespace
}  // namespace sdmeta
