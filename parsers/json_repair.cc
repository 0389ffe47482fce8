#include "parsers/json_repair.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "parsers/text.h"

namespace sdmeta {
namespace {

bool is_word_char(char c) {
  return is_digit(c) || is_letter(c) || c == '+' || c == '-' || c == '.' ||
         c == '_';
}

std::optional<std::uint32_t> hex_value(std::string_view digits) {
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.empty() || error != std::errc{} ||
      end != digits.data() + digits.size() || digits.front() == '-')
    return std::nullopt;
  return value;
}

// Length of the UTF-8 sequence at the start of `text`, 0 if it is not one.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xC0u) == 0x80u; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && at(1) < 0xA0) return 0;  // overlong
    if (first == 0xED && at(1) > 0x9F) return 0;  // surrogate
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && at(1) < 0x90) return 0;  // overlong
    if (first == 0xF4 && at(1) > 0x8F) return 0;  // past U+10FFFF
    return 4;
  }
  return 0;
}

// Bytes of a string that are copied as they are, whichever quote encloses it.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = true;
  plain['"'] = plain['\''] = plain['\\'] = false;
  return plain;
}();

bool is_json_number(std::string_view word) {
  std::size_t i = word.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < word.size() && is_digit(word[i])) ++i;
    return i - start;
  };
  const std::size_t integer_start = i;
  const std::size_t integer_digits = digits();
  if (integer_digits == 0) return false;
  if (word[integer_start] == '0' && integer_digits > 1) return false;
  if (i < word.size() && word[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < word.size() && (word[i] == 'e' || word[i] == 'E')) {
    ++i;
    if (i < word.size() && (word[i] == '+' || word[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == word.size();
}

template <class Number>
bool fits(std::string_view word) {
  Number number{};
  const auto [end, error] =
      std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc{} && end == word.data() + word.size();
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> set) {
  for (const std::string_view item : set)
    if (word == item) return true;
  return false;
}

// What was repaired, in the order in which it is told.
enum Finding : unsigned {
  kConstants,
  kNumbers,
  kControls,
  kText,
  kEscapes,
  kQuotes,
  kTuples,
  kCommas,
  kTrailing,
  kFindings
};

constexpr std::array<std::string_view, kFindings> kFindingNames = {
    "constants of other languages", "numbers out of range", "control characters",
    "invalid UTF-8",          "invalid escapes",      "single quotes",
    "tuples",                 "commas",               "text after the end"};

class Repairer {
 public:
  Repairer(std::string_view text, std::size_t max_depth)
      : text_(text), max_depth_(max_depth) {
    out_.reserve(text.size() + text.size() / 16 + 16);
  }

  std::optional<RepairedJson> run() {
    skip_blanks();
    if (peek() != '{' && peek() != '[') return std::nullopt;
    if (!read_value()) return std::nullopt;
    while (!open_.empty())
      if (!step()) return close_after_last_member();
    skip_blanks();
    if (at_ < text_.size()) found_[kTrailing] = true;
    return result();
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  // One member, element, comma or closing bracket of the innermost container.
  bool step() {
    skip_blanks();
    if (at_ >= text_.size()) return false;
    const char c = text_[at_];
    if (c == ',') {
      if (!needs_comma_) found_[kCommas] = true;
      needs_comma_ = false;
      ++at_;
      return true;
    }
    const bool in_object = open_.back() == '{';
    if (c == '}' || c == ']' || c == ')') {
      if (in_object != (c == '}')) return false;
      if (!needs_comma_ && out_.back() != '{' && out_.back() != '[')
        found_[kCommas] = true;
      ++at_;
      open_.pop_back();
      out_ += in_object ? '}' : ']';
      value_is_whole();
      return true;
    }
    if (needs_comma_) return false;
    if (out_.back() != '{' && out_.back() != '[') out_ += ',';
    if (in_object && !read_key()) return false;
    return read_value();
  }

  bool read_key() {
    if (peek() == '"' || peek() == '\'') {
      if (!read_string()) return false;
    } else {
      const std::string_view word = read_word();
      if (!is_json_number(word)) return false;
      quote(word);
      found_[kNumbers] = true;
    }
    skip_blanks();
    if (peek() != ':') return false;
    ++at_;
    out_ += ':';
    return true;
  }

  bool read_value() {
    skip_blanks();
    const char c = peek();
    if (c == '{' || c == '[' || c == '(') {
      if (open_.size() >= max_depth_) return false;
      if (c == '(') found_[kTuples] = true;
      ++at_;
      out_ += c == '{' ? '{' : '[';
      open_ += out_.back();
      needs_comma_ = false;
      return true;
    }
    if (c == '"' || c == '\'') {
      if (!read_string()) return false;
    } else if (!read_bare()) {
      return false;
    }
    value_is_whole();
    return true;
  }

  // Closing brackets are values too, so nothing below `whole_depth_` is popped
  // between two calls: `open_` is enough to close the text here later.
  void value_is_whole() {
    needs_comma_ = true;
    whole_ = out_.size();
    whole_depth_ = open_.size();
  }

  std::string_view read_word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_word_char(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  bool read_bare() {
    const std::string_view word = read_word();
    // The text may have been cut inside this word.
    if (word.empty() || at_ >= text_.size()) return false;
    if (is_one_of(word, {"null", "true", "false"})) {
      out_ += word;
    } else if (is_one_of(word, {"NaN", "Infinity", "-Infinity"})) {
      // What Python's json.dumps writes as a matter of course, and ComfyUI in
      // nearly every graph (`is_changed`): nothing to tell anybody.
      out_ += "null";
    } else if (is_one_of(word, {"nan", "NAN", "-nan", "-NaN", "+Infinity",
                                "inf", "-inf", "undefined", "None"})) {
      out_ += "null";
      found_[kConstants] = true;
    } else if (word == "True" || word == "False") {
      out_ += word == "True" ? "true" : "false";
      found_[kConstants] = true;
    } else if (is_json_number(word)) {
      const bool is_integer = word.find_first_of(".eE") == word.npos;
      if (is_integer ? fits<std::int64_t>(word) || fits<std::uint64_t>(word)
                     : fits<double>(word)) {
        out_ += word;
      } else {
        quote(word);
        found_[kNumbers] = true;
      }
    } else if (fits<double>(word.starts_with('+') ? word.substr(1) : word)) {
      quote(word);
      found_[kNumbers] = true;
    } else {
      return false;
    }
    return true;
  }

  void quote(std::string_view word) {
    out_ += '"';
    out_ += word;
    out_ += '"';
  }

  bool read_string() {
    const char quote_mark = text_[at_++];
    if (quote_mark == '\'') found_[kQuotes] = true;
    out_ += '"';
    while (at_ < text_.size()) {
      // Escapes are up to six bytes for one; a text of control characters is
      // none that a tool wrote.
      if (out_.size() > 2 * text_.size() + 4096) return false;
      const std::size_t start = at_;
      while (at_ < text_.size() && kPlain[static_cast<unsigned char>(text_[at_])])
        ++at_;
      out_ += text_.substr(start, at_ - start);
      if (at_ >= text_.size()) return false;
      const char c = text_[at_];
      if (c == quote_mark) {
        ++at_;
        out_ += '"';
        return true;
      }
      if (c == '\\') {
        read_escape();
      } else if (c == '"') {
        out_ += "\\\"";
        ++at_;
      } else if (c == '\'') {
        out_ += c;
        ++at_;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        put_control(c);
        ++at_;
      } else {
        put_utf8();
      }
    }
    return false;
  }

  void put_control(char c) {
    constexpr char kHex[] = "0123456789abcdef";
    found_[kControls] = true;
    switch (c) {
      case '\n': out_ += "\\n"; return;
      case '\r': out_ += "\\r"; return;
      case '\t': out_ += "\\t"; return;
      default: break;
    }
    out_ += "\\u00";
    out_ += kHex[static_cast<unsigned char>(c) >> 4];
    out_ += kHex[static_cast<unsigned char>(c) & 15];
  }

  void put_utf8() {
    const std::size_t length = utf8_length(text_.substr(at_, 4));
    if (length == 0) {
      found_[kText] = true;
      out_ += "\xEF\xBF\xBD";
      ++at_;
    } else {
      out_ += text_.substr(at_, length);
      at_ += length;
    }
  }

  void read_escape() {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    switch (c) {
      case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r':
      case 't':
        out_ += text_.substr(at_, 2);
        at_ += 2;
        return;
      case '\'':
        out_ += '\'';
        at_ += 2;
        return;
      case 'u': {
        const auto unit = hex_value(hex_digits(at_ + 2, 4));
        if (!unit) break;
        const bool is_high = *unit >= 0xD800 && *unit <= 0xDBFF;
        const bool is_low = *unit >= 0xDC00 && *unit <= 0xDFFF;
        std::size_t length = 6;
        if (is_high && text_.substr(at_ + 6, 2) == "\\u") {
          const auto next = hex_value(hex_digits(at_ + 8, 4));
          if (next && *next >= 0xDC00 && *next <= 0xDFFF) length = 12;
        }
        if ((is_high && length == 6) || is_low) {
          out_ += "\xEF\xBF\xBD";
          found_[kEscapes] = true;
        } else {
          out_ += text_.substr(at_, length);
        }
        at_ += length;
        return;
      }
      // Python's; JSON has neither.
      case 'x':
        if (const auto value = hex_value(hex_digits(at_ + 2, 2))) {
          out_ += "\\u00";
          out_ += text_.substr(at_ + 2, 2);
          at_ += 4;
          return;
        }
        break;
      case 'U':
        if (const auto value = hex_value(hex_digits(at_ + 2, 8));
            value && *value >= 0x10000 && *value <= 0x10FFFF) {
          out_ += static_cast<char>(0xF0 | (*value >> 18));
          out_ += static_cast<char>(0x80 | ((*value >> 12) & 0x3F));
          out_ += static_cast<char>(0x80 | ((*value >> 6) & 0x3F));
          out_ += static_cast<char>(0x80 | (*value & 0x3F));
          at_ += 10;
          return;
        }
        break;
      default: break;
    }
    found_[kEscapes] = true;
    out_ += "\\\\";
    ++at_;
  }

  // `count` characters from `start`, none if the text ends before.
  std::string_view hex_digits(std::size_t start, std::size_t count) const {
    if (start + count > text_.size()) return {};
    return text_.substr(start, count);
  }

  std::optional<RepairedJson> close_after_last_member() {
    if (whole_ == 0) return std::nullopt;
    cut_at_ = at_;
    out_.resize(whole_);
    for (std::size_t i = whole_depth_; i > 0; --i)
      out_ += open_[i - 1] == '{' ? '}' : ']';
    return result();
  }

  std::optional<RepairedJson> result() {
    RepairedJson repaired;
    repaired.text = std::move(out_);
    for (std::size_t i = 0; i < kFindings; ++i) {
      if (!found_[i]) continue;
      if (!repaired.done.empty()) repaired.done += ", ";
      repaired.done += kFindingNames[i];
    }
    if (cut_at_) {
      if (!repaired.done.empty()) repaired.done += ", ";
      repaired.done += "ends at byte " + std::to_string(*cut_at_) + " of " +
                       std::to_string(text_.size());
    }
    return repaired;
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
  std::string out_;
  std::string open_;  // brackets that are open, outermost first
  bool needs_comma_ = false;
  std::size_t whole_ = 0;  // bytes of `out_` up to the last whole member
  std::size_t whole_depth_ = 0;
  std::optional<std::size_t> cut_at_;
  std::array<bool, kFindings> found_{};
};

}  // namespace

std::optional<RepairedJson> repair_json(std::string_view text,
                                        std::size_t max_depth) {
  return Repairer(text, max_depth).run();
}

}  // namespace sdmeta
