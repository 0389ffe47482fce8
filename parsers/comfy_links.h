// Where the links of an editor's ComfyUI file come from, after all that the
// editor resolves when it queues a graph (ComfyUI_frontend,
// src/utils/executionUtil.ts): reroutes, primitives, muted and bypassed nodes,
// Set/Get pairs, subgraphs and group nodes, broadcasts of Use Everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "parsers/comfy_scopes.h"

namespace sdmeta {

/// A node's output, or the value of a primitive, or nothing.
struct LinkSource {
  NodeIndex node = kNoNode;
  std::int32_t slot = 0;
  JsonValue value;

  bool is_found() const { return node != kNoNode || bool(value); }
};

/// Nodes of `file` must have their index before the first question.
class LinkResolver {
 public:
  explicit LinkResolver(EditorFile& file) : file_(file) {}

  /// What feeds an input of `node`: the one at this position of its `inputs`.
  LinkSource source_of(const EditorNode& node, JsonValue input,
                       std::int64_t position);

 private:
  // `steps`: of one link; each call counts.
  LinkSource from_link(std::size_t scope, JsonValue link, unsigned steps);
  LinkSource from_origin(std::size_t scope, const LinkOrigin& origin,
                         unsigned steps);
  LinkSource from_instance(std::size_t scope, std::int64_t slot,
                           unsigned steps);
  LinkSource through_bypassed(const EditorNode& node, std::int64_t slot,
                              unsigned steps);
  LinkSource from_first_input(const EditorNode& node, unsigned steps);
  const EditorNode* setter(const EditorNode& getter);

  EditorFile& file_;
  // Variables, by scope and by name alone, to the first node that sets them;
  // once asked.
  std::optional<
      std::map<std::pair<std::size_t, std::string_view>, const EditorNode*>>
      setters_;
};

}  // namespace sdmeta
