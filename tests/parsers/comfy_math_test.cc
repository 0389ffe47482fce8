// Arithmetic as Python does it: what math nodes of ComfyUI compute.
#include "parsers/comfy_math.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace sdmeta {
namespace {

// a = 7, b = 0.5, seed = 2^64 - 1; other names are not known.
std::optional<Number> number_of(std::string_view name) {
  if (name == "a") return Number::whole(7);
  if (name == "b") return Number::real(0.5);
  if (name == "seed") return Number::whole(UINT64_MAX);
  return std::nullopt;
}

std::string value(std::string_view expression) {
  const auto result = evaluate(expression, number_of);
  return result ? result->text() : "unknown";
}

TEST(ComfyMath, WholeNumbersStayWholeAndExact) {
  EXPECT_EQ(value("a * 2 + 1"), "15");
  EXPECT_EQ(value("seed - 1"), "18446744073709551614");
  EXPECT_EQ(value("0 - seed"), "-18446744073709551615");
  EXPECT_EQ(value("2 ** 63"), "9223372036854775808");
  EXPECT_EQ(value("-2 ** 2"), "-4");
}

TEST(ComfyMath, DivisionIsPythons) {
  EXPECT_EQ(value("a / 2"), "3.5");
  EXPECT_EQ(value("a // 2"), "3");
  EXPECT_EQ(value("-a // 2"), "-4");
  EXPECT_EQ(value("-a % 4"), "1");
  EXPECT_EQ(value("a % -4"), "-1");
  EXPECT_EQ(value("7.5 // 2"), "3");
  EXPECT_EQ(value("1.0 // 0.1"), "9");
  EXPECT_EQ(value("1 / 0"), "unknown");
}

TEST(ComfyMath, PrecedenceIsPythons) {
  EXPECT_EQ(value("1 + 2 * 3 ** 2"), "19");
  EXPECT_EQ(value("(1 + 2) * 3"), "9");
  EXPECT_EQ(value("2 ** 3 ** 2"), "512");
  EXPECT_EQ(value("2 ** -1"), "0.5");
  EXPECT_EQ(value("10 - 3 - 2"), "5");
  EXPECT_EQ(value("1 < 2 and 3 > 2"), "1");
  EXPECT_EQ(value("1 < 2 < 2"), "0");
  EXPECT_EQ(value("not a == 7"), "0");
  EXPECT_EQ(value("4 if a > 9 else 5"), "5");
}

TEST(ComfyMath, RoundingIsHalfToEven) {
  EXPECT_EQ(value("round(2.5)"), "2");
  EXPECT_EQ(value("round(3.5)"), "4");
  EXPECT_EQ(value("int(-2.7)"), "-2");
  EXPECT_EQ(value("floor(-2.5) + ceil(2.1)"), "0");
  EXPECT_EQ(value("$floor(2.5)"), "2");
}

TEST(ComfyMath, FunctionsOfMathNodesAreKnown) {
  EXPECT_EQ(value("max(a, 3, 9) + min(a, b)"), "9.5");
  EXPECT_EQ(value("sqrt(16) + abs(0 - 3)"), "7");
  EXPECT_EQ(value("sum(1, 2, 3) + pow(2, 3)"), "14");
  EXPECT_EQ(value("sin(1)"), "unknown");
}

// Nothing is guessed: not even where the unknown part would not matter.
TEST(ComfyMath, WhatIsNotKnownMakesTheResultUnknown) {
  EXPECT_EQ(value("c * 0"), "unknown");
  EXPECT_EQ(value("a if c else a"), "unknown");
  EXPECT_EQ(value("seed * seed"), "unknown");
  EXPECT_EQ(value("seed / 3"), "unknown");
  EXPECT_EQ(value("2 ** 999999999999"), "unknown");
}

TEST(ComfyMath, WhatDoesNotParseIsUnknown) {
  for (const std::string_view text :
       {"", " ", "a +", "(a", "a)", "1 2", "a b", "max(", "max(a,", "* 3",
        "KSampler.seed", "1..2", "import os", "a if 1", "\"a\"", "[1]"})
    EXPECT_EQ(value(text), "unknown") << text;
}

TEST(ComfyMath, NestingIsBounded) {
  EXPECT_EQ(value(std::string(2000, '(') + "1" + std::string(2000, ')')),
            "unknown");
  std::string powers = "1";
  for (int i = 0; i < 1000; ++i) powers += "**1";
  EXPECT_EQ(value(powers), "unknown");
  EXPECT_EQ(value(std::string(4000, '-') + "1"), "1");
}

TEST(ComfyMath, OperationsHaveTheNamesThatWidgetsShow) {
  const Number a = Number::whole(7);
  const Number b = Number::whole(2);
  const auto made = [&](std::string_view operation) {
    const auto result = operate(operation, a, b);
    return result ? result->text() : "unknown";
  };
  EXPECT_EQ(made("Add"), "9");
  EXPECT_EQ(made("subtraction"), "5");
  EXPECT_EQ(made("a >= b"), "1");
  EXPECT_EQ(made("floor division"), "3");
  EXPECT_EQ(made("**"), "49");
  EXPECT_EQ(made("convolve"), "unknown");
}

}  // namespace
}  // namespace sdmeta
