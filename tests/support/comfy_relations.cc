#include "tests/support/comfy_relations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/support/comfy_graphs.h"
#include "tests/support/fields_file.h"
#include "tests/support/golden.h"

namespace sdmeta {

using Json = nlohmann::ordered_json;

Interpretation record_of(const Json& graph) {
  const bool is_editors = graph.contains("nodes");
  Interpretation found =
      interpret(fields(is_editors ? "workflow" : "prompt", graph.dump()), {});
  if (found.generation)
    std::erase_if(found.generation->extra, [](const KeyValue& pair) {
      return pair.key == "node_count";
    });
  return found;
}

bool is_flagged(const Interpretation& record) {
  return std::any_of(
      record.warnings.begin(), record.warnings.end(),
      [](const Error& it) { return it.code == ErrorCode::kLowConfidence; });
}

void expect_same(const Json& nodes, const Json& changed,
                 const std::string& name) {
  const Interpretation before = record_of(nodes);
  const Interpretation after = record_of(changed);
  if (before.generation == after.generation &&
      is_flagged(before) == is_flagged(after))
    return;
  EXPECT_EQ(describe(before), describe(after)) << name;
}

Json joined(Json first, const Json& second) {
  first.update(second);
  return first;
}

Json with_relays(
    const Json& nodes,
    const std::function<Json(const std::string&, const Json&)>& make) {
  Json changed = nodes;
  std::size_t count = 0;
  for (const auto& [id, node] : nodes.items())
    for (const auto& [key, value] : node["inputs"].items()) {
      if (linked_node(nodes, value).empty()) continue;
      Json made = make(key, value);
      if (made.is_null()) continue;
      const std::string relay = "relay" + std::to_string(++count);
      changed[id]["inputs"][key] = {relay, 0};
      changed[relay] = std::move(made);
    }
  return changed;
}

Json with_relays(const Json& nodes, std::string_view type,
                 std::string_view input) {
  return with_relays(nodes, [&](const std::string&, const Json& link) {
    return Json{{"class_type", type}, {"inputs", {{input, link}}}};
  });
}

Json other_scene() {
  return Json::parse(R"({
    "x1": {"class_type": "CheckpointLoaderSimple",
           "inputs": {"ckpt_name": "other.safetensors"}},
    "x2": {"class_type": "CLIPTextEncode",
           "inputs": {"text": "another scene", "clip": ["x1", 1]}},
    "x3": {"class_type": "CLIPTextEncode",
           "inputs": {"text": "another dislike", "clip": ["x1", 1]}},
    "x4": {"class_type": "EmptyLatentImage",
           "inputs": {"width": 320, "height": 640}},
    "x5": {"class_type": "LoraLoader",
           "inputs": {"model": ["x1", 0], "clip": ["x1", 1],
                      "lora_name": "other_lora.safetensors",
                      "strength_model": 0.3, "strength_clip": 0.3}},
    "x6": {"class_type": "KSampler",
           "inputs": {"model": ["x5", 0], "positive": ["x2", 0],
                      "negative": ["x3", 0], "latent_image": ["x4", 0],
                      "seed": 99, "steps": 99, "cfg": 9.9, "denoise": 0.9,
                      "sampler_name": "ddim", "scheduler": "beta"}},
    "x7": {"class_type": "VAEDecode",
           "inputs": {"samples": ["x6", 0], "vae": ["x1", 2]}}})");
}

bool Exceptions::has(const std::string& name) {
  const auto found = reasons_.find(name);
  if (found == reasons_.end()) return false;
  met_[found->first] = true;
  return true;
}

void Exceptions::expect_all_met() const {
  for (const auto& [name, reason] : reasons_)
    EXPECT_TRUE(met_.contains(name))
        << name << " is an exception no more: " << reason;
}

}  // namespace sdmeta
