// How large a pass paints, and what scales the picture between passes.
#include <algorithm>
#include <array>
#include <cmath>

#include "parsers/comfy_walk_parts.h"

namespace sdmeta {
namespace {

// Pickers name ratios as well.
constexpr std::int64_t kLeastSide = 16;

// `3:4 portrait 896x1152`, and not `wall-1920x1080.png`.
bool is_size_choice(std::string_view words) {
  constexpr std::size_t kLongestChoice = 64;
  if (words.size() > kLongestChoice ||
      words.find_first_of("/\\") != words.npos ||
      !pixel_size_in(words, 4 * kLeastSide))
    return false;
  const std::size_t dot = words.rfind('.');
  return dot == words.npos || dot + 1 == words.size() ||
         !is_letter(words[dot + 1]);
}

// A number of pictures, or a setting that changes nothing.
bool is_idle(const GraphInput& input) {
  if (contains_ignoring_case(input.name, "batch")) return true;
  if (input.is_link()) return false;
  const auto number = input.value.number();
  return number ? *number == 0 || *number == 1 : input.value.boolean() == false;
}

}  // namespace

// Resizers that keep the proportions of a picture: their two sides are the box
// that it is fitted into. essentials and KJNodes name the way, others ask.
bool ComfyWalk::keeps_proportions(NodeIndex node) {
  constexpr std::array<std::string_view, 7> kNames = {
      "keep_proportion", "keep_proportions",      "keep_aspect_ratio",
      "keep_aspect",     "maintain_aspect_ratio", "preserve_aspect_ratio",
      "method"};
  for (const std::string_view name : kNames) {
    const GraphInput* input = values_.input_named(node, name);
    if (input == nullptr) continue;
    if (input->value.boolean().value_or(false)) return true;
    const std::string_view word = input->value.string().value_or("");
    if (word == "keep proportion" || word == "true") return true;
    if (name == "keep_proportion" &&
        (word == "resize" || word == "total_pixels"))
      return true;
  }
  return false;
}

// WLSH (wlsh_nodes.py): `16:9`, the short side or so many megapixels of 1024 *
// 1024; sides cut to whole pixels, then raised to a multiple. Lying unless the
// direction says otherwise.
std::optional<PixelSize> size_raised(double ratio, double step,
                                     std::optional<double> short_side,
                                     std::optional<double> megapixels) {
  const auto raised = [step](double length) {
    return static_cast<std::int64_t>(std::ceil(std::trunc(length) / step) *
                                     step);
  };
  const double most = short_side ? 65536 : 1000;
  const auto amount = short_side ? short_side : megapixels;
  if (!amount || *amount <= 0 || *amount > most) return std::nullopt;
  if (short_side)
    return PixelSize{raised(*amount * ratio),
                     static_cast<std::int64_t>(*amount)};
  const double pixels = std::trunc(*amount * 1024 * 1024);
  return PixelSize{raised(std::sqrt(ratio * pixels)),
                   raised(std::sqrt(pixels / ratio))};
}

std::optional<PixelSize> size_of_choice(std::string_view sizes,
                                        std::string_view choice) {
  while (!sizes.empty()) {
    const std::string_view item = next_item(sizes);
    const std::size_t blank = item.rfind(' ');
    if (item.substr(0, blank) == choice)
      return pixel_size_in(item.substr(blank + 1));
  }
  return std::nullopt;
}

// Pickers of a ratio and so many megapixels, each side rounded to a multiple.
// ComfyUI's ResolutionSelector: `16:9 (Widescreen)`, megapixels of 1024 * 1024.
// FluxResolutionNode (gseth/ControlAltAI-Nodes, flux_resolution_cal_node.py):
// `5:7 (Balanced Portrait)` or a ratio of one's own, millions of pixels, sides
// cut to whole pixels before they are rounded.
std::optional<PixelSize> ComfyWalk::size_by_ratio(NodeIndex node) {
  const NodeKind& kind = *graph_.node(node).kind;
  const auto value = [&](std::string_view name) {
    const GraphInput* input =
        name.empty() ? nullptr : values_.input_named(node, name);
    return input == nullptr ? GraphValue{}
                            : values_.value_of(*input, NodeField::kValue);
  };
  const bool is_custom =
      value("custom_ratio").value.boolean().value_or(false) &&
      value(spec_of(kind, "custom")).string().value_or("") != "";
  const std::string_view text =
      value(spec_of(kind, is_custom ? "custom" : "ratio"))
          .string()
          .value_or("");
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  const auto across = number_in<double>(text.substr(0, colon));
  const auto down = number_in<double>(
      text.substr(colon + 1, text.find(' ', colon) - colon - 1));
  const bool is_decimal = !spec_of(kind, "decimal").empty();
  const auto megapixels =
      value(is_decimal ? "megapixel" : "megapixels").number();
  if (!across || !down || *across < 1 || *down < 1 || *across > 1000 ||
      *down > 1000)
    return std::nullopt;
  if (const auto step = number_in<double>(spec_of(kind, "raised"))) {
    auto size = size_raised(*across / *down, *step, value("shortside").number(),
                            megapixels);
    if (size && value("direction").string() == "portrait")
      std::swap(size->width, size->height);
    return size;
  }
  if (!megapixels || *megapixels <= 0 || *megapixels > 1000)
    return std::nullopt;
  // Before one could choose, it followed from the size.
  double multiple = 8.0;
  if (is_decimal && *megapixels >= 1.0) multiple = *megapixels < 2.0 ? 64 : 32;
  multiple = value(is_decimal ? "divisible_by" : "multiple")
                 .number()
                 .value_or(multiple);
  if (multiple < 1 || multiple > 1024) return std::nullopt;
  const double million = is_decimal ? 1'000'000 : 1024 * 1024;
  const double scale = std::sqrt(*megapixels * million / (*across * *down));
  const auto side = [&](double parts) {
    const double length =
        is_decimal ? std::trunc(parts * scale) : parts * scale;
    return static_cast<std::int64_t>(std::nearbyint(length / multiple) *
                                     multiple);
  };
  return PixelSize{side(*across), side(*down)};
}

// To the nearest multiple, half of one up.
PixelSize rounded_size(PixelSize size, std::int64_t step) {
  const auto rounded = [step](std::int64_t side) {
    return side > INT32_MAX ? side : (side + step / 2) / step * step;
  };
  return {rounded(size.width), rounded(size.height)};
}

// VideoHelperSuite rounds to what a latent of the format stands for: eight
// pixels for most.
std::int64_t ComfyWalk::format_scale(NodeIndex node) const {
  const GraphInput* format = values_.input_named(node, "format");
  if (format == nullptr) return 1;
  const std::string_view name = format->value.string().value_or("");
  if (name == "LTXV") return 4;
  return name == "Mochi" || name == "Hunyuan" || name == "Cosmos" ? 2 : 1;
}

// GetImageSize and its like: a picture goes in, and two numbers come out.
bool ComfyWalk::reads_size(NodeIndex node) const {
  if (values_.role(node) == NodeRole::kImageScale)
    return values_.link(node, NodeField::kImage) != nullptr;
  const auto inputs = graph_.inputs(node);
  return inputs.size() == 1 && inputs.front().is_link() &&
         values_.role(node) == NodeRole::kUnknown &&
         contains_any_ignoring_case(graph_.node(node).class_type,
                                    {"size", "info", "dimension", "resolut"});
}

// Pictures leave it at another size, by its row or by its name. Latents are not
// pictures: the first pass began as they were before.
bool ComfyWalk::resizes(NodeIndex node) const {
  const NodeRole role = values_.role(node);
  if (role != NodeRole::kUnknown) return role == NodeRole::kImageScale;
  if (!contains_any_ignoring_case(
          graph_.node(node).class_type,
          {"resize", "rescale", "upscale", "downscale", "imagescale"}))
    return false;
  const auto inputs = graph_.inputs(node);
  return std::none_of(
      inputs.begin(), inputs.end(), [](const GraphInput& input) {
        return input.is_link() &&
               contains_any_ignoring_case(input.name, {"latent", "samples"});
      });
}

// Cut to whole pixels; nothing where no picture can be as large.
std::optional<PixelSize> size_times(PixelSize size, double factor) {
  const double width = static_cast<double>(size.width) * factor;
  const double height = static_cast<double>(size.height) * factor;
  const auto is_side = [](double length) {
    return length >= 1 && length <= INT32_MAX;
  };
  if (!is_side(width) || !is_side(height)) return std::nullopt;
  return PixelSize{static_cast<std::int64_t>(width),
                   static_cast<std::int64_t>(height)};
}

// Of a picture that is resized by a factor. How a class rounds is its own
// affair: a size that is not whole is not known.
std::optional<PixelSize> ComfyWalk::scaled_size(NodeIndex node,
                                                unsigned depth) {
  const GraphInput* scale = values_.input(node, NodeField::kScale);
  if (scale == nullptr) return std::nullopt;
  const auto factor = values_.value_of(*scale, NodeField::kScale).number();
  if (!factor || *factor <= 0 || *factor > 100) return std::nullopt;
  std::optional<PixelSize> size;
  each_image_link(node, [&](const GraphInput& input) {
    size = size_from(input.node, depth + 1);
    return true;
  });
  if (!size) return std::nullopt;
  const auto is_whole = [&](std::int64_t side) {
    const double length = static_cast<double>(side) * *factor;
    return length == std::nearbyint(length);
  };
  if (!is_whole(size->width) || !is_whole(size->height)) return std::nullopt;
  return size_times(*size, *factor);
}

// Links that cross lay a picture down or stand it up: its width is the height
// of a picker. Width comes first among outputs, but not in Impact's ImageInfo.
// What goes by the output already is not turned again.
bool ComfyWalk::are_crossed(const GraphInput& width,
                            const GraphInput& height) const {
  if (!width.is_link() || width.node != height.node ||
      width.slot == height.slot)
    return false;
  const GraphNode& picker = graph_.node(width.node);
  const bool gives_height_first = picker.class_type == "ImpactImageInfo";
  return (width.slot > height.slot) != gives_height_first &&
         picker.kind->role != NodeRole::kMath &&
         output_name(*picker.kind, width.slot) == "-";
}

// Settings that choose, turn, scale or round a size: where another node makes
// one, the size follows from more than is read here.
bool ComfyWalk::hides_size(NodeIndex node) {
  constexpr std::array<std::string_view, 12> kSettings = {
      "swap_dimensions", "invert",          "direction",   "prescale_factor",
      "format",          "divisible_by",    "multiple_of", "force_size",
      "resize_to_input", "keep_proportion", "method",      "custom_ratio"};
  const auto inputs = graph_.inputs(node);
  if (std::any_of(inputs.begin(), inputs.end(), [&](const GraphInput& input) {
        return input.is_link() && std::find(kSettings.begin(), kSettings.end(),
                                            input.name) != kSettings.end();
      }))
    return true;
  const GraphInput* choice = values_.link(node, NodeField::kSizeText);
  return choice != nullptr &&
         !values_.value_of(*choice, NodeField::kSizeText).is_known();
}

// The text in which a picker says its size. Under a name nobody listed, of a
// node that is called a picker and has nothing beside it that may change the
// size: sizes stand in names of files, models and prompts as well.
std::optional<std::string_view> ComfyWalk::size_text(NodeIndex node) {
  if (const GraphInput* text = values_.input(node, NodeField::kSizeText))
    return values_.value_of(*text, NodeField::kSizeText).string();
  const NodeRole role = values_.role(node);
  if ((role != NodeRole::kUnknown && role != NodeRole::kLatent) ||
      !contains_any_ignoring_case(
          graph_.node(node).class_type,
          {"size", "resolut", "dimension", "ratio", "latent"}))
    return std::nullopt;
  std::optional<std::string_view> found;
  for (const GraphInput& input : graph_.inputs(node)) {
    if (is_idle(input)) continue;
    const auto words = input.value.string();
    if (found || !words || !is_size_choice(*words)) return std::nullopt;
    found = words;
  }
  return found;
}

std::optional<PixelSize> ComfyWalk::own_size(NodeIndex node, unsigned depth,
                                             bool is_picked) {
  if (hides_size(node)) {
    is_size_hidden_ = true;
    return std::nullopt;
  }
  if (!spec_of(*graph_.node(node).kind, "ratio").empty())
    return size_by_ratio(node);
  // VideoHelperSuite: a side alone scales the frames, and so do older presets.
  if (const GraphInput* forced = values_.input_named(node, "force_size")) {
    const std::string_view word = forced->value.string().value_or("");
    if (word == "Disabled" || word == "Custom Width" ||
        word == "Custom Height" || word.find('?') != word.npos)
      return std::nullopt;
  }
  // RES4LYF names the input whose size it takes instead of its own.
  if (const GraphInput* named = values_.input_named(node, "resize_to_input"))
    if (named->value.string().value_or("false") != "false") return std::nullopt;
  const auto number = [&](std::string_view name) -> std::int64_t {
    const GraphInput* input = values_.input_named(node, name);
    if (input == nullptr) return 0;
    return values_.value_of(*input, NodeField::kWidth).integer().value_or(0);
  };
  PixelSize size{number("width_override"), number("height_override")};
  if (size.width > 0 && size.height > 0) return size;

  std::optional<PixelSize> read;
  if (const auto words = size_text(node)) {
    if (const auto sizes = spec_of(*graph_.node(node).kind, "sizes");
        !sizes.empty())
      return size_of_choice(sizes, *words);
    read = pixel_size_in(*words, kLeastSide);
    // A choice that depends on another: `2:3 - 416x608 | 832x1216`.
    if (read && words->find('|') != words->npos) return std::nullopt;
  }
  const std::string_view swaps = read ? "invert" : "";
  if (!read) {
    const GraphInput* width = values_.input(node, NodeField::kWidth);
    const GraphInput* height = values_.input(node, NodeField::kHeight);
    if (width == nullptr || height == nullptr) return std::nullopt;
    if (width->is_link() && height->is_link() && width->node == height->node &&
        reads_size(width->node)) {
      read = size_from(width->node, depth + 1);
      if (!read) return std::nullopt;
    }
    // A picker behind both links knows more than the two numbers: a text, a
    // swap, a scale.
    const auto picked = [&](const GraphInput& input,
                            NodeField field) -> std::int64_t {
      const bool is_picker =
          input.is_link() && !is_picked &&
          (values_.input(input.node, NodeField::kSizeText) != nullptr ||
           size_text(input.node) ||
           !spec_of(*graph_.node(input.node).kind, "ratio").empty());
      if (is_picker) {
        // Of a ratio alone no size follows.
        const auto pair = own_size(input.node, depth + 1, true);
        if (!pair) return 0;
        return field == NodeField::kWidth ? pair->width : pair->height;
      }
      return values_.value_of(input, field).integer().value_or(0);
    };
    if (!read)
      read = PixelSize{picked(*width, NodeField::kWidth),
                       picked(*height, NodeField::kHeight)};
    if (are_crossed(*width, *height)) std::swap(read->width, read->height);
  }
  if (read->width <= 0 || read->height <= 0) return std::nullopt;
  if (values_.link(node, NodeField::kImage) != nullptr) {
    if (keeps_proportions(node)) return std::nullopt;
    for (const std::string_view name : {"divisible_by", "multiple_of"})
      if (const GraphInput* input = values_.input_named(node, name))
        if (const auto step = input->value.integer(); step && *step > 1 &&
                                                      *step <= read->width &&
                                                      *step <= read->height) {
          read->width -= read->width % *step;
          read->height -= read->height % *step;
        }
  }
  if (const auto step =
          number_in<std::int64_t>(spec_of(*graph_.node(node).kind, "rounded")))
    *read = rounded_size(*read, *step * format_scale(node));
  for (const std::string_view name :
       {std::string_view("swap_dimensions"), swaps})
    if (const GraphInput* swap = values_.input_named(node, name))
      if (swap->value.string() == "On" || swap->value.boolean().value_or(false))
        std::swap(read->width, read->height);
  // A size that lies, to be stood up.
  if (const GraphInput* way = values_.input_named(node, "direction");
      way != nullptr && way->value.string() == "portrait" &&
      read->width > read->height)
    std::swap(read->width, read->height);
  // Comfyroll's ratios scale what they picked before they hand it on.
  if (const GraphInput* scale = values_.input_named(node, "prescale_factor"))
    if (const auto factor = scale->value.number();
        factor && *factor > 0 && *factor < 100)
      return size_times(*read, *factor);
  return read;
}

std::optional<PixelSize> ComfyWalk::size_from(NodeIndex node, unsigned depth) {
  if (depth > kMaxDepth || !enter(node)) return std::nullopt;
  const NodeRole role = values_.role(node);
  const bool scales = role == NodeRole::kLatentScale;
  std::optional<PixelSize> size;
  const bool holds_size =
      role != NodeRole::kSaver && role != NodeRole::kPreview &&
      role != NodeRole::kSampler &&
      (role != NodeRole::kImageSource || (graph_.node(node).kind->own_fields &
                                          field_bit(NodeField::kWidth)) != 0);
  // A latent that was scaled before the first pass began as the one before.
  if (holds_size && !scales) size = own_size(node, depth);
  if (size || is_size_hidden_) return size;
  if (resizes(node)) return scaled_size(node, depth);
  // Made as large as numbers say that the graph does not hold: what else leads
  // here has another size.
  if ((role == NodeRole::kLatent || role == NodeRole::kImageSource) &&
      (values_.link(node, NodeField::kWidth) != nullptr ||
       values_.link(node, NodeField::kHeight) != nullptr)) {
    is_size_hidden_ = true;
    return std::nullopt;
  }
  // What a pipe holds is not this picture where one is handed in beside it.
  const bool is_handed_in = role == NodeRole::kSettings &&
                            values_.link(node, NodeField::kImage) != nullptr;
  each_image_link(node, [&](const GraphInput& input) {
    size = size_from(input.node, depth + 1);
    return size.has_value() || is_handed_in || is_size_hidden_;
  });
  if (!size && scales) size = own_size(node, depth);
  return size;
}

void ComfyWalk::find_size(NodeIndex sampler) {
  start_sizing();
  std::optional<PixelSize> size = size_from(sampler, 0);
  if (!size && !is_size_hidden_) {
    // All in one: the sampler has the size itself.
    size = own_size(sampler, 0);
  }
  if (!size) return;
  result_.width = size->width;
  result_.height = size->height;
}

void ComfyWalk::read_scaling(NodeIndex node, Scaling& scaling) {
  const NodeKind& kind = *graph_.node(node).kind;
  const std::string_view name = graph_.node(node).class_type;
  const bool by_name = kind.role == NodeRole::kUnknown &&
                       contains_any_ignoring_case(name, {"upscale", "resize"});
  const bool is_scaling =
      kind.role == NodeRole::kLatentScale ||
      kind.role == NodeRole::kImageScale || by_name ||
      !spec_of(kind, "scale").empty() ||
      (kind.role == NodeRole::kPass && contains_ignoring_case(name, "upscale"));
  if (!is_scaling) return;
  scaling.is_found = true;
  name_upscaler(node, scaling);
  const GraphInput* scale = values_.input(node, NodeField::kScale);
  const auto factor =
      scale == nullptr ? std::nullopt
                       : values_.value_of(*scale, NodeField::kScale).number();
  start_sizing();
  if (const auto size = own_size(node, 0)) {
    scaling.size = size;
    scaling.factor.reset();
    scaling.is_factor_hidden = false;
  } else if (!factor) {
    scaling.size.reset();
    scaling.is_factor_hidden = true;
  } else if (scaling.size) {
    scaling.size = size_times(*scaling.size, *factor);
  } else {
    scaling.factor = scaling.factor.value_or(1.0) * *factor;
  }
}

// A model goes before a method that was named before it.
void ComfyWalk::name_upscaler(NodeIndex node, Scaling& scaling) {
  const auto name = [&](std::optional<std::string_view> word) {
    scaling.is_upscaler_named = true;
    scaling.upscaler.reset();
    if (word) scaling.upscaler = std::string(*word);
  };
  if ((graph_.node(node).kind->own_fields &
       field_bit(NodeField::kUpscalerName)) != 0)
    name(values_.value(node, NodeField::kUpscalerName).string());
  else if (const GraphInput* model = values_.input_named(node, "upscale_model"))
    name(values_.value_of(*model, NodeField::kUpscalerName).string());
  else if (const GraphInput* method =
               values_.input_named(node, "upscale_method");
           method != nullptr && !scaling.is_upscaler_named)
    name(method->value.string());
}

// Efficiency nodes: a second pass is a script of the first.
void ComfyWalk::find_script(NodeIndex sampler) {
  const GraphInput* script = values_.input_named(sampler, "script");
  for (unsigned i = 0; i < kMaxPasses && script != nullptr; ++i) {
    if (!script->is_link()) return;
    const NodeIndex node = script->node;
    if (values_.role(node) == NodeRole::kHiresScript) {
      Hires& hires = result_.hires;
      hires.upscale = values_.value(node, NodeField::kScale).number();
      hires.steps = values_.value(node, NodeField::kSteps).integer();
      hires.denoising_strength =
          values_.value(node, NodeField::kDenoise).number();
      // What the script scales with depends on its type; the other widget is
      // left over.
      std::string_view widget = "pixel_upscaler";
      const GraphInput* kind = values_.input_named(node, "upscale_type");
      const auto type = kind != nullptr ? kind->value.string() : std::nullopt;
      if (type == "latent") widget = "latent_upscaler";
      const GraphInput* ckpt = values_.input_named(node, "hires_ckpt_name");
      if (ckpt != nullptr && (type == "latent" || type == "both"))
        if (const auto name = ckpt->value.string();
            name && *name != "(use same)")
          add_extra("hires_model", *name);
      if (const GraphInput* upscaler = values_.input_named(node, widget);
          upscaler != nullptr && (kind == nullptr || !kind->is_link()))
        if (const auto name = upscaler->value.string())
          hires.upscaler = std::string(*name);
      return;
    }
    script = values_.input_named(node, "script");
  }
}

}  // namespace sdmeta
