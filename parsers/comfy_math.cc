#include "parsers/comfy_math.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <vector>

#include "parsers/text.h"

namespace sdmeta {
namespace {

using Result = std::optional<Number>;
using Whole = Number::Whole;

// Whole numbers stay in what Number holds, so that sums of two fit a Whole.
constexpr Whole kLargest = UINT64_MAX;
// Doubles are exact for whole numbers up to here.
constexpr double kLargestExact = 9007199254740992.0;

constexpr std::size_t kMaxBytes = 4096;
constexpr unsigned kMaxDepth = 64;
constexpr std::size_t kMaxArguments = 32;

bool is_in_name(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

Result checked(Whole value) {
  if (value > kLargest || value < -kLargest) return std::nullopt;
  return Number::whole(value);
}

Result product_of(Whole a, Whole b) {
  // Products of numbers that are both large do not fit a Whole either.
  constexpr double kTooLarge = 1e20;
  if (std::fabs(static_cast<double>(a) * static_cast<double>(b)) > kTooLarge)
    return std::nullopt;
  return checked(a * b);
}

Result checked(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  return Number::real(value);
}

Whole floor_divide(Whole a, Whole b) {
  const Whole quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

double modulo(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0.0 && (rest < 0.0) != (b < 0.0) ? rest + b : rest;
}

// By way of the rest, as Python does: 1.0 // 0.1 is 9.
double floor_divide(double a, double b) {
  return std::nearbyint((a - modulo(a, b)) / b);
}

Result to_whole(double value) {
  if (!(std::fabs(value) <= kLargestExact)) return std::nullopt;
  return Number::whole(static_cast<std::int64_t>(value));
}

Result power(Number a, Number b) {
  if (!a.is_whole() || !b.is_whole() || b.whole() < 0)
    return checked(std::pow(a.real(), b.real()));
  constexpr Whole kLargestExponent = 128;
  if (b.whole() > kLargestExponent) return std::nullopt;
  Result result = Number::whole(1);
  for (Whole i = 0; i < b.whole() && result; ++i)
    result = product_of(result->whole(), a.whole());
  return result;
}

enum class Operation {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower,
  kMin,
  kMax,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kEqual,
  kNotEqual,
  kAnd,
  kOr,
};

Result calculate(Operation operation, Number a, Number b) {
  const bool whole = a.is_whole() && b.is_whole();
  const auto truth = [](bool value) { return Number::whole(value ? 1 : 0); };
  switch (operation) {
    case Operation::kAdd:
      return whole ? checked(a.whole() + b.whole())
                   : checked(a.real() + b.real());
    case Operation::kSubtract:
      return whole ? checked(a.whole() - b.whole())
                   : checked(a.real() - b.real());
    case Operation::kMultiply:
      return whole ? product_of(a.whole(), b.whole())
                   : checked(a.real() * b.real());
    case Operation::kDivide:
      if (!b.is_true()) return std::nullopt;
      // Python rounds the quotient of large whole numbers once, doubles twice.
      if (std::fabs(a.real()) > kLargestExact ||
          std::fabs(b.real()) > kLargestExact)
        return std::nullopt;
      return checked(a.real() / b.real());
    case Operation::kFloorDivide:
      if (!b.is_true()) return std::nullopt;
      return whole ? checked(floor_divide(a.whole(), b.whole()))
                   : checked(floor_divide(a.real(), b.real()));
    case Operation::kModulo:
      if (!b.is_true()) return std::nullopt;
      return whole ? checked(a.whole() -
                             floor_divide(a.whole(), b.whole()) * b.whole())
                   : checked(modulo(a.real(), b.real()));
    case Operation::kPower: return power(a, b);
    case Operation::kMin:
      return calculate(Operation::kLess, b, a)->is_true() ? b : a;
    case Operation::kMax:
      return calculate(Operation::kGreater, b, a)->is_true() ? b : a;
    case Operation::kLess:
      return truth(whole ? a.whole() < b.whole() : a.real() < b.real());
    case Operation::kLessOrEqual:
      return truth(whole ? a.whole() <= b.whole() : a.real() <= b.real());
    case Operation::kGreater:
      return truth(whole ? a.whole() > b.whole() : a.real() > b.real());
    case Operation::kGreaterOrEqual:
      return truth(whole ? a.whole() >= b.whole() : a.real() >= b.real());
    case Operation::kEqual:
      return truth(whole ? a.whole() == b.whole() : a.real() == b.real());
    case Operation::kNotEqual:
      return truth(whole ? a.whole() != b.whole() : a.real() != b.real());
    case Operation::kAnd: return a.is_true() ? b : a;
    case Operation::kOr: return a.is_true() ? a : b;
  }
  return std::nullopt;
}

struct OperationName {
  std::string_view name;  // lower case
  Operation operation;
};
// The first are those of expressions, longest first among those that begin
// alike; the others stand in widgets.
constexpr std::array kOperations = {
    OperationName{"**", Operation::kPower},
    OperationName{"*", Operation::kMultiply},
    OperationName{"//", Operation::kFloorDivide},
    OperationName{"/", Operation::kDivide},
    OperationName{"%", Operation::kModulo},
    OperationName{"+", Operation::kAdd},
    OperationName{"-", Operation::kSubtract},
    OperationName{"<=", Operation::kLessOrEqual},
    OperationName{"<", Operation::kLess},
    OperationName{">=", Operation::kGreaterOrEqual},
    OperationName{">", Operation::kGreater},
    OperationName{"==", Operation::kEqual},
    OperationName{"!=", Operation::kNotEqual},
    OperationName{"and", Operation::kAnd},
    OperationName{"or", Operation::kOr},
    OperationName{"add", Operation::kAdd},
    OperationName{"addition", Operation::kAdd},
    OperationName{"sub", Operation::kSubtract},
    OperationName{"subtract", Operation::kSubtract},
    OperationName{"subtraction", Operation::kSubtract},
    OperationName{"mul", Operation::kMultiply},
    OperationName{"multiply", Operation::kMultiply},
    OperationName{"multiplication", Operation::kMultiply},
    OperationName{"div", Operation::kDivide},
    OperationName{"divide", Operation::kDivide},
    OperationName{"division", Operation::kDivide},
    OperationName{"floor division", Operation::kFloorDivide},
    OperationName{"mod", Operation::kModulo},
    OperationName{"modulo", Operation::kModulo},
    OperationName{"modulus", Operation::kModulo},
    OperationName{"pow", Operation::kPower},
    OperationName{"power", Operation::kPower},
    OperationName{"exponentiation", Operation::kPower},
    OperationName{"min", Operation::kMin},
    OperationName{"minimum", Operation::kMin},
    OperationName{"max", Operation::kMax},
    OperationName{"maximum", Operation::kMax},
};

std::optional<Operation> operation_named(std::string_view name) {
  const std::string wanted = lower(trimmed(name));
  for (const OperationName& known : kOperations)
    if (known.name == wanted) return known.operation;
  return std::nullopt;
}

// Recursive descent over Python's grammar, lowest precedence first. A part that
// is not known makes the whole unknown, also in the branch not taken: the rest
// is read on, so that errors behind it are seen.
class Expression {
 public:
  Expression(std::string_view text, const NumberOfName& number_of)
      : text_(text), number_of_(number_of) {}

  Result value() {
    const Result result = choice();
    skip_space();
    return is_sound_ && at_ == text_.size() ? result : std::nullopt;
  }

 private:
  // x if condition else y
  Result choice() {
    if (++depth_ > kMaxDepth) is_sound_ = false;
    if (!is_sound_) return std::nullopt;
    Result result = either();
    if (take_word("if")) {
      const Result condition = either();
      if (!take_word("else")) is_sound_ = false;
      const Result other = choice();
      if (!condition) result = std::nullopt;
      if (condition && !condition->is_true()) result = other;
    }
    --depth_;
    return result;
  }

  Result either() {
    Result result = both();
    while (is_sound_ && take_word("or"))
      result = combine(Operation::kOr, result, both());
    return result;
  }

  Result both() {
    Result result = negation();
    while (is_sound_ && take_word("and"))
      result = combine(Operation::kAnd, result, negation());
    return result;
  }

  Result negation() {
    bool is_negated = false;
    bool is_truth = false;
    while (take_word("not")) {
      is_negated = !is_negated;
      is_truth = true;
    }
    const Result result = comparison();
    if (!result || !is_truth) return result;
    return Number::whole(result->is_true() != is_negated ? 1 : 0);
  }

  Result comparison() {
    Result left = sum();
    Result result = left;
    bool is_chain = false;
    while (is_sound_) {
      const auto operation = take_operation("<>=!");
      if (!operation) break;
      const Result right = sum();
      const Result holds = combine(*operation, left, right);
      result = is_chain ? combine(Operation::kAnd, result, holds) : holds;
      is_chain = true;
      left = right;
    }
    return result;
  }

  Result sum() {
    Result result = product();
    while (is_sound_) {
      const auto operation = take_operation("+-");
      if (!operation) break;
      result = combine(*operation, result, product());
    }
    return result;
  }

  Result product() {
    Result result = sign();
    while (is_sound_) {
      const auto operation = take_operation("*/%");
      if (!operation) break;
      result = combine(*operation, result, sign());
    }
    return result;
  }

  // -2 ** 2 is -4
  Result sign() {
    skip_space();
    bool is_negative = false;
    while (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) {
      is_negative = is_negative != (text_[at_] == '-');
      ++at_;
      skip_space();
    }
    const Result result = exponent();
    if (!is_negative || !result) return result;
    return combine(Operation::kSubtract, Number::whole(0), result);
  }

  Result exponent() {
    const Result base = primary();
    const std::size_t before = at_;
    if (!is_sound_ || take_operation("*") != Operation::kPower) {
      at_ = before;
      return base;
    }
    if (++depth_ > kMaxDepth) is_sound_ = false;
    const Result by = is_sound_ ? sign() : std::nullopt;
    --depth_;
    return combine(Operation::kPower, base, by);
  }

  Result primary() {
    skip_space();
    if (!is_sound_ || at_ >= text_.size()) return fail();
    const char c = text_[at_];
    if (c == '(') {
      ++at_;
      const Result result = choice();
      return take(')') ? result : fail();
    }
    if (is_digit(c) || c == '.') return literal();
    if (c == '$') ++at_;  // JSONata's functions
    std::size_t end = at_;
    while (end < text_.size() && is_in_name(text_[end])) ++end;
    const std::string_view name = text_.substr(at_, end - at_);
    if (name.empty()) return fail();
    at_ = end;
    skip_space();
    if (take('(')) return function(name);
    if (name == "True") return Number::whole(1);
    if (name == "False") return Number::whole(0);
    return number_of_(name);
  }

  Result literal() {
    std::size_t end = at_;
    const auto digits = [&] {
      while (end < text_.size() && is_digit(text_[end])) ++end;
    };
    digits();
    if (end < text_.size() && text_[end] == '.') {
      ++end;
      digits();
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      ++end;
      if (end < text_.size() && (text_[end] == '-' || text_[end] == '+')) ++end;
      digits();
    }
    const Result result = Number::read(text_.substr(at_, end - at_));
    at_ = end;
    return result ? result : fail();
  }

  Result function(std::string_view name) {
    std::vector<Number> arguments;
    bool is_known = true;
    skip_space();
    if (!take(')')) {
      do {
        const Result argument = choice();
        if (argument && arguments.size() < kMaxArguments)
          arguments.push_back(*argument);
        else
          is_known = false;
      } while (is_sound_ && take(','));
      if (!take(')')) return fail();
    }
    if (!is_known || arguments.empty()) return std::nullopt;
    const Number first = arguments[0];
    if (name == "min" || name == "max" || name == "sum") {
      const Operation operation = name == "min"   ? Operation::kMin
                                  : name == "max" ? Operation::kMax
                                                  : Operation::kAdd;
      Result result = first;
      for (std::size_t i = 1; i < arguments.size(); ++i)
        result = combine(operation, result, arguments[i]);
      return result;
    }
    if (arguments.size() == 2 && (name == "pow" || name == "power"))
      return power(first, arguments[1]);
    if (arguments.size() != 1) return std::nullopt;
    if (name == "abs")
      return first.real() < 0
                 ? combine(Operation::kSubtract, Number::whole(0), first)
                 : Result(first);
    if (name == "float") return Number::real(first.real());
    if (name == "int") return rounded("trunc", first);
    if (name == "round" || name == "floor" || name == "ceil")
      return rounded(name, first);
    if (name == "sqrt") return checked(std::sqrt(first.real()));
    return std::nullopt;
  }

  static Result combine(Operation operation, const Result& a, const Result& b) {
    return a && b ? calculate(operation, *a, *b) : std::nullopt;
  }

  // An operator that begins with one of `first`, the longest that fits.
  std::optional<Operation> take_operation(std::string_view first) {
    skip_space();
    if (at_ >= text_.size() || first.find(text_[at_]) == first.npos)
      return std::nullopt;
    for (const OperationName& known : kOperations) {
      if (!text_.substr(at_).starts_with(known.name)) continue;
      at_ += known.name.size();
      return known.operation;
    }
    return std::nullopt;
  }

  bool take_word(std::string_view word) {
    skip_space();
    if (!text_.substr(at_).starts_with(word)) return false;
    const std::size_t end = at_ + word.size();
    if (end < text_.size() && is_in_name(text_[end])) return false;
    at_ = end;
    return true;
  }

  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                  text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  Result fail() {
    is_sound_ = false;
    return std::nullopt;
  }

  std::string_view text_;
  const NumberOfName& number_of_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  bool is_sound_ = true;
};

}  // namespace

std::optional<Number> Number::read(std::string_view text) {
  if (text == "true") return whole(1);
  if (text == "false") return whole(0);
  const char* const end = text.data() + text.size();
  const std::size_t digits = text.starts_with('-') ? 1 : 0;
  if (text.find_first_not_of("0123456789", digits) == text.npos) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data() + digits, end, value);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return whole(digits == 0 ? Whole{value} : -Whole{value});
  }
  double value = 0.0;
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return checked(value);
}

std::string Number::text() const {
  char buffer[32];
  char* const end = buffer + sizeof buffer;
  if (!is_whole_)
    return std::string(buffer, std::to_chars(buffer, end, real_).ptr);
  const bool is_negative = whole_ < 0;
  const auto magnitude =
      static_cast<std::uint64_t>(is_negative ? -whole_ : whole_);
  std::string digits(buffer, std::to_chars(buffer, end, magnitude).ptr);
  return is_negative ? "-" + digits : digits;
}

std::optional<Number> evaluate(std::string_view expression,
                               const NumberOfName& number_of) {
  if (expression.size() > kMaxBytes) return std::nullopt;
  return Expression(expression, number_of).value();
}

std::optional<Number> operate(std::string_view operation, Number a, Number b) {
  // Easy-Use and others show what they do: `a + b`.
  if (operation.size() > 4 && operation.starts_with("a ") &&
      operation.ends_with(" b"))
    operation = operation.substr(2, operation.size() - 4);
  const auto known = operation_named(operation);
  return known ? calculate(*known, a, b) : std::nullopt;
}

std::optional<Number> rounded(std::string_view how, Number value) {
  if (value.is_whole()) return value;
  if (how == "floor") return to_whole(std::floor(value.real()));
  if (how == "ceil") return to_whole(std::ceil(value.real()));
  if (how == "trunc") return to_whole(std::trunc(value.real()));
  // To even, as Python does: the default rounding of IEEE 754.
  if (how == "round") return to_whole(std::nearbyint(value.real()));
  return value;
}

}  // namespace sdmeta
