// `sdmeta urls`: a download list of the images in the CSV, so that the loop
// CSV -> download -> extract -> what is missing closes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "extractor/error.h"
#include "extractor/limits.h"
#include "pipeline/report.h"

namespace sdmeta {

enum class UrlFormat : std::uint8_t {
  kPlain,  // one address a line
  kAria2,  // for `aria2c -i`: address, then an indented out=<image_id>
};

struct UrlsOptions {
  std::vector<std::string> csv_paths;  // files, or folders read recursively
  /// Leave out images that this JSONL has a sound record of. Images whose
  /// download was broken (status truncated, corrupt, not_an_image, unreadable,
  /// or a warning of the first two) are listed again.
  std::optional<std::string> missing_from;
  /// Leave out rows of a higher level, and rows that state none.
  std::optional<std::int64_t> max_nsfw_level;
  UrlFormat format = UrlFormat::kPlain;
  std::string output = "-";  // "-" is standard output
  unsigned threads = 1;
  Limits limits;
};

struct UrlsCounts {
  std::uint64_t rows = 0;           // images in the CSV, each once
  std::uint64_t written = 0;
  std::uint64_t present = 0;        // have a sound record
  std::uint64_t above_level = 0;
  std::uint64_t without_address = 0;  // image_url is none, nor a UUID
  std::uint64_t bad_rows = 0;
  std::uint64_t bad_records = 0;  // lines that are no record; reported
};

Result<UrlsCounts> run_urls(const UrlsOptions& options, const Report& report);

std::string to_text(const UrlsCounts& counts);

}  // namespace sdmeta
