// Written by `create_infotext` and `quote` in modules/processing.py and
// modules/infotext_utils.py of
// https://github.com/AUTOMATIC1111/stable-diffusion-webui and by dozens of
// imitators, most of whom do not quote:
//   Steps: 20, Sampler: Euler a, Detailer: face, hands, Skip layers: [7, 8, ]
#include "parsers/settings_line.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::size_t kLongestKey = 60;  // "Refiner switch by sampling..."

// What a byte can be. A table, since every byte in front of a value is asked.
enum ByteKind : std::uint8_t {
  kEndsKey = 1,  // a colon, a comma or the end of the line
  kNeverInKey = 2,
  kLetter = 4,  // bytes of longer characters too
  kDigit = 8,
  kBlank = 16,  // NULs among them: decoders leave some in broken UTF-16
  kComma = 32,
};

constexpr auto kByteKinds = [] {
  std::array<std::uint8_t, 256> kinds{};
  const auto mark = [&kinds](std::string_view bytes, int kind) {
    for (const char c : bytes)
      kinds[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(kind);
  };
  mark(",\n", kEndsKey | kNeverInKey);
  mark(":", kEndsKey);
  mark("\"{}[]<>()", kNeverInKey);
  mark("0123456789", kDigit);
  mark(std::string_view(" \t\r\0", 4), kBlank);
  mark(",", kComma);
  for (std::size_t byte = 0; byte < kinds.size(); ++byte)
    if (byte >= 0x80 || is_letter(static_cast<char>(byte)))
      kinds[byte] |= kLetter;
  return kinds;
}();

int kinds_of(char c) { return kByteKinds[static_cast<unsigned char>(c)]; }

bool is_any(char c, int kinds) { return (kinds_of(c) & kinds) != 0; }

bool is_size(std::string_view text) {
  const std::size_t x = text.find('x');
  return x != text.npos && number_in<std::uint32_t>(text.substr(0, x)) &&
         number_in<std::uint32_t>(text.substr(x + 1));
}

class Splitter {
 public:
  explicit Splitter(std::string_view text)
      : text_(text),
        line_end_(end_of_line(0)),
        failed_bytes_left_(2 * text.size()) {}

  SettingsLine split(std::size_t max_settings) {
    // More than most lines have.
    constexpr std::size_t kUsualSettings = 24;
    SettingsLine line;
    line.settings.reserve(std::min(max_settings, kUsualSettings));
    for (;;) {
      skip_separators();
      if (at_line_end()) break;
      if (line.settings.size() == max_settings) {
        line.is_cut = true;
        at_ = line_end_;
        break;
      }
      read(line.settings.emplace_back());
    }
    line.rest = text_.substr(std::min(at_ + 1, text_.size()));
    return line;
  }

 private:
  std::size_t end_of_line(std::size_t at) const {
    return std::min(text_.find('\n', at), text_.size());
  }

  bool at_line_end() const { return at_ >= line_end_; }

  // Behind a value, which may hold line ends if it has quotes.
  void move_to(std::size_t at) {
    at_ = at;
    if (at_ > line_end_) line_end_ = end_of_line(at_);
  }

  void skip_separators() {
    at_ = std::min(after(kBlank | kComma, at_), line_end_);
  }

  // The first byte of no such kind from `at` on.
  std::size_t after(int kinds, std::size_t at) const {
    while (at < text_.size() && is_any(text_[at], kinds)) ++at;
    return at;
  }

  // The first byte of these kinds from `at` on, or the end of the text.
  std::size_t find(int kinds, std::size_t at) const {
    while (at < text_.size() && !is_any(text_[at], kinds)) ++at;
    return at;
  }

  bool ends_value(std::size_t at) const {
    at = after(kBlank, at);
    return at >= text_.size() || text_[at] == ',' || text_[at] == '\n';
  }

  void read(Setting& setting) {
    // `bare_end` has been over this key already.
    const std::size_t stop =
        at_ == next_key_ ? next_colon_ : find(kEndsKey, at_);
    setting.key = trimmed(text_.substr(at_, stop - at_));
    if (stop == text_.size() || text_[stop] != ':') {
      setting.is_flag = true;
      setting.raw = setting.key;
      at_ = stop;
      return;
    }
    if (setting.key.empty()) setting.key = text_.substr(stop, 1);
    at_ = after(kBlank, stop + 1);
    if (at_line_end() || text_[at_] == ',') {
      setting.raw = text_.substr(at_, 0);
      return;
    }
    const std::size_t start = at_;
    std::size_t end = start;
    if (text_[start] == '"') {
      end = quoted_end(start);
      setting.is_quoted = end != start;
    } else if (text_[start] == '{' || text_[start] == '[') {
      end = balanced_end(start);
    }
    if (end == start) end = bare_end(start);
    setting.raw = trimmed(text_.substr(start, end - start));
    move_to(end);
  }

  // Behind the closing quote, or `start` if there is none or more text follows
  // it. Neighbouring scans overlap in one quote at most, so all are linear.
  std::size_t quoted_end(std::size_t start) {
    if (start >= no_quote_from_) return start;
    std::size_t at = start + 1;
    while (at < text_.size() && text_[at] != '"')
      at += text_[at] == '\\' ? 2 : 1;
    if (at >= text_.size()) {
      no_quote_from_ = start;
      return start;
    }
    return ends_value(at + 1) ? at + 1 : start;
  }

  // Behind the bracket that closes the one at `start`, or `start`. Scans that
  // fail are paid from a budget, so that `{, {, {, ...` costs linear time.
  std::size_t balanced_end(std::size_t start) {
    std::size_t depth = 0;
    bool is_string = false;
    std::size_t at = start;
    for (; at < text_.size() && text_[at] != '\n'; ++at) {
      if (at - start > failed_bytes_left_) break;
      const char c = text_[at];
      if (is_string) {
        if (c == '\\') ++at;
        if (c == '"') is_string = false;
      } else if (c == '"') {
        is_string = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if ((c == '}' || c == ']') && --depth == 0) {
        if (ends_value(at + 1)) return at + 1;
        break;
      }
    }
    failed_bytes_left_ -= std::min(at - start, failed_bytes_left_);
    return start;
  }

  std::size_t bare_end(std::size_t start) {
    std::size_t at = start;
    bool is_first_comma = true;
    for (;;) {
      at = std::min(text_.substr(0, line_end_).find(',', at), line_end_);
      if (at == line_end_) return at;
      const std::size_t next = after(kBlank | kComma, at + 1);
      if (next >= line_end_ || starts_key(next)) return at;
      if (is_first_comma && starts_flag(next) &&
          is_closed(trimmed(text_.substr(start, at - start))))
        return at;
      is_first_comma = false;
      ++at;
    }
  }

  // Values that cannot be the first words of a list.
  static bool is_closed(std::string_view value) {
    return number_in<double>(value) || is_size(value) || value == "True" ||
           value == "False";
  }

  bool starts_flag(std::size_t at) const { return is_letter(text_[at]); }

  // Of `Model (Lumina2): ...`; `at` if none is opened there, or if it has more
  // than words in it, as `(sky:1.2)` in a prompt.
  std::size_t closing_bracket(std::size_t at, std::size_t limit) const {
    if (text_[at] != '(') return at;
    std::size_t close = at + 1;
    while (close < limit && !is_any(text_[close], kEndsKey | kNeverInKey))
      ++close;
    return close < limit && text_[close] == ')' ? close : at;
  }

  // A key and its colon: no quotes or commas in it, no brackets but round ones
  // that are closed, at least one letter, and not the scheme of a URL or a
  // drive.
  bool starts_key(std::size_t start) {
    if (!is_any(text_[start], kLetter | kDigit)) return false;
    const std::size_t limit = std::min(start + kLongestKey, text_.size());
    std::size_t at = start;
    int seen = 0;
    for (; at < limit; ++at) {
      const int kinds = kinds_of(text_[at]);
      if ((kinds & (kEndsKey | kNeverInKey)) != 0) {
        const std::size_t close = closing_bracket(at, limit);
        if (close == at) break;
        at = close;
        continue;
      }
      seen |= kinds;
    }
    if (at == limit || text_[at] != ':' || (seen & kLetter) == 0) return false;
    const char following = at + 1 < text_.size() ? text_[at + 1] : ' ';
    if (following == '/' || following == '\\') return false;
    next_key_ = start;
    next_colon_ = at;
    return true;
  }

  std::string_view text_;
  std::size_t line_end_;  // of the line that `at_` is in
  std::size_t at_ = 0;
  std::size_t no_quote_from_ = std::string_view::npos;
  std::size_t failed_bytes_left_;
  // The key that ended the last value, and its colon.
  std::size_t next_key_ = std::string_view::npos;
  std::size_t next_colon_ = 0;
};

std::optional<std::uint32_t> hex4(std::string_view text) {
  std::uint32_t value = 0;
  if (text.size() < 4) return std::nullopt;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + 4, value, 16);
  if (error != std::errc{} || end != text.data() + 4) return std::nullopt;
  return value;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

// `\uXXXX` behind the backslash at `at`, moved behind it; half a surrogate pair
// becomes U+FFFD, since it is no character.
bool append_unicode_escape(std::string_view raw, std::size_t& at,
                           std::string& out) {
  const auto first = hex4(raw.substr(std::min(at + 2, raw.size())));
  if (!first) return false;
  at += 6;
  const bool is_high = *first >= 0xD800 && *first < 0xDC00;
  const bool is_low = *first >= 0xDC00 && *first < 0xE000;
  if (!is_high && !is_low) {
    append_utf8(out, *first);
    return true;
  }
  if (is_high && raw.substr(at).starts_with("\\u")) {
    const auto second = hex4(raw.substr(at + 2));
    if (second && *second >= 0xDC00 && *second < 0xE000) {
      append_utf8(out, 0x10000 + ((*first - 0xD800) << 10) + *second - 0xDC00);
      at += 6;
      return true;
    }
  }
  append_utf8(out, 0xFFFD);
  return true;
}

}  // namespace

SettingsLine split_settings(std::string_view text, std::size_t max_settings) {
  return Splitter(text).split(max_settings);
}

std::string unescaped(std::string_view raw) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  std::string out;
  out.reserve(raw.size());
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t backslash = std::min(raw.find('\\', at), raw.size());
    out += raw.substr(at, backslash - at);
    at = backslash;
    if (at == raw.size()) break;
    if (at + 1 == raw.size()) return std::string(raw);
    if (raw[at + 1] == 'u') {
      if (!append_unicode_escape(raw, at, out)) return std::string(raw);
      continue;
    }
    const std::size_t kind = kEscapes.find(raw[at + 1]);
    if (kind == kEscapes.npos) return std::string(raw);
    out += kMeanings[kind];
    at += 2;
  }
  return out;
}

std::string Setting::value() const {
  std::string buffer;
  return std::string(value(buffer));
}

std::string_view Setting::value(std::string& buffer) const {
  if (!is_quoted) return raw;
  const std::string_view text = raw.substr(1, raw.size() - 2);
  if (text.find('\\') == text.npos) return text;
  return buffer = unescaped(text);
}

}  // namespace sdmeta
