#include "pipeline/formats.h"

#include <fmt/format.h>

#include <algorithm>

#include "extractor/raw_fields.h"
#include "parsers/parser_table.h"

namespace sdmeta {

std::string print_formats() {
  std::size_t width = 0;
  for (const ParserRow* row : parser_table())
    width = std::max(width, row->name.size());
  std::string text =
      "Writers, in order of precedence; the names below each are values of "
      "`generation.software`:\n\n";
  for (const ParserRow* row : parser_table())
    text += fmt::format("  {:<{}}  {}\n  {:<{}}    {}\n", row->name, width,
                        row->where, "", width, row->software);
  text += "\nFile types, by magic bytes:\n\n ";
  for (int i = 1; i <= static_cast<int>(Container::kMatroska); ++i)
    text.append(" ").append(container_name(static_cast<Container>(i)));
  text +=
      "\n\nArchives: tar (also .gz, .zst, .xz, .bz2), zip, 7z. "
      "Output: JSON lines, also .gz and .zst.\n";
  return text;
}

}  // namespace sdmeta
