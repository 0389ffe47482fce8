#include "pipeline/diagnostics.h"

#include <gtest/gtest.h>

namespace sdmeta {
namespace {

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
