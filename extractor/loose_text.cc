#include "extractor/loose_text.h"

#include <algorithm>
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

// Where a text begins that can be told by itself: behind the name of its
// encoding, as a JSON object, or as a label in front of one.
std::size_t find_loose_text(std::string_view block, std::size_t at) {
  for (at = block.find_first_of("UA{S"sv, at); at != block.npos;
       at = block.find_first_of("UA{S"sv, at + 1)) {
    const std::string_view rest = block.substr(at);
    if (rest.size() < kFewestLooseBytes) break;
    if (starts_with_charset(rest)) return at;
    if (rest.starts_with("{\""sv) || rest.starts_with("Steps: "sv)) {
      while (at > 0 && is_text_byte(block[at - 1])) --at;
      return at;
    }
  }
  return block.npos;
}

}  // namespace

void read_loose_texts(Bytes block, std::uint64_t file_offset, Carrier carrier,
                      FieldCollector& out) {
  constexpr int kMostTexts = 64;
  constexpr std::size_t kLongestLabel = 32;
  constexpr std::size_t kCharsetBytes = 8;
  const auto is_ascii = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
      return is_text_byte(c) && static_cast<unsigned char>(c) < 0x80;
    });
  };
  const std::string_view all = as_text(block);
  int texts = 0;
  for (std::size_t at = find_loose_text(all, 0);
       at != all.npos && texts < kMostTexts; ++texts) {
    const bool has_charset = starts_with_charset(all.substr(at));
    const std::size_t start = at + (has_charset ? kCharsetBytes : 0);
    // "UNICODE" may hold UTF-8, too.
    const bool is_wide = all.substr(at).starts_with('U') && has_charset &&
                         !is_ascii(all.substr(start, 4));
    std::size_t end = all.find(is_wide ? "\0\0\0"sv : "\0"sv, start);
    end = std::min(end, all.size());
    Text text = decode_user_comment(
        block.subspan(at, end - at + (is_wide && end < all.size())),
        ByteOrder::kLittle);
    const auto control =
        std::find_if_not(text.value.begin(), text.value.end(), is_text_byte);
    text.value.erase(control, text.value.end());
    const std::vector<RawField>& fields = out.image().fields;
    const bool is_read = std::any_of(
        fields.begin(), fields.end(), [&text](const RawField& field) {
          return field.value == text.value ||
                 (text.value.size() >= kFewestLooseBytes &&
                  field.value.find(text.value) != std::string::npos);
        });
    if (!is_read && !text.value.empty()) {
      out.note(ErrorCode::kCorrupt, "a text is found by its looks",
               file_offset + at);
      const std::size_t label = text.value.find(":{");
      const bool is_labelled = label > 0 && label < kLongestLabel;
      out.add(carrier, is_labelled ? "ImageDescription" : "UserComment",
              std::move(text));
    }
    at = find_loose_text(all, end);
  }
}

void search_loose_texts(ByteWindow& in, Carrier carrier, FieldCollector& out) {
  constexpr std::size_t kSearched = std::size_t{1} << 20;
  read_loose_texts(in.view(0, kSearched), 0, carrier, out);
  if (in.size() <= kSearched) return;
  const std::uint64_t tail =
      in.size() - std::min<std::uint64_t>(kSearched, in.size() - kSearched);
  read_loose_texts(in.view(tail, kSearched), tail, carrier, out);
}

}  // namespace sdmeta
