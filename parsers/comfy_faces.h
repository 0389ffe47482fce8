// The faces of subgraph instances in an editor's ComfyUI file: values of inputs
// that the subgraph has, and of widgets inside it, that are kept at the
// instance and go before those inside.
#pragma once

#include <cstddef>
#include <string_view>

#include "parsers/comfy_scopes.h"

namespace sdmeta {

/// The value that the instance of `scope` shows for its input `name`; missing
/// if it shows none.
JsonValue shown_value(EditorFile& file, std::size_t scope,
                      std::string_view name);

/// The value that the instance of `scope` shows for a widget of node `id`
/// inside it; missing if it shows none.
JsonValue promoted_value(EditorFile& file, std::size_t scope,
                         std::string_view id, std::string_view widget);

}  // namespace sdmeta
