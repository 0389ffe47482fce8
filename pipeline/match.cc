#include "pipeline/match.h"

#include <algorithm>
#include <array>
#include <regex>
#include <utility>

#include "parsers/text.h"
#include "pipeline/name_filter.h"

namespace sdmeta {
namespace {

constexpr std::size_t kUuidLength = 36;
constexpr std::size_t kMinPartialDigits = 5;
// std::regex recurses over its input, so a name is cut before it gets there.
constexpr std::size_t kMaxRegexInput = 4096;

bool is_word(char c) { return is_digit(c) || is_letter(c); }

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
    if (base_name(name.substr(0, end)).find('.') != name.npos) return true;
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
                   "--match regex:" + regex + ": " + error.what()};
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
  const std::string_view stem = without_extension(base_name(name));
  if (has_numbers) keys.add(parse_image_number(stem), is_timestamp(stem));
  if (has_uuids) {
    keys.add(parse_uuid(stem));
    add_partial_uuids(stem, keys);
    // A file without extension, or a folder, may be the UUID itself.
    keys.add(parse_uuid(base_name(name)));
    add_folders(name, keys);
    if (!member.empty()) {
      add_folders(path, keys);
      keys.add(parse_uuid(without_extension(base_name(path))));
    }
  }
  if (has_numbers && !stem.empty()) add_partial_numbers(stem, keys);
  return keys;
}

}  // namespace sdmeta
