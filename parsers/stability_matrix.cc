// Stability Matrix: PNG `parameters-json` (what was asked for), `smproj` (the
// project, with the sampler's real name), `parameters` (infotext of the same),
// and the ComfyUI graph as `prompt`.
// https://github.com/LykosAI/StabilityMatrix/blob/main/StabilityMatrix.Core/Models/GenerationParameters.cs
//
//   {"PositivePrompt": "a cat\r\n", "NegativePrompt": "dog", "Steps": 20,
//    "Sampler": "Euler Ancestral Karras", "CfgScale": 5, "Seed": 395309383,
//    "Height": 1024, "Width": 1024, "ModelHash": "A5F5..", "ModelName":
//    "m.safetensors", "ModelVersionId": 123}
#include <array>

#include "parsers/field_map.h"
#include "parsers/parser_table.h"

namespace sdmeta {
namespace {

constexpr std::string_view kParameters = "parameters-json";
constexpr std::string_view kProject = "smproj";

constexpr std::array<FieldRule, 12> kRules = {{
    {"PositivePrompt", Field::kPrompt},
    {"NegativePrompt", Field::kNegativePrompt},
    {"Steps", Field::kSteps},
    {"Sampler", Field::kElsewhere},
    {"CfgScale", Field::kCfgScale},
    {"Seed", Field::kSeed},
    {"Height", Field::kHeight},
    {"Width", Field::kWidth},
    {"ModelHash", Field::kModelHash},
    {"ModelName", Field::kModel},
    {"ModelVersionId", Field::kElsewhere},
    {"ExtraNetworkModelVersionIds", Field::kElsewhere},
}};

void add_resource(Generation& generation, JsonValue id, std::string_view type) {
  const auto number = id.integer();
  if (!number || *number <= 0) return;
  CivitaiResource& resource = generation.civitai_resources.emplace_back();
  resource.type = std::string(type);
  resource.model_version_id = static_cast<std::uint64_t>(*number);
}

// The project names the sampler and the schedule as they were run; the
// parameters hold one display name for both (`Euler Ancestral Karras`).
void read_project(JsonValue state, Generation& generation) {
  const JsonValue sampler = state["Sampler"];
  set_field(generation, Field::kSampler, sampler["SelectedSampler"]["Name"]);
  if (generation.sampler)
    set_field(generation, Field::kScheduler,
              sampler["SelectedScheduler"]["Name"]);
  if (sampler["IsDenoiseStrengthEnabled"].boolean() == true)
    set_field(generation, Field::kDenoisingStrength,
              sampler["DenoiseStrength"]);
  const JsonValue model = state["Model"];
  if (model["IsClipSkipEnabled"].boolean() == true)
    set_field(generation, Field::kClipSkip, model["ClipSkip"]);
  if (model["IsVaeSelectionEnabled"].boolean() == true)
    if (const auto vae = model["SelectedVaeName"].string();
        vae && !vae->starts_with('@'))  // "@default", "@none"
      set_field(generation, Field::kVae, *vae);
}

// Where only the project was kept.
void read_project_parameters(JsonValue state, Generation& generation) {
  const JsonValue sampler = state["Sampler"];
  set_field(generation, Field::kPrompt, state["Prompt"]["Prompt"]);
  set_field(generation, Field::kNegativePrompt,
            state["Prompt"]["NegativePrompt"]);
  set_field(generation, Field::kSteps, sampler["Steps"]);
  set_field(generation, Field::kCfgScale, sampler["CfgScale"]);
  set_field(generation, Field::kWidth, sampler["Width"]);
  set_field(generation, Field::kHeight, sampler["Height"]);
  set_field(generation, Field::kSeed, state["Seed"]["Seed"]);
  set_field(generation, Field::kModel, state["Model"]["SelectedModelName"]);
}

// Members that are 0 or false are defaults of video generation.
bool is_default(std::string_view value) {
  return value == "0" || value == "0.0" || value == "false";
}

Result<bool> read(const Payloads& payloads, Generation& generation,
                  std::vector<Error>& notes) {
  if (payloads.find(kParameters) == nullptr &&
      payloads.find(kProject) == nullptr)
    return false;
  const JsonValue root = payloads.json_of(kParameters);
  const JsonValue state = payloads.json_of(kProject)["State"];
  if (!root.is_object() && !state.is_object())
    return malformed(kParameters, "is no JSON object");
  generation.software = "stability-matrix";
  read_fields(root, kRules, generation, notes);
  std::erase_if(generation.extra, [&](const KeyValue& pair) {
    return is_default(pair.value);
  });
  read_project(state, generation);
  if (!root.is_object()) read_project_parameters(state, generation);
  if (!generation.sampler) {
    set_field(generation, Field::kSampler, root["Sampler"]);
    split_scheduler(generation);
  }
  add_resource(generation, root["ModelVersionId"], "checkpoint");
  root["ExtraNetworkModelVersionIds"].for_each_element(
      [&](JsonValue id) { add_resource(generation, id, "lora"); });
  return true;
}

}  // namespace

extern const ParserRow stability_matrix_row = {
    .name = "stability_matrix",
    .software = "stability-matrix",
    .where = "PNG `parameters-json` and `smproj`, beside a ComfyUI graph",
    .read = read,
    .is_partial = true};

}  // namespace sdmeta
