// Inputs of a temporary folder, listed in a form that tests can compare.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/inputs.h"
#include "tests/support/temp_dir.h"

namespace sdmeta {

class InputsTest : public ::testing::Test {
 protected:
  std::string at(std::string_view name) const;
  void put(std::string_view name, std::string_view content = "x") const;

  std::vector<Job> jobs_of(InputOptions options);
  std::vector<Job> jobs_of_root() { return jobs_of({.paths = {at("")}}); }

  TempDir dir_;
  InputCounts counts_;
};

using Strings = std::vector<std::string>;

Strings paths(const std::vector<Job>& jobs);

/// "member=content" of each job, "member!error: detail" where there is one. The
/// member is "" for jobs without.
Strings contents(const std::vector<Job>& jobs, const Limits& limits = {});

}  // namespace sdmeta
