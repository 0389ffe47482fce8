#include "pipeline/version.h"

#include <CLI/Version.hpp>
#include <archive.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <oneapi/tbb/version.h>
#include <simdjson.h>
#include <zlib.h>
#include <zstd.h>

#include "extractor/libraries.h"

namespace sdmeta {

std::string_view program_version() noexcept { return SDMETA_VERSION; }

std::string print_version() {
  return fmt::format(
      "sdmeta {}\n{}{}\noneTBB {}\nzstd {}\nzlib {}\nsimdjson {}.{}.{}\n"
      "nlohmann/json {}.{}.{}\nfmt {}.{}.{}\nCLI11 {}\n",
      program_version(), image_libraries(), archive_version_string(),
      TBB_runtime_version(), ZSTD_versionString(), zlibVersion(),
      simdjson::SIMDJSON_VERSION_MAJOR, simdjson::SIMDJSON_VERSION_MINOR,
      simdjson::SIMDJSON_VERSION_REVISION, NLOHMANN_JSON_VERSION_MAJOR,
      NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH,
      FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100,
      CLI11_VERSION);
}

}  // namespace sdmeta
