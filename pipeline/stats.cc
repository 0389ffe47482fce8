#include "pipeline/stats.h"

#include <nlohmann/json.hpp>

#include "pipeline/version.h"

namespace sdmeta {

std::string print_stats(const RunStats& stats) {
  using Json = nlohmann::ordered_json;
  const Tally& tally = stats.tally;
  Json by_status = Json::object();
  for (std::size_t i = 0; i < kStatusCount; ++i)
    by_status[std::string(status_name(static_cast<Status>(i)))] =
        tally.by_status[i];
  Json json = {
      {"version", program_version()},
      {"complete", stats.is_complete},
      {"records", tally.records},
      {"by_status", std::move(by_status)},
      {"damaged", tally.damaged},
      {"with_row", tally.with_row},
      {"without_row", tally.records - tally.with_row},
      {"already_recorded", stats.already_recorded},
      {"failed_before", stats.failed_before},
      {"image_bytes", tally.image_bytes},
      {"output_bytes", tally.output_bytes},
      {"skipped_names", stats.inputs.skipped_names},
      {"other_shards", stats.inputs.other_shards},
      {"archives", stats.inputs.archives},
      {"unreadable_lists", stats.inputs.unreadable_lists},
      {"csv", nullptr},
      {"seconds", stats.seconds},
      {"files_per_second",
       stats.seconds > 0 ? static_cast<double>(tally.records) / stats.seconds
                         : 0.0},
      {"threads", stats.threads},
      {"io_depth", stats.io_depth},
  };
  if (stats.csv) {
    json["csv"] = {{"files", stats.csv->files},
                   {"rows", stats.csv->rows},
                   {"bad_rows", stats.csv->bad_rows},
                   {"duplicate_rows", stats.csv->duplicate_rows},
                   {"conflicting_rows", stats.csv->conflicting_rows},
                   {"unmatched_rows", nullptr}};
    if (stats.unmatched_rows)
      json["csv"]["unmatched_rows"] = *stats.unmatched_rows;
  }
  return json.dump(2) + "\n";
}

}  // namespace sdmeta
