// Arithmetic of graphs: what ComfyUI's math nodes compute from numbers that are
// all known. Python's rules, as all of these nodes are Python: whole numbers
// stay whole and exact, `/` gives a real one, `//` and `%` round down.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sdmeta {

/// A whole number from -(2^64-1) to 2^64-1, as seeds may be, or a double.
class Number {
 public:
  __extension__ typedef __int128 Whole;

  static Number whole(Whole value) { return Number(true, value, 0.0); }
  static Number real(double value) { return Number(false, 0, value); }
  /// Reads what JSON calls a number, and true and false as 1 and 0.
  static std::optional<Number> read(std::string_view text);

  bool is_whole() const { return is_whole_; }
  Whole whole() const { return whole_; }
  double real() const {
    return is_whole_ ? static_cast<double>(whole_) : real_;
  }
  bool is_true() const { return is_whole_ ? whole_ != 0 : real_ != 0.0; }
  /// As JSON: decimal digits, or the shortest form that reads back the same.
  std::string text() const;

 private:
  Number(bool is_whole, Whole whole, double real)
      : is_whole_(is_whole), whole_(whole), real_(real) {}

  bool is_whole_;
  Whole whole_;
  double real_;
};

/// The value of a name in an expression, or nothing if it is not known.
using NumberOfName = std::function<std::optional<Number>(std::string_view)>;

/// Evaluates `a * 2 + max(b, 8) // 3` and the like: arithmetic, comparisons,
/// `and or not`, `x if c else y` and the functions that math nodes allow.
/// Nothing for what is not known, not exact, too large or not understood.
/// Expressions beyond 4096 bytes or 64 levels are not read.
std::optional<Number> evaluate(std::string_view expression,
                               const NumberOfName& number_of);

/// One operation on two numbers, by the names that nodes give them in their
/// widgets: `add`, `Sub`, `multiply`, `//`, `a + b`, `floor division`, ...
std::optional<Number> operate(std::string_view operation, Number a, Number b);

/// How an output of a math node turns its result into its own type: `floor`,
/// `round` (half to even) or `trunc`; other words keep it.
std::optional<Number> rounded(std::string_view how, Number value);

}  // namespace sdmeta
