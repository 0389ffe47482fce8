// What is known about ComfyUI's node classes, as data: comfy_nodes.inc has one
// row for each class (or family of classes) that its shape alone would not tell
// right. A class without a row is read by shape; see docs/comfyui.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sdmeta {

enum class NodeRole : std::uint8_t {
  kUnknown,       // no row: read by shape
  kSaver,         // writes the image
  kPreview,       // shows it
  kSampler,       // a denoising pass
  kDetailer,      // a pass over a finished image; base only when alone
  kSettings,      // carries a sampler's values: guiders, sigmas, noise, pipes
  kEncoder,       // text to conditioning
  kText,          // a string
  kJoin,          // several strings to one
  kReplace,       // a string edited: replaced or appended parts
  kCachedText,    // shows a string and keeps the last one it showed
  kOpaqueText,    // makes text that no graph holds: LLMs, taggers, files
  kConditioning,  // conditioning to conditioning, one or several
  kZeroOut,       // conditioning without content
  kSwitch,        // hands on one of its inputs
  kPass,          // hands on an input of the wanted kind
  kNumber,
  kMath,          // computes a number from others
  kOpaqueNumber,  // a number that is not in the graph: random, read from a file
  kLoader,        // a diffusion model; may hold prompts, sizes and LoRAs too
  kLora,
  kTextEncoderLoader,
  kVaeLoader,
  kUpscaler,  // loads an upscale model
  kClipSkip,
  kLatent,       // an empty latent: the size of the picture
  kLatentScale,  // resizes what a pass made
  kImageScale,
  kImageSource,  // loads an image
  kControlNet,   // applies a control net to conditioning
  kControlNetLoader,
  kHiresScript,  // a second pass as a setting of the first
  kRegion,       // adds a text for a part of the picture
  kStageC,       // conditions on the result of an earlier pass
  kExtraModel,   // further models worth a mention: hypernetwork, style, ...
};

/// The values that nodes hold and links lead to, under whatever name a class
/// gives them.
enum class NodeField : std::uint8_t {
  kModel,
  kClip,
  kVae,
  kPositive,
  kNegative,
  kConditioning,
  kText,
  kPositiveText,
  kNegativeText,
  kImage,  // latents and images: what leads to the pass before
  kPipe,   // bundles of everything
  kSeed,
  kSteps,
  kCfg,
  kSampler,
  kScheduler,
  kDenoise,
  kGuidance,
  kSettings,  // nodes that hold the values of a sampler
  kWidth,
  kHeight,
  kSizeText,  // "832x1216 (portrait)"
  kScale,
  kClipSkip,
  kModelName,
  kVaeName,
  kTextEncoderName,
  kUpscalerName,
  kControlNetName,
  kValue,  // of a number or string node
  kCache,  // the last string shown
  kDelimiter,
  kStrength,
  kStart,
  kEnd,
  kCount_,
};

/// One bit for each NodeField.
using FieldSet = std::uint64_t;
static_assert(static_cast<unsigned>(NodeField::kCount_) <= 64);
constexpr FieldSet field_bit(NodeField field) {
  return FieldSet{1} << static_cast<unsigned>(field);
}

struct NodeKind {
  /// As stored in `class_type`; a `*` at the end stands for anything.
  std::string_view name;
  NodeRole role = NodeRole::kUnknown;
  /// `key=name,name;key=...`: input names that differ from the usual ones, and
  /// further keys, which the head of comfy_nodes.inc lists.
  std::string_view spec;
  /// Fields for which the spec has names; filled in by node_kind.
  FieldSet own_fields = 0;
  /// `slots=polar`; filled in by node_kind.
  bool is_polar = false;
  /// `slots=channels`; filled in by node_kind.
  bool has_channels = false;
};

/// `name` as a pattern: a `*` at its end stands for anything.
constexpr bool name_matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*'))
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

/// Many such patterns; most names are told by their first letter to be none of
/// them.
template <std::size_t kCount>
class NamePatterns {
 public:
  explicit constexpr NamePatterns(
      const std::array<std::string_view, kCount>& patterns)
      : patterns_(patterns) {
    for (const std::string_view pattern : patterns)
      first_letters_ |= bit(pattern[0]);
  }

  constexpr bool match(std::string_view name) const {
    if (name.empty() || (first_letters_ & bit(name[0])) == 0) return false;
    for (const std::string_view pattern : patterns_)
      if (pattern[0] == name[0] && name_matches(pattern, name)) return true;
    return false;
  }

 private:
  static constexpr std::uint64_t bit(char c) {
    return std::uint64_t{1} << (static_cast<unsigned char>(c) % 64);
  }

  std::array<std::string_view, kCount> patterns_;
  std::uint64_t first_letters_ = 0;
};

/// The row of a class: an exact one, else the longest wildcard, else a row with
/// an empty name and the role kUnknown.
const NodeKind& node_kind(std::string_view class_type);

/// All rows, for tests and documents.
std::span<const NodeKind> node_table();

/// The value of a key of a row's spec; empty if it has none.
std::string_view spec_of(const NodeKind& kind, std::string_view key);

/// The name of an output in a row's list of them, `-` for those without a say.
std::string_view output_name(const NodeKind& kind, std::int32_t slot);

/// The fields that an input of this name usually holds.
FieldSet usual_fields(std::string_view input_name);

/// The usual names of a field, comma-separated, best first; and its spec key.
struct FieldNames {
  NodeField field;
  std::string_view key;
  std::string_view names;
};
const FieldNames& field_names(NodeField field);

/// Cuts the first item off a comma-separated list.
inline std::string_view next_item(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view item = list.substr(0, comma);
  list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
  return item;
}

}  // namespace sdmeta
