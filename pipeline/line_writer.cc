#include "pipeline/line_writer.h"

#include <algorithm>
#include <bit>

#include "extractor/utf8.h"
#include "pipeline/lossless_text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sdmeta {
namespace {

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

#if defined(__SSE2__)

constexpr std::size_t kLane = 16;

/// 0xff for each byte that is not plain.
__m128i special_bytes(__m128i bytes) {
  // Signed comparison: bytes from 0x80 on are less than a space.
  return _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
}

__m128i special_lane(const char* at) {
  return special_bytes(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}

unsigned bits_of(__m128i special) {
  return static_cast<unsigned>(_mm_movemask_epi8(special));
}

/// Where the first plain bytes of a text end, of which at least a lane is left.
std::size_t plain_lanes(std::string_view text) {
  std::size_t at = 0;
  for (; text.size() - at >= 4 * kLane; at += 4 * kLane) {
    const char* const lanes = text.data() + at;
    const __m128i any = _mm_or_si128(
        _mm_or_si128(special_lane(lanes), special_lane(lanes + kLane)),
        _mm_or_si128(special_lane(lanes + 2 * kLane),
                     special_lane(lanes + 3 * kLane)));
    if (bits_of(any) != 0) break;
  }
  while (at < text.size()) {
    // The last lane overlaps the one before, which is plain.
    at = std::min(at, text.size() - kLane);
    const unsigned special = bits_of(special_lane(text.data() + at));
    if (special != 0)
      return at + static_cast<std::size_t>(std::countr_zero(special));
    at += kLane;
  }
  return at;
}

template <class Word>
Word word_at(const char* text) {
  Word word;
  std::memcpy(&word, text, sizeof word);
  return word;
}

/// Whether all of a text of 4 to 15 bytes is plain, asked of its first and its
/// last word, which may overlap.
bool is_plain_word(std::string_view text) {
  const char* const end = text.data() + text.size();
  if (text.size() >= 8) {
    const auto first = word_at<long long>(text.data());
    const auto last = word_at<long long>(end - 8);
    return bits_of(special_bytes(_mm_set_epi64x(last, first))) == 0;
  }
  const auto first = word_at<int>(text.data());
  const auto last = word_at<int>(end - 4);
  return bits_of(special_bytes(_mm_set_epi32(last, first, last, first))) == 0;
}

#endif

/// How many of the first bytes of `text` can stand as they are: up to a control
/// character, quote, backslash, or the start of a longer character.
std::size_t plain_bytes(std::string_view text) {
#if defined(__SSE2__)
  if (text.size() >= kLane) return plain_lanes(text);
  if (text.size() >= 4 && is_plain_word(text)) return text.size();
#endif
  return static_cast<std::size_t>(
      std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
}

void put_escape(LineWriter& out, unsigned char byte) {
  switch (byte) {
    case '"': return out.put("\\\"");
    case '\\': return out.put("\\\\");
    case '\b': return out.put("\\b");
    case '\f': return out.put("\\f");
    case '\n': return out.put("\\n");
    case '\r': return out.put("\\r");
    case '\t': return out.put("\\t");
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  out.put("\\u00");
  out.put(kHex[byte >> 4]);
  out.put(kHex[byte & 15]);
}

/// Copies the characters from `at` that begin with a byte of 0x80 or more;
/// returns where they end.
std::size_t put_wide(LineWriter& out, std::string_view text, std::size_t at) {
  const std::size_t start = at;
  while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) {
      out.put(text.substr(start, at - start));
      out.put("\xEF\xBF\xBD");
      return at + 1;
    }
    at += length;
  }
  out.put(text.substr(start, at - start));
  return at;
}

}  // namespace

void put_quoted(LineWriter& out, std::string_view text) {
  out.put('"');
  for (std::size_t at = 0;;) {
    const std::size_t plain = plain_bytes(text.substr(at));
    out.put(text.substr(at, plain));
    at += plain;
    if (at == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x80) {
      at = put_wide(out, text, at);
    } else {
      put_escape(out, byte);
      ++at;
    }
  }
  out.put('"');
}

void put_bytes(LineWriter& out, std::string_view bytes) {
  if (ascii_prefix(as_bytes(bytes)) == bytes.size()) {
    put_quoted(out, bytes);
  } else {
    put_quoted(out, to_lossless_text(bytes));
  }
}

}  // namespace sdmeta
