// Group nodes, which editors had before subgraphs (2023 to 2025): a definition
// {"nodes": [...], "links": [[from, slot, to, input], ...], "external": [...]}
// that counts its nodes by position and gives neither nodes nor links an id
// (ComfyUI_frontend, src/extensions/core/groupNode.ts).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "parsers/comfy_scopes.h"

namespace sdmeta {

/// Reads links and ends of the definition of `group`. `strings` keeps ids.
void read_group_node(Scope& group, EditorFile& file, Graph& strings);

/// Where the link into this input begins, by the position of its node; null if
/// there is none.
const LinkOrigin* group_link(const Scope& group, std::int64_t node,
                             std::int64_t input);

/// The widgets' values on the face of `group` that belong to the node at this
/// position; empty if that is not known.
std::span<const JsonValue> group_values(const Scope& group, std::size_t node);

}  // namespace sdmeta
