// Captions in JSON that nodes put together for models which read them.
//
// KJNodes' Ideogram4PromptBuilderKJ (nodes/ideogram4_nodes.py):
//   {"high_level_description":"a heron","style_description":{...},
//    "compositional_deconstruction":{"background":"...","elements":[{
//      "type":"obj","bbox":[120,300,900,700],"desc":"the heron"}]}}
#pragma once

#include <string>
#include <string_view>

#include "extractor/limits.h"

namespace sdmeta {

/// What the node's widgets hold.
struct IdeogramCaption {
  std::string_view description;  // of the whole; left out if it is blank
  std::string_view background;
  std::string_view style;       // `photo`, `art_style` or `none`
  std::string_view style_text;  // of the one chosen
  std::string_view aesthetics;
  std::string_view lighting;
  std::string_view medium;
  std::string_view palette;   // JSON: ["#a1b2c3", ...]
  std::string_view elements;  // JSON: [{"type", "x", "y", "w", "h", "desc"}]
  bool is_pretty = false;     // in lines, with four blanks a level
};

/// Whether the list of elements has any.
bool has_elements(std::string_view elements, const Limits& limits);

/// The caption, byte by byte as Python's json module writes it.
std::string ideogram_caption(const IdeogramCaption& caption,
                             const Limits& limits);

}  // namespace sdmeta
