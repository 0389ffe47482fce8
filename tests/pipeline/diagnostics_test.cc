#include "pipeline/diagnostics.h"

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

TEST(Outcome, EveryOtherStatusIsAFailure) {
  Tally tally;
  tally.records = kStatusCount;
  tally.by_status.fill(1);
  const Outcome outcome = outcome_of(tally);
  EXPECT_EQ(outcome.ok, 1u);
  EXPECT_EQ(outcome.without_metadata, 2u);
  EXPECT_EQ(outcome.failed, 6u);
}

}  // namespace
}  // namespace sdmeta
