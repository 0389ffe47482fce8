// Which CSV files the arguments mean.
#pragma once

#include <string>
#include <vector>

#include "extractor/error.h"

namespace sdmeta {

/// The CSV files among `paths`, in this order; folders are read recursively, in
/// byte order of names: *.csv, *.csv.gz, *.csv.zst. "-" is /dev/stdin. An error
/// names what is missing or a folder without any.
Result<std::vector<std::string>> list_csv_files(
    const std::vector<std::string>& paths);

}  // namespace sdmeta
