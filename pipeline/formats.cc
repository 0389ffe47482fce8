#include "pipeline/formats.h"

#include <CLI/Version.hpp>
#include <archive.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <oneapi/tbb/version.h>
#include <simdjson.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

#include "extractor/raw_fields.h"
#include "parsers/parser_table.h"
#include "pipeline/version.h"

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

std::string print_version() {
  return fmt::format(
      "sdmeta {}\n{}\noneTBB {}\nzstd {}\nzlib {}\nsimdjson {}.{}.{}\n"
      "nlohmann/json {}.{}.{}\nfmt {}.{}.{}\nCLI11 {}\n",
      kVersion, archive_version_string(), TBB_runtime_version(),
      ZSTD_versionString(), zlibVersion(), simdjson::SIMDJSON_VERSION_MAJOR,
      simdjson::SIMDJSON_VERSION_MINOR, simdjson::SIMDJSON_VERSION_REVISION,
      NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
      NLOHMANN_JSON_VERSION_PATCH, FMT_VERSION / 10000,
      FMT_VERSION / 100 % 100, FMT_VERSION % 100, CLI11_VERSION);
}

}  // namespace sdmeta
