// ComfyUI writes a scene twice: as it was executed, and as the editor shows it.
// Whichever is left in a file, the record is the same.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "parsers/interpret.h"
#include "tests/support/comfy_graphs.h"
#include "tests/support/fields_file.h"
#include "tests/support/golden.h"

namespace sdmeta {
namespace {

TEST(ComfyForms, TheEditorsFileOfAnExecutedGraphGivesTheSameRecord) {
  const auto record = [](std::string key, std::string value) {
    return describe(
        interpret(fields(std::move(key), std::move(value)), Limits{}));
  };
  for (const auto& [name, nodes] : executed_graphs())
    EXPECT_EQ(record("workflow", editor_file_of(nodes).dump()),
              record("prompt", nodes.dump()))
        << name;
  EXPECT_GT(executed_graphs().size(), 200u);
}

}  // namespace
}  // namespace sdmeta
