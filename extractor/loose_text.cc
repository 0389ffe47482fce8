#include "extractor/loose_text.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "extractor/text_decode.h"

namespace sdmeta {

using namespace std::string_view_literals;

bool starts_with_charset(std::string_view text) noexcept {
  return text.starts_with("UNICODE\0"sv) || text.starts_with("ASCII\0\0\0"sv);
}

namespace {

constexpr std::size_t kFewestLooseBytes = 16;

bool is_text_byte(char c) noexcept {
  return static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\r' ||
         c == '\t';
}

bool is_ascii_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_text_byte(c) && static_cast<unsigned char>(c) < 0x80;
  });
}

// Finds where texts begin that can be told by themselves: behind the name of
// their encoding, as settings, and in damaged blocks as a JSON object or as a
// label in front of one.
class LooseTexts {
 public:
  LooseTexts(std::string_view block, LooseMarks marks)
      : block_(block), marks_(kMarks) {
    if (marks == LooseMarks::kNames) marks_ = marks_.first(kMarks.size() - 1);
  }

  /// The first that begins at `at` or behind.
  std::size_t find(std::size_t at) {
    for (; (at = find_mark(at)) != block_.npos; ++at) {
      const std::string_view rest = block_.substr(at);
      if (rest.size() < kFewestLooseBytes) break;
      if (starts_with_charset(rest)) return at;
      // Two bytes that stand anywhere in a thumbnail.
      if (rest.starts_with(kObject) &&
          !is_ascii_text(rest.substr(0, kFewestLooseBytes)))
        continue;
      while (at > 0 && is_text_byte(block_[at - 1])) --at;
      return at;
    }
    return block_.npos;
  }

 private:
  static constexpr std::string_view kObject = "{\""sv;
  static constexpr std::array<std::string_view, 4> kMarks = {
      "UNICODE\0"sv, "ASCII\0\0\0"sv, "Steps: "sv, kObject};

  std::size_t find_mark(std::size_t at) {
    std::size_t first = block_.npos;
    for (std::size_t i = 0; i < marks_.size(); ++i) {
      std::size_t& next = next_[i];
      if (!is_searched_ || (next < at && next != block_.npos))
        next = block_.find(marks_[i], at);
      first = std::min(first, next);
    }
    is_searched_ = true;
    return first;
  }

  std::string_view block_;
  std::span<const std::string_view> marks_;
  std::array<std::size_t, kMarks.size()> next_{};  // where each mark stands
  bool is_searched_ = false;
};

std::size_t bytes_of(const std::vector<RawField>& fields) noexcept {
  std::size_t bytes = 0;
  for (const RawField& field : fields) bytes += field.value.size();
  return bytes;
}

// Whether a field is `text`, or holds it where it first holds its beginning: in
// texts that repeat themselves every place would take too long.
bool is_among(const std::vector<RawField>& fields, std::string_view text) {
  constexpr std::size_t kBeginning = 64;
  const std::string_view beginning = text.substr(0, kBeginning);
  return std::any_of(fields.begin(), fields.end(), [&](const RawField& field) {
    const std::string_view value = field.value;
    if (text.size() < kFewestLooseBytes) return value == text;
    const std::size_t at = value.find(beginning);
    return at != value.npos && value.substr(at).starts_with(text);
  });
}

}  // namespace

void read_loose_texts(Bytes block, std::uint64_t file_offset, Carrier carrier,
                      LooseMarks marks, FieldCollector& out) {
  constexpr int kMostTexts = 64;
  constexpr std::size_t kLongestLabel = 32;
  constexpr std::size_t kCharsetBytes = 8;
  if (!out.may_search(block.size())) return;
  const std::string_view all = as_text(block);
  LooseTexts loose(all, marks);
  int texts = 0;
  for (std::size_t at = loose.find(0); at != all.npos && texts < kMostTexts;
       ++texts) {
    const bool has_charset = starts_with_charset(all.substr(at));
    const std::size_t start = at + (has_charset ? kCharsetBytes : 0);
    // "UNICODE" may hold UTF-8, too.
    const bool is_wide = all.substr(at).starts_with('U') && has_charset &&
                         !is_ascii_text(all.substr(start, 4));
    std::size_t end = all.find(is_wide ? "\0\0\0"sv : "\0"sv, start);
    end = std::min(end, all.size());
    Text text = decode_user_comment(
        block.subspan(at, end - at + (is_wide && end < all.size())),
        ByteOrder::kLittle);
    const auto control =
        std::find_if_not(text.value.begin(), text.value.end(), is_text_byte);
    text.value.erase(control, text.value.end());
    const std::vector<RawField>& fields = out.image().fields;
    if (!out.may_search(bytes_of(fields))) return;
    if (!text.value.empty() && !is_among(fields, text.value)) {
      out.note(ErrorCode::kIrregular, "a text is found by its looks",
               file_offset + at);
      const std::size_t label = text.value.find(":{");
      const bool is_labelled = label > 0 && label < kLongestLabel;
      out.add(carrier, is_labelled ? "ImageDescription" : "UserComment",
              std::move(text));
    }
    at = loose.find(end);
  }
}

void search_loose_texts(ByteWindow& in, Carrier carrier, FieldCollector& out) {
  constexpr std::size_t kSearched = std::size_t{1} << 20;
  read_loose_texts(in.view(0, kSearched), 0, carrier, LooseMarks::kAll, out);
  if (in.size() <= kSearched) return;
  const std::uint64_t tail =
      in.size() - std::min<std::uint64_t>(kSearched, in.size() - kSearched);
  read_loose_texts(in.view(tail, kSearched), tail, carrier, LooseMarks::kAll,
                   out);
}

}  // namespace sdmeta
