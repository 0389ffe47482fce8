#include "parsers/comfy_values.h"

#include <algorithm>

#include "parsers/text.h"

namespace sdmeta {
namespace {

// Chains of reroutes and primitives in real graphs stay below ten.
constexpr unsigned kMaxDepth = 100;
// Arithmetic on arithmetic, switches that choose by a switch.
constexpr unsigned kMaxQuestions = 16;
// Results of arithmetic in one graph; each takes some kilobytes.
constexpr std::size_t kMaxComputed = 256;

bool is_text_field(NodeField field) {
  return field == NodeField::kSampler || field == NodeField::kScheduler ||
         field == NodeField::kSizeText || field == NodeField::kModelName ||
         field == NodeField::kVaeName || field == NodeField::kUpscalerName ||
         field == NodeField::kTextEncoderName ||
         field == NodeField::kControlNetName;
}

// A number by a link of its own is that one, though the graph may not hold it.
bool is_a_samplers_own(NodeField field) {
  return field == NodeField::kSeed || field == NodeField::kSteps ||
         field == NodeField::kCfg || field == NodeField::kDenoise;
}

std::int64_t count_numbers(std::string_view text) {
  std::int64_t count = 0;
  bool is_number = false;  // this run of digits and points
  for (const char c : text) {
    if (is_digit(c) && !is_number) ++count;
    is_number = is_digit(c) || (is_number && c == '.');
  }
  return count;
}

// A name that holds a field may be used for something else by a class nobody
// listed; a value of the wrong type says so.
bool suits(NodeField field, JsonValue value) {
  if (!value || value.is_array() || value.is_object()) return false;
  if (field == NodeField::kValue) return true;
  if (field == NodeField::kSampler || field == NodeField::kScheduler) {
    const auto name = value.string();
    return name && *name != "None" && *name != "none";
  }
  if (is_text_field(field)) return value.is_string();
  return value.number().has_value();
}

}  // namespace

std::optional<std::string_view> GraphValue::string() const {
  if (!fixed.empty()) return fixed;
  return value.string();
}

bool is_model_file(std::string_view name) {
  for (const std::string_view ending :
       {".safetensors", ".ckpt", ".sft", ".gguf", ".pth", ".pt", ".bin",
        ".onnx"})
    if (name.size() > ending.size() && ends_with_ignoring_case(name, ending))
      return true;
  return false;
}

bool names_what_is_read(std::string_view class_type, std::string_view text) {
  if (!contains_any_ignoring_case(class_type,
                                  {"load", "file", "csv", "style"}) ||
      text.find(',') != text.npos)
    return false;
  constexpr std::ptrdiff_t kMostWords = 3;
  if (std::count_if(text.begin(), text.end(), is_space) < kMostWords)
    return true;
  const std::string_view ending = text.substr(text.rfind('.') + 1);
  return ending.size() < text.size() && !ending.empty() && ending.size() <= 4 &&
         is_letter(ending[0]) &&
         std::none_of(ending.begin(), ending.end(), is_space);
}

JsonValue plain_value(JsonValue value) {
  for (int i = 0; i < 3; ++i) {
    if (value.is_object()) {
      JsonValue inner = value[std::string_view("content")];
      if (!inner) inner = value[std::string_view("__value__")];
      if (!inner) return value;
      value = inner;
    } else if (value.is_array() && value.size() == 1) {
      value = value[std::size_t{0}];
    } else {
      break;
    }
  }
  return value;
}

bool GraphValues::spend(NodeIndex node) {
  const std::size_t cost = 1 + graph_.node(node).input_count / 16;
  visits_left_ -= std::min(visits_left_, cost);
  return visits_left_ > 0;
}

const GraphInput* GraphValues::input_named(NodeIndex node,
                                           std::string_view name) const {
  for (const GraphInput& input : graph_.inputs(node))
    if (name_matches(name, input.name)) return &input;
  return nullptr;
}

const GraphInput* GraphValues::input(NodeIndex node, NodeField field) const {
  const GraphInput* found = nullptr;
  graph_.each_input(node, field, [&](const GraphInput& input) {
    if (!input.is_link() && !input.value) return false;
    found = &input;
    return true;
  });
  return found;
}

const GraphInput* GraphValues::link(NodeIndex node, NodeField field) const {
  const GraphInput* found = nullptr;
  graph_.each_input(node, field, [&](const GraphInput& input) {
    if (input.is_link()) found = &input;
    return found != nullptr;
  });
  return found;
}

bool GraphValues::enter(NodeIndex node, unsigned depth) {
  std::uint32_t& stamp = stamps_[static_cast<std::size_t>(node)];
  if (depth > kMaxDepth || stamp == query_) return false;
  stamp = query_;
  return spend(node);
}

GraphValue GraphValues::value(NodeIndex node, NodeField field) {
  query_ = ++last_query_;
  return search(node, field, 0);
}

GraphValue GraphValues::value_of(const GraphInput& input, NodeField field) {
  query_ = ++last_query_;
  return search_link(input, field, 0);
}

std::string_view GraphValues::stands_for(NodeIndex node) const {
  const NodeKind& kind = *graph_.node(node).kind;
  const GraphInput* device = input_named(node, "noise_device");
  if (device != nullptr && device->is_link()) return {};
  if (device != nullptr && device->value.string() == "gpu")
    if (const std::string_view own = spec_of(kind, "gpu"); !own.empty())
      return own;
  return spec_of(kind, "is");
}

GraphValue GraphValues::search(NodeIndex node, NodeField field,
                               unsigned depth) {
  if (!enter(node, depth)) return {};
  GraphValue found;
  graph_.each_input(node, field, [&](const GraphInput& input) {
    found = search_link(input, field, depth);
    found.is_hidden =
        found.is_hidden ||
        (!found.is_known() && input.is_link() && is_a_samplers_own(field));
    return found.is_known() || found.is_hidden;
  });
  return found.is_known() || found.is_hidden
             ? found
             : search_settings(node, field, depth);
}

GraphValue GraphValues::search_settings(NodeIndex node, NodeField field,
                                        unsigned depth) {
  GraphValue found;
  for (const NodeField carrier : {NodeField::kSettings, NodeField::kPipe}) {
    graph_.each_input(node, carrier, [&](const GraphInput& input) {
      if (input.is_link()) found = search_link(input, field, depth + 1, false);
      return found.is_known() || found.is_hidden;
    });
    if (found.is_known() || found.is_hidden) break;
  }
  return found;
}

GraphValue GraphValues::search_link(const GraphInput& input, NodeField field,
                                    unsigned depth, bool may_be_bare) {
  if (!input.is_link()) {
    const JsonValue literal = plain_value(input.value);
    return suits(field, literal) ? GraphValue{literal, {}} : GraphValue{};
  }
  const NodeIndex node = input.node;
  if (stamps_[static_cast<std::size_t>(node)] == query_) return {};
  const GraphNode& target = graph_.node(node);
  const NodeKind& kind = *target.kind;

  // What goes into arithmetic or a draw of lots is not what comes out: the seed
  // of a random number is no seed.
  if (kind.role == NodeRole::kOpaqueNumber) return {};
  if (kind.role == NodeRole::kSwitch) {
    if (!enter(node, depth)) return {};
    const GraphInput* branch = selected(node);
    return branch != nullptr
               ? search_link(*branch, field, depth + 1, may_be_bare)
               : GraphValue{};
  }
  if (kind.role == NodeRole::kSettings && !kind.spec.empty()) {
    const bool is_schedule = target.class_type.ends_with("Scheduler");
    if (field == (is_schedule ? NodeField::kScheduler : NodeField::kSampler))
      if (const std::string_view name = stands_for(node); !name.empty())
        return {{}, name};
    // A schedule of n steps is a list of n + 1 sigmas, unless some other number
    // is made of them.
    const auto is_resampled = [&] {
      const GraphInput* wanted = this->input(node, NodeField::kSteps);
      return wanted != nullptr &&
             value_apart(*wanted).integer().value_or(0) > 0;
    };
    if (const std::string_view list = spec_of(kind, "list");
        field == NodeField::kSteps && !list.empty() && !is_resampled())
      if (const GraphInput* sigmas = input_named(node, list)) {
        const auto count =
            count_numbers(value_apart(*sigmas).string().value_or(""));
        return count < 2
                   ? GraphValue{}
                   : GraphValue{keep_number(Number::whole(count - 1)), {}};
      }
  }

  // Several numbers, each by an output of its own.
  if (kind.role == NodeRole::kNumber)
    if (const GraphInput* held =
            input_named(node, output_name(kind, input.slot)))
      return enter(node, depth) ? search_link(*held, field, depth + 1)
                                : GraphValue{};

  if (kind.role == NodeRole::kMath) {
    if (!enter(node, depth)) return {};
    const JsonValue result = computed(node, input.slot);
    return suits(field, result) ? GraphValue{result, {}} : GraphValue{};
  }

  GraphValue found = search(node, field, depth + 1);
  if (depth > kMaxDepth || found.is_known()) return found;

  // Primitives hold any field under a name that says nothing.
  const bool is_primitive =
      may_be_bare &&
      (kind.role == NodeRole::kNumber || kind.role == NodeRole::kText ||
       kind.role == NodeRole::kCachedText || kind.role == NodeRole::kUnknown);
  if (is_primitive) {
    // Choosers call what they hold as the input they are made for does.
    if (const GraphInput* same = input_named(node, input.name);
        same != nullptr && !same->is_link()) {
      const JsonValue literal = plain_value(same->value);
      if (suits(field, literal)) return {literal, {}};
    }
    for (const NodeField values : {NodeField::kValue, NodeField::kText}) {
      graph_.each_input(node, values, [&](const GraphInput& held) {
        if (held.is_link()) return false;
        // A seed is named: it is no steps, no guidance, no width.
        if (field != NodeField::kSeed && field != NodeField::kValue &&
            (usual_fields(held.name) & field_bit(NodeField::kSeed)) != 0)
          return false;
        const JsonValue literal = plain_value(held.value);
        if (suits(field, literal)) found.value = literal;
        return found.is_known();
      });
      if (found.is_known()) return found;
    }
  }
  // A node with one link and nothing else hands on what it gets.
  const GraphInput* only = nullptr;
  for (const GraphInput& other : graph_.inputs(node)) {
    if (!other.is_link()) continue;
    if (only != nullptr) return found;
    only = &other;
  }
  if (only == nullptr) return found;
  const bool hands_on =
      kind.role == NodeRole::kPass || kind.role == NodeRole::kNumber ||
      kind.role == NodeRole::kText || kind.role == NodeRole::kCachedText ||
      graph_.inputs(node).size() == 1;
  return hands_on ? search_link(*only, field, depth + 1, may_be_bare) : found;
}

// A question of its own: the one under way keeps its stamps.
JsonValue GraphValues::value_apart(const GraphInput& input) {
  if (!input.is_link()) return plain_value(input.value);
  if (questions_under_way_ >= kMaxQuestions) return {};
  ++questions_under_way_;
  const std::uint32_t outer = query_;
  const JsonValue value = value_of(input, NodeField::kValue).value;
  query_ = outer;
  --questions_under_way_;
  return value;
}

std::optional<Number> GraphValues::compute(NodeIndex node, std::int32_t slot) {
  const NodeKind& kind = *graph_.node(node).kind;
  const auto number = [&](std::string_view name) -> std::optional<Number> {
    const GraphInput* input = input_named(node, name);
    if (input == nullptr) return std::nullopt;
    const JsonValue value = value_apart(*input);
    if (!value.is_number() && !value.is_bool()) return std::nullopt;
    return Number::read(value.text());
  };
  // One input for all outputs, or one for each.
  const auto word = [&](std::string_view key) -> std::string_view {
    std::string_view names = spec_of(kind, key);
    std::string_view name = next_item(names);
    for (std::int32_t i = 0; i < slot && !names.empty(); ++i)
      name = next_item(names);
    const GraphInput* input = name.empty() ? nullptr : input_named(node, name);
    return input == nullptr ? std::string_view()
                            : value_apart(*input).string().value_or("");
  };
  if (const std::string_view fixed = spec_of(kind, "compute"); !fixed.empty())
    return evaluate(fixed, number);
  if (const std::string_view formula = word("formula"); !formula.empty())
    return evaluate(formula, number);
  std::string_view operands = spec_of(kind, "operands");
  if (operands.empty()) operands = "a,b";
  const std::string_view operation = word("operator");
  const auto first = number(next_item(operands));
  const auto second = number(next_item(operands));
  if (!first || !second) return std::nullopt;
  return operate(operation, *first, *second);
}

JsonValue GraphValues::computed(NodeIndex node, std::int32_t slot) {
  // Nothing while it is under way: arithmetic may go in circles.
  const auto [known, is_new] = computed_.try_emplace({node, slot});
  if (!is_new) return known->second;
  auto result = compute(node, slot);
  if (!result) return {};
  std::string_view results = spec_of(*graph_.node(node).kind, "results");
  for (std::int32_t i = 0; i < slot && !results.empty(); ++i)
    next_item(results);
  result = rounded(next_item(results), *result);
  if (!result) return {};
  return known->second = keep_number(*result);
}

JsonValue GraphValues::keep_number(Number number) {
  if (numbers_.size() >= kMaxComputed) return {};
  return numbers_.emplace_back(parse_json(number.text(), limits_)).root();
}

}  // namespace sdmeta
