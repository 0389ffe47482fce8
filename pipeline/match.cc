#include "pipeline/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <regex>
#include <utility>

#include "parsers/text.h"

namespace sdmeta {
namespace {

constexpr std::size_t kUuidLength = 36;
constexpr std::size_t kMinPartialDigits = 5;
// std::regex recurses over its input, so a name is cut before it gets there.
constexpr std::size_t kMaxRegexInput = 4096;

bool is_word(char c) {
  return is_digit(c) || is_letter(c);
}

std::uint64_t load_first_byte_lowest(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big)
    word = __builtin_bswap64(word);
  return word;
}

/// Eight hexadecimal digits, all at once in one register: a CSV has millions of
/// UUIDs. Sums below stay under 0x100 in every byte, so nothing carries over.
bool read_hex(const char* digits, std::uint64_t& value) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x80 * kOnes;
  const std::uint64_t word = load_first_byte_lowest(digits);
  const std::uint64_t ascii = word & ~kHigh;
  // '0' to '9' become 0 to 9; 'A' to 'F' and 'a' to 'f' become 1 to 6.
  const std::uint64_t digit = ascii ^ (0x30 * kOnes);
  const std::uint64_t letter = (ascii | (0x20 * kOnes)) ^ (0x60 * kOnes);
  const std::uint64_t is_digit = ~(digit + 0x76 * kOnes);
  const std::uint64_t is_letter =
      (letter + 0x7F * kOnes) & ~(letter + 0x79 * kOnes);
  if (((is_digit | is_letter) & ~word & kHigh) != kHigh) return false;

  std::uint64_t x = (word & (0x0F * kOnes)) + 9 * ((word >> 6) & kOnes);
  x = (x << 4 | x >> 8) & 0x00FF00FF00FF00FF;
  x = (x << 8 | x >> 16) & 0x0000FFFF0000FFFF;
  value = (x << 16 | x >> 32) & 0xFFFFFFFF;
  return true;
}

/// Eight decimal digits.
bool read_decimal(const char* digits, std::uint64_t& value) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t word = load_first_byte_lowest(digits);
  // The upper half of each byte is 3, and stays 3 if 6 is added.
  const std::uint64_t above = word + 0x06 * kOnes;
  if (((word & (0xF0 * kOnes)) | (above & (0xF0 * kOnes)) >> 4) != 0x33 * kOnes)
    return false;
  std::uint64_t x = word & (0x0F * kOnes);
  x = (x * 10 + (x >> 8)) & 0x00FF00FF00FF00FF;
  x = (x * 100 + (x >> 16)) & 0x0000FFFF0000FFFF;
  value = (x * 10000 + (x >> 32)) & 0xFFFFFFFF;
  return true;
}

std::string_view last_component(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string_view without_extension(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

std::string_view leading_digits(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::string_view trailing_digits(std::string_view text) {
  const auto end = std::find_if_not(text.rbegin(), text.rend(), is_digit);
  return text.substr(text.size() -
                     static_cast<std::size_t>(end - text.rbegin()));
}

std::optional<std::uint64_t> partial_number(std::string_view digits) {
  if (digits.size() < kMinPartialDigits) return std::nullopt;
  return parse_image_number(digits);
}

/// Numbers of equally many digits compare like their text.
bool is_between(std::string_view digits, std::string_view min,
                std::string_view max) {
  return min <= digits && digits <= max;
}

/// YYYYMMDD, of years that have digital images.
bool is_date(std::string_view digits) {
  return digits.size() == 8 &&
         is_between(digits.substr(0, 4), "1990", "2099") &&
         is_between(digits.substr(4, 2), "01", "12") &&
         is_between(digits.substr(6), "01", "31");
}

/// HHMMSS, perhaps with milliseconds.
bool is_clock_time(std::string_view digits) {
  return (digits.size() == 6 || digits.size() == 9) &&
         digits.substr(0, 2) <= "23" && digits[2] <= '5' && digits[4] <= '5';
}

/// Date and clock time without anything between them.
bool is_timestamp(std::string_view digits) {
  return digits.size() > 8 && is_date(digits.substr(0, 8)) &&
         is_clock_time(digits.substr(8));
}

/// 20231005 or 2023-10-05, and nothing but punctuation behind it.
bool ends_with_date(std::string_view text) {
  while (!text.empty() && !is_word(text.back())) text.remove_suffix(1);
  const std::string_view digits = trailing_digits(text);
  if (digits.size() != 2) return is_date(digits);
  if (text.size() < 10) return false;
  text.remove_prefix(text.size() - 10);
  std::string date(text.substr(0, 4));
  date.append(text, 5, 2).append(digits);
  return !is_word(text[4]) && text[4] == text[7] &&
         std::all_of(date.begin(), date.end(), is_digit) && is_date(date);
}

/// `seed_384756291`, `ink-step-15000`: what generators and trainers put into
/// names.
bool ends_with_other_number_word(std::string_view text) {
  constexpr std::array<std::string_view, 4> kWords = {"seed", "step", "steps",
                                                      "epoch"};
  while (!text.empty() && !is_word(text.back())) text.remove_suffix(1);
  const auto start = std::find_if_not(text.rbegin(), text.rend(), is_word);
  const std::string_view word = text.substr(
      text.size() - static_cast<std::size_t>(start - text.rbegin()));
  return std::any_of(kWords.begin(), kWords.end(), [word](std::string_view w) {
    return equal_ignoring_case(word, w);
  });
}

void add_partial_numbers(std::string_view stem, NameKeys& keys) {
  const std::string_view front = leading_digits(stem);
  if (front.size() == stem.size()) return;
  if (!is_word(stem[front.size()]))
    keys.add(partial_number(front), is_date(front) || is_timestamp(front));
  const bool is_counter = front.starts_with('0');
  const std::string_view back = trailing_digits(stem);
  const std::string_view rest = stem.substr(0, stem.size() - back.size());
  if (!is_counter && !is_word(rest.back()))
    keys.add(partial_number(back),
             is_date(back) || is_timestamp(back) ||
                 (is_clock_time(back) && ends_with_date(rest)) ||
                 ends_with_other_number_word(rest));
}

/// One at either end goes before one between other words.
void add_partial_uuids(std::string_view stem, NameKeys& keys) {
  if (stem.size() <= kUuidLength) return;
  if (!is_word(stem[kUuidLength]))
    keys.add(parse_uuid(stem.substr(0, kUuidLength)));
  const std::size_t rest = stem.size() - kUuidLength;
  if (!is_word(stem[rest - 1])) keys.add(parse_uuid(stem.substr(rest)));
  keys.add(find_uuid(stem));
}

/// A list that was taken for one path: a line, not the last, names a file.
/// Folders may have line ends in their names, too.
bool is_list_of_lines(std::string_view name) {
  for (std::size_t end; (end = name.find('\n')) != name.npos;) {
    if (last_component(name.substr(0, end)).find('.') != name.npos) return true;
    name.remove_prefix(end + 1);
  }
  return false;
}

/// Names that speak of no image: of a descriptor (/dev/fd/63,
/// /proc/self/fd/63), and a list that was taken for one path.
bool is_no_image_name(std::string_view name) {
  return name.starts_with("/dev/fd/") ||
         (name.starts_with("/proc/") &&
          name.find("/fd/") != std::string_view::npos) ||
         is_list_of_lines(name);
}

void add_folders(std::string_view path, NameKeys& keys) {
  for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos;) {
    path = path.substr(0, slash);
    slash = path.rfind('/');
    const std::string_view folder = path.substr(slash + 1);
    if (folder.size() == kUuidLength) keys.add(parse_uuid(folder));
  }
}

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) noexcept {
  if (text.size() != kUuidLength || text[8] != '-' || text[13] != '-' ||
      text[18] != '-' || text[23] != '-')
    return std::nullopt;
  std::array<char, 32> digits;
  std::memcpy(digits.data(), text.data(), 8);
  std::memcpy(digits.data() + 8, text.data() + 9, 4);
  std::memcpy(digits.data() + 12, text.data() + 14, 4);
  std::memcpy(digits.data() + 16, text.data() + 19, 4);
  std::memcpy(digits.data() + 20, text.data() + 24, 12);
  std::array<std::uint64_t, 4> words;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (!read_hex(digits.data() + 8 * i, words[i])) return std::nullopt;
  return Uuid{words[0] << 32 | words[1], words[2] << 32 | words[3]};
}

std::string to_text(const Uuid& uuid) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", uuid.high >> 32,
                     uuid.high >> 16 & 0xFFFF, uuid.high & 0xFFFF,
                     uuid.low >> 48, uuid.low & 0xFFFFFFFFFFFF);
}

std::optional<Uuid> find_uuid(std::string_view text) noexcept {
  for (std::size_t dash = text.find('-', 8); dash != std::string_view::npos;
       dash = text.find('-', dash + 1)) {
    const std::size_t begin = dash - 8;
    const std::size_t end = begin + kUuidLength;
    if (end > text.size()) break;
    if (begin != 0 && is_word(text[begin - 1])) continue;
    if (end != text.size() && is_word(text[end])) continue;
    if (const auto uuid = parse_uuid(text.substr(begin, kUuidLength)))
      return uuid;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_image_number(
    std::string_view text) noexcept {
  if (text.empty() || (text.front() == '0' && text.size() > 1))
    return std::nullopt;
  std::uint64_t number = 0;
  if (text.size() < 8 || text.size() > 15) {
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
      return std::nullopt;
    return number;
  }
  // An image_id has eight or nine digits, and a CSV has millions of them.
  if (!read_decimal(text.data(), number)) return std::nullopt;
  for (const char c : text.substr(8)) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

void NameKeys::add(const NameKey& key) {
  const auto end = keys_.begin() + static_cast<std::ptrdiff_t>(size_);
  if (size_ < kMax && std::find(keys_.begin(), end, key) == end)
    keys_[size_++] = key;
}

void NameKeys::add(std::optional<std::uint64_t> number, bool is_doubtful) {
  if (number) add(NameKey{NameKey::Kind::kNumber, *number, {}, is_doubtful});
}

void NameKeys::add(const std::optional<Uuid>& uuid) {
  if (uuid) add(NameKey{NameKey::Kind::kUuid, 0, *uuid});
}

struct NameMatcher::Regex {
  std::regex expression;
};

NameMatcher::NameMatcher(MatchKey match, std::unique_ptr<Regex> regex)
    : match_(match), regex_(std::move(regex)) {}
NameMatcher::NameMatcher(NameMatcher&&) noexcept = default;
NameMatcher& NameMatcher::operator=(NameMatcher&&) noexcept = default;
NameMatcher::~NameMatcher() = default;

Result<NameMatcher> NameMatcher::make(MatchKey match,
                                      const std::string& regex) {
  std::unique_ptr<Regex> compiled;
  if (match == MatchKey::kRegex) {
    try {
      compiled = std::make_unique<Regex>(Regex{std::regex(
          regex, std::regex::ECMAScript | std::regex::optimize)});
    } catch (const std::regex_error& error) {
      return Error{ErrorCode::kMalformed,
                   "--match regex:" + regex + ": " + error.what(),
                   std::nullopt};
    }
  }
  return NameMatcher(match, std::move(compiled));
}

NameKeys NameMatcher::keys(std::string_view path,
                           std::string_view member) const {
  NameKeys keys;
  const std::string_view name = member.empty() ? path : member;

  if (match_ == MatchKey::kRegex) {
    const std::string_view input = name.substr(0, kMaxRegexInput);
    std::match_results<std::string_view::const_iterator> found;
    try {
      if (!std::regex_search(input.begin(), input.end(), found,
                             regex_->expression))
        return keys;
    } catch (const std::regex_error&) {  // too much work for this name
      return keys;
    }
    const auto& group = found[found.size() > 1 ? 1 : 0];
    const std::string key = group.str();
    keys.add(parse_image_number(key));
    keys.add(parse_uuid(key));
    return keys;
  }

  if (is_no_image_name(name)) return keys;
  const bool has_numbers = match_ != MatchKey::kImageUrl;
  const bool has_uuids =
      match_ == MatchKey::kAny || match_ == MatchKey::kImageUrl;
  const std::string_view stem = without_extension(last_component(name));
  if (has_numbers) keys.add(parse_image_number(stem), is_timestamp(stem));
  if (has_uuids) {
    keys.add(parse_uuid(stem));
    add_partial_uuids(stem, keys);
    // A file without extension, or a folder, may be the UUID itself.
    keys.add(parse_uuid(last_component(name)));
    add_folders(name, keys);
    if (!member.empty()) {
      add_folders(path, keys);
      keys.add(parse_uuid(without_extension(last_component(path))));
    }
  }
  if (has_numbers && !stem.empty()) add_partial_numbers(stem, keys);
  return keys;
}

}  // namespace sdmeta
