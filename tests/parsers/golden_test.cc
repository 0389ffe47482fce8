// Every fixtures/<tool>/<case>.fields against <case>.golden.json.
#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include "tests/support/fields_file.h"

namespace sdmeta {
namespace {

TEST(Golden, EveryFieldsFixtureGivesItsGoldenInterpretation) {
  const auto paths = all_fields_files();
  ASSERT_FALSE(paths.empty());
  for (const auto& path : paths) {
    SCOPED_TRACE(path.string());
    const Interpretation got = interpret(read_fields_file(path), Limits{});
    std::filesystem::path golden = path;
    golden.replace_extension(".golden.json");
    EXPECT_EQ(compare_with_golden(golden, describe(got)), "");
  }
}

TEST(Golden, EveryGoldenHasItsFixture) {
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(SDMETA_FIXTURES)) {
    const std::string name = entry.path().string();
    constexpr std::string_view kSuffix = ".golden.json";
    if (!name.ends_with(kSuffix)) continue;
    const std::string stem = name.substr(0, name.size() - kSuffix.size());
    EXPECT_TRUE(std::filesystem::exists(stem + ".fields")) << name;
  }
}

}  // namespace
}  // namespace sdmeta
