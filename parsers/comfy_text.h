// The text behind a node of a ComfyUI graph: prompts through encoders, fan-ins
// of conditioning, concatenations, switches and pipes. Conditioning and strings
// are one question here, as custom nodes mix them freely.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/comfy_values.h"
#include "parsers/text_parts.h"

namespace sdmeta {

/// The side of a sampler a text is asked for: nodes that hold both have an
/// input or an output for each.
enum class PromptSide : std::uint8_t { kPositive, kNegative };

/// What the editor's copy of a graph holds where the executed one has nothing;
/// several are in the order of their ids.
struct TextHint {
  std::string_view id;
  std::string_view text;
};

/// Language models and taggers nobody listed, by the name of their class: what
/// they are asked is not what they answer. Those that encode it themselves are
/// encoders.
bool writes_text_itself(std::string_view class_type);

class GraphTexts {
 public:
  GraphTexts(GraphValues& values, std::span<const TextHint> hints)
      : values_(values), graph_(values.graph()), hints_(hints) {
    memo_[0].resize(graph_.size(), kNotAsked);
    memo_[1].resize(graph_.size(), kNotAsked);
  }

  /// The text that `input` holds or leads to. A resolved empty string is a
  /// result; nullopt means that the graph does not hold it.
  std::optional<std::string> text(const GraphInput& input, PromptSide side);
  /// The text of a node itself.
  std::optional<std::string> text_of(NodeIndex node, PromptSide side);

  /// Nodes that turned text into conditioning on this side, in the order met.
  const std::vector<NodeIndex>& encoders(PromptSide side) const {
    return encoders_[static_cast<std::size_t>(side)];
  }
  /// Nodes whose text is not in the graph: language models, taggers, files.
  const std::vector<NodeIndex>& open_nodes() const { return open_; }
  /// Texts for parts of the picture, in the order met.
  const std::vector<std::string>& regions() const { return regions_.all(); }
  /// Distilled guidance met on the positive side, the first.
  std::optional<double> guidance() const { return guidance_; }
  /// Some text was left out because there was too much of it.
  bool is_cut() const { return is_cut_; }
  /// Some text was put together, or chosen from several, by a class nobody
  /// listed.
  bool is_guess() const { return is_guess_; }
  /// Some text lacks a part that the graph does not hold, or is absent though
  /// there is an older one, whose place was taken by what is not held.
  bool is_partial() const { return is_partial_; }

 private:
  using Text = std::optional<std::string>;
  // Chains of loaders, reroutes and concatenations in real graphs stay below
  // 50.
  static constexpr unsigned kMaxDepth = 300;
  // Concatenating a text with itself doubles it; some forty nodes would make
  // terabytes, and so does replacing each letter of it by a text. Real prompts,
  // with every node they pass through counted, stay below a megabyte.
  static constexpr std::size_t kMaxBytesMade = 16u << 20;
  static constexpr std::int32_t kNotAsked = -1;
  static constexpr std::int32_t kUnderWay = -2;
  struct Answer {
    Text text;
    bool lacks_some = false;
  };
  /// What is asked while it lives is a question of its own: before it nothing
  /// was lacking.
  class Question {
   public:
    explicit Question(GraphTexts& texts)
        : lacks_some_(texts.lacks_some_),
          lacked_before_(std::exchange(lacks_some_, false)) {}
    ~Question() { lacks_some_ = lacks_some_ || lacked_before_; }
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;

   private:
    bool& lacks_some_;
    bool lacked_before_;
  };

  Text ask(const GraphInput& input, PromptSide side, unsigned depth);
  Text ask_node(NodeIndex node, int slot, PromptSide side, unsigned depth);
  /// The answer as callers get it, with a note of what it lacks.
  Text told(Text text);
  /// What leaves a node by the output of this name (`outputs=` of its class):
  /// its input of that name, else its pipe's.
  Text output_text(NodeIndex node, std::string_view name, PromptSide side,
                   unsigned depth);
  /// The first text that a pipe has, newest first, by what `ask_pipe` makes of
  /// a link to one.
  template <class AskPipe>
  Text from_pipes(NodeIndex node, AskPipe&& ask_pipe);
  Text of_branch(NodeIndex node, PromptSide side, unsigned depth);
  Text compute(NodeIndex node, PromptSide side, unsigned depth);
  Text unknown(NodeIndex node);
  Text of_lora_box(NodeIndex node, PromptSide side, unsigned depth);
  Text made_of(NodeIndex node, PromptSide side, unsigned depth);
  Text or_hint(NodeIndex node, Text text);
  Text by_shape(NodeIndex node, PromptSide side, unsigned depth);
  std::vector<const GraphInput*> inputs_like(NodeIndex node,
                                             std::string_view name) const;
  std::string_view numbered_inputs(NodeIndex node) const;
  bool has_several_texts(NodeIndex node) const;
  const GraphInput* text_of_output(NodeIndex node, int slot, PromptSide side);
  Text guider_text(NodeIndex node, PromptSide side, unsigned depth);
  Text named(NodeIndex node, NodeField field, PromptSide side, unsigned depth);
  Text encoded(NodeIndex node, PromptSide side, unsigned depth);
  Text conditionings(NodeIndex node, PromptSide side, unsigned depth);
  Text joined(NodeIndex node, std::string_view names, PromptSide side,
              unsigned depth);
  /// False, and the walk is cut, where so many more bytes are too many.
  bool may_make(std::size_t bytes);
  Text replaced_in(std::string_view text, std::string_view what,
                   std::string_view with);
  // comfy_text_rules.cc. Nullopt: the class has no rule of its own.
  std::optional<Text> by_own_rule(NodeIndex node, PromptSide side,
                                  unsigned depth);
  Text replaced(NodeIndex node, PromptSide side, unsigned depth);
  Text toggled(NodeIndex node, PromptSide side, unsigned depth);
  Text one_line(NodeIndex node, const std::string& lines);
  Text scheduled(NodeIndex node, PromptSide side, unsigned depth);
  Text preset(NodeIndex node, PromptSide side, unsigned depth);
  Text captioned(NodeIndex node, PromptSide side, unsigned depth);

  const GraphInput* branch_taken(NodeIndex node, PromptSide side);
  Text hinted(NodeIndex node) const;
  Text cached(NodeIndex node) const;
  Text shown_elsewhere(NodeIndex node);
  Text of_side(NodeIndex node, PromptSide side, unsigned depth);
  Text joined_by_shape(NodeIndex node, PromptSide side, unsigned depth);
  bool makes_unknown_text(NodeIndex node) const;
  bool translates(NodeIndex node) const;
  bool works_on_strings(NodeIndex node) const;
  bool draws_lots(NodeIndex node, std::string_view text) const;
  bool fills_template(NodeIndex node, std::string_view text) const;
  std::optional<Text> edited_by_shape(NodeIndex node, PromptSide side,
                                      unsigned depth);
  std::optional<Text> replaced_by_shape(NodeIndex node, PromptSide side,
                                        unsigned depth);
  std::optional<Text> filled_in(NodeIndex node, PromptSide side,
                                unsigned depth);
  Text any_link(NodeIndex node, PromptSide side, unsigned depth);
  Text odd_widget(NodeIndex node, PromptSide side) const;
  /// Nullopt: not JSON in which a node keeps what was chosen in it.
  std::optional<Text> words_of_state(std::string_view text,
                                     PromptSide side) const;

  GraphValues& values_;
  const Graph& graph_;
  std::span<const TextHint> hints_;
  // What is shown, and the node that shows it, sorted; once asked.
  std::optional<std::vector<std::pair<NodeIndex, NodeIndex>>> shown_by_;
  std::vector<std::int32_t> memo_[2];  // by side and node: index into answers_
  std::deque<Answer> answers_;
  std::vector<NodeIndex> encoders_[2];
  std::vector<NodeIndex> open_;
  TextParts regions_;
  std::optional<double> guidance_;
  std::size_t bytes_made_ = 0;
  bool is_cut_ = false;
  bool is_guess_ = false;
  // Of the question under way, some text is not in the graph. What would be
  // taken where there is none must not take its place.
  bool lacks_some_ = false;
  bool is_partial_ = false;
};

template <class AskPipe>
std::optional<std::string> GraphTexts::from_pipes(NodeIndex node,
                                                  AskPipe&& ask_pipe) {
  const Question question(*this);
  Text text;
  graph_.each_input(node, NodeField::kPipe, [&](const GraphInput& input) {
    if (!input.is_link()) return false;
    if (lacks_some_) return is_partial_ = true;
    text = ask_pipe(input);
    return text.has_value();
  });
  return text;
}

}  // namespace sdmeta
