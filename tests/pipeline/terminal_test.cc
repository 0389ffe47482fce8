#include "pipeline/terminal.h"

#include <gtest/gtest.h>

namespace sdmeta {
namespace {

TEST(Printable, KeepsText) {
  EXPECT_EQ(printable("shots/雪 ü.png"), "shots/雪 ü.png");
}

// A file name must not be able to move the cursor or clear the screen.
TEST(Printable, ShowsControlCharacters) {
  EXPECT_EQ(printable("a\x1b[2Jb\n\x7f\xC2\x9B"),
            "a\\x1b[2Jb\\x0a\\x7f\\xc2\\x9b");
}

TEST(Printable, ShowsBytesThatAreNoText) {
  EXPECT_EQ(printable("caf\xE9"), "caf\\xe9");
}

}  // namespace
}  // namespace sdmeta
