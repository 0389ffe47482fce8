#include "extractor/text_decode.h"

#include <iconv.h>

#include <algorithm>
#include <array>

#include "extractor/utf16_guess.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sdmeta {

namespace {

constexpr std::size_t kSpareCapacity = 64;

// Keywords and other short texts stay inside the string.
std::string with_capacity(std::size_t bytes) {
  std::string text;
  if (bytes > text.capacity()) text.reserve(bytes + kSpareCapacity);
  return text;
}

Bytes without_trailing_nuls(Bytes bytes) noexcept {
  while (!bytes.empty() && bytes.back() == 0)
    bytes = bytes.first(bytes.size() - 1);
  return bytes;
}

// windows-1252 in the reading of the WHATWG encoding standard: its five gaps
// are the C1 controls, so that every byte has a character.
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
    0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

Text decode_windows1252(Bytes bytes) {
  Text text;
  text.encoding = Encoding::kLatin1;
  text.value = with_capacity(bytes.size() + bytes.size() / 4);
  for (const std::uint8_t byte : bytes) {
    const bool is_c1 = byte >= 0x80 && byte < 0xA0;
    append_utf8(text.value, is_c1 ? kWindows1252[byte - 0x80u] : byte);
  }
  return text;
}

Text repaired_utf8(Bytes bytes) {
  Text text;
  text.is_damaged = true;
  text.value = with_capacity(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Sequence sequence = utf8_sequence(bytes.subspan(at));
    if (sequence.length == 0) {
      append_utf8(text.value, kReplacement);
      ++at;
      continue;
    }
    text.value.append(as_text(bytes.subspan(at, sequence.length)));
    at += sequence.length;
  }
  return text;
}

// Bytes without a BOM.
Text decode_8_bit(Bytes bytes, TextEnd end) {
  bytes = without_trailing_nuls(bytes);
  Utf8Census census = take_census(bytes);
  if (census.cut > 0 && end == TextEnd::kCut) {
    bytes = without_trailing_nuls(bytes.first(bytes.size() - census.cut));
    census.cut = 0;
  }
  const std::size_t invalid = census.invalid + census.cut;
  if (invalid > 0) {
    // In Latin-1 text, bytes that form UTF-8 by accident are rare.
    const bool is_mostly_utf8 = census.multibyte > 4 * invalid;
    return is_mostly_utf8 ? repaired_utf8(bytes) : decode_windows1252(bytes);
  }
  Text text;
  text.value = with_capacity(bytes.size());
  text.value.append(as_text(bytes));
  return text;
}

// Appends the ASCII at the start of UTF-16 and returns its length: most of any
// prompt.
std::size_t append_ascii_run(std::string& out, Bytes bytes, ByteOrder order) {
  const std::size_t high = order == ByteOrder::kBig ? 0 : 1;
  const std::size_t count = bytes.size() / 2;
  std::size_t done = 0;
  while (done < count) {
    std::array<char, 1024> run;
    std::size_t length = 0;
#if defined(__SSE2__)
    // Sixteen units at once; what follows finds where the run ends.
    const __m128i not_ascii = _mm_set1_epi16(
        static_cast<short>(order == ByteOrder::kBig ? 0x80FF : 0xFF80));
    const __m128i shift = _mm_cvtsi32_si128(order == ByteOrder::kBig ? 8 : 0);
    const std::size_t most = std::min(run.size(), count - done);
    const auto* units =
        reinterpret_cast<const __m128i*>(bytes.data() + 2 * done);
    for (; length + 16 <= most; length += 16, units += 2) {
      const __m128i first = _mm_loadu_si128(units);
      const __m128i second = _mm_loadu_si128(units + 1);
      const __m128i is_ascii =
          _mm_cmpeq_epi8(_mm_and_si128(_mm_or_si128(first, second), not_ascii),
                         _mm_setzero_si128());
      if (_mm_movemask_epi8(is_ascii) != 0xFFFF) break;
      _mm_storeu_si128(reinterpret_cast<__m128i*>(run.data() + length),
                       _mm_packus_epi16(_mm_srl_epi16(first, shift),
                                        _mm_srl_epi16(second, shift)));
    }
#endif
    for (; length < run.size() && done + length < count; ++length) {
      const std::size_t at = 2 * (done + length);
      const std::uint8_t low = bytes[at + 1 - high];
      if (bytes[at + high] != 0 || low >= 0x80) break;
      run[length] = static_cast<char>(low);
    }
    out.append(run.data(), length);
    done += length;
    if (length < run.size()) break;
  }
  return done;
}

Text decode_utf16_as(Bytes bytes, ByteOrder order) {
  Text text;
  text.encoding =
      order == ByteOrder::kBig ? Encoding::kUtf16Be : Encoding::kUtf16Le;
  std::size_t count = bytes.size() / 2;
  while (count > 0 && unit_at(bytes, 2 * count - 2, order) == 0) --count;
  text.value = with_capacity(count + count / 8);
  for (std::size_t i = 0; i < count; ++i) {
    i += append_ascii_run(text.value, bytes.subspan(2 * i, 2 * (count - i)),
                          order);
    if (i == count) break;
    char32_t c = unit_at(bytes, 2 * i, order);
    if (is_high_surrogate(c) && i + 1 < count) {
      const char32_t low = unit_at(bytes, 2 * i + 2, order);
      if (is_low_surrogate(low)) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        ++i;
      }
    }
    if (!is_character(c)) text.is_damaged = true;
    append_utf8(text.value, c);
  }
  return text;
}

Text decode_utf32_as(Bytes bytes, ByteOrder order) {
  Text text;
  text.value = with_capacity(bytes.size() / 2);
  ByteCursor cursor(bytes);
  while (cursor.remaining() >= 4) {
    const auto c = static_cast<char32_t>(cursor.number(4, order));
    if (!is_character(c)) text.is_damaged = true;
    append_utf8(text.value, c);
  }
  while (text.value.ends_with('\0')) text.value.pop_back();
  return text;
}

// Behind a BOM, which programs that swap bytes, or put it in front of what has
// another order, get wrong: the zero bytes of ASCII do not lie.
Text decode_utf16_with_bom(Bytes bytes, ByteOrder bom) {
  return decode_utf16_as(
      bytes, order_of_ascii(without_trailing_nuls(bytes)).value_or(bom));
}

// UTF-32 before UTF-16: the little-endian BOM of one begins with that of the
// other.
std::optional<Text> decode_by_bom(Bytes bytes, TextEnd end) {
  using namespace std::string_view_literals;
  if (bytes.empty() || (bytes[0] != 0xEF && bytes[0] < 0xFE && bytes[0] != 0)) {
    return {};
  }
  if (begins_with(bytes, "\xEF\xBB\xBF")) {
    return decode_8_bit(bytes.subspan(3), end);
  }
  if (begins_with(bytes, "\xFF\xFE\0\0"sv)) {
    return decode_utf32_as(bytes.subspan(4), ByteOrder::kLittle);
  }
  if (begins_with(bytes, "\0\0\xFE\xFF"sv)) {
    return decode_utf32_as(bytes.subspan(4), ByteOrder::kBig);
  }
  if (begins_with(bytes, "\xFF\xFE")) {
    return decode_utf16_with_bom(bytes.subspan(2), ByteOrder::kLittle);
  }
  if (begins_with(bytes, "\xFE\xFF")) {
    return decode_utf16_with_bom(bytes.subspan(2), ByteOrder::kBig);
  }
  return {};
}

class Converter {
 public:
  explicit Converter(const char* from) noexcept
      : handle_(::iconv_open("UTF-8", from)) {}
  ~Converter() {
    if (is_open()) ::iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool is_open() const noexcept {
    return handle_ != reinterpret_cast<iconv_t>(-1);
  }

  std::optional<std::string> convert(Bytes bytes) const {
    if (!is_open()) return {};
    // No character of the encodings used here takes less than one byte or
    // becomes more than four.
    std::string out(4 * bytes.size() + kSpareCapacity, '\0');
    std::string in(as_text(bytes));
    char* from = in.data();
    std::size_t from_left = in.size();
    char* to = out.data();
    std::size_t to_left = out.size();
    const std::size_t failed = static_cast<std::size_t>(-1);
    if (::iconv(handle_, &from, &from_left, &to, &to_left) == failed) return {};
    if (::iconv(handle_, nullptr, nullptr, &to, &to_left) == failed) return {};
    out.resize(out.size() - to_left);
    return out;
  }

 private:
  iconv_t handle_;
};

// Exif says "JIS" and means ISO-2022-JP; tools write what their system used.
Text decode_jis(Bytes bytes, TextEnd end) {
  bytes = without_trailing_nuls(bytes);
  const bool has_escape =
      std::find(bytes.begin(), bytes.end(), 0x1B) != bytes.end();
  const Utf8Census census = take_census(bytes);
  if (!has_escape && census.invalid + census.cut == 0) {
    return decode_8_bit(bytes, end);
  }
  for (const char* name : {"ISO-2022-JP", "CP932", "EUC-JP"}) {
    if (std::optional<std::string> value = Converter(name).convert(bytes)) {
      return {std::move(*value), Encoding::kJis, false};
    }
  }
  Text text;
  text.value = as_text(bytes);
  text.encoding = Encoding::kBytes;
  text.is_damaged = true;
  return text;
}

// The name at the head of a UserComment in capitals, whatever it is written in,
// padded with NULs or spaces to eight bytes; empty if there is none.
std::string_view comment_charset(Bytes bytes) noexcept {
  if (bytes.size() < 8) return {};
  std::array<char, 8> capitals;
  std::transform(
      bytes.begin(), bytes.begin() + 8, capitals.begin(), [](std::uint8_t c) {
        return static_cast<char>(c >= 'a' && c <= 'z' ? c - 0x20 : c);
      });
  const std::string_view head(capitals.data(), capitals.size());
  for (const std::string_view name :
       {"UNICODE", "ASCII", "JIS", "UTF-8", "UTF8"}) {
    const std::string_view padding("\0 ", 2);
    if (head.starts_with(name) &&
        head.find_first_not_of(padding, name.size()) == head.npos) {
      return name;
    }
  }
  return {};
}

}  // namespace

Text decode_text(Bytes bytes, TextEnd end) {
  if (std::optional<Text> text = decode_by_bom(bytes, end))
    return *std::move(text);
  return decode_8_bit(bytes, end);
}

Text decode_guessed(Bytes bytes, TextEnd end) {
  if (std::optional<Text> text = decode_by_bom(bytes, end))
    return *std::move(text);
  if (looks_like_utf16(without_trailing_nuls(bytes))) {
    return decode_utf16_as(bytes, utf16_order(bytes, {}));
  }
  return decode_8_bit(bytes, end);
}

Text decode_text_or_utf16(Bytes bytes, TextEnd end) {
  return begins_as_utf16(bytes) ? decode_guessed(bytes, end)
                                : decode_text(bytes, end);
}

Text decode_utf16(Bytes bytes, std::optional<ByteOrder> hint, TextEnd end) {
  if (std::optional<Text> text = decode_by_bom(bytes, end))
    return *std::move(text);
  const bool has_zero = std::find(bytes.begin(), bytes.end(), 0) != bytes.end();
  if (!has_zero) {
    const Utf8Census census = take_census(bytes);
    if (census.invalid == 0 && (census.cut == 0 || end == TextEnd::kCut)) {
      return decode_8_bit(bytes, end);
    }
  }
  return decode_utf16_as(bytes, utf16_order(bytes, hint));
}

namespace {

// Eight bytes of something in front of what is clearly UTF-16.
bool has_damaged_charset(Bytes bytes) noexcept {
  const auto zeros = [bytes](std::size_t offset) {
    const Bytes eight = clipped(bytes, offset, 8);
    return std::count(eight.begin(), eight.end(), 0);
  };
  return zeros(0) == 0 && zeros(8) == 4;
}

// Names and marks that were encoded with the text: by programs that encode all
// of the value, or that put a name in front of what had one.
void remove_names(std::string& text) {
  using namespace std::string_view_literals;
  std::string_view rest = text;
  const std::size_t whole = rest.size();
  for (bool goes_on = true; goes_on;) {
    goes_on = false;
    for (const std::string_view name :
         {"UNICODE\0"sv, "ASCII\0\0\0"sv, "\xEF\xBB\xBF"sv}) {
      if (!rest.starts_with(name)) continue;
      rest.remove_prefix(name.size());
      goes_on = true;
    }
  }
  text.erase(0, whole - rest.size());
}

Text decode_named_comment(Bytes bytes, ByteOrder tiff_order, TextEnd end) {
  constexpr std::size_t kCharsetBytes = 8;
  if (end == TextEnd::kCut && bytes.size() < kCharsetBytes) return {};
  std::string_view charset = comment_charset(bytes);
  if (!charset.empty()) {
    Bytes body = bytes.subspan(kCharsetBytes);
    // Two programs have named it.
    while (body.size() >= kCharsetBytes && body[kCharsetBytes - 1] == 0 &&
           !comment_charset(body).empty()) {
      charset = comment_charset(body);
      body = body.subspan(kCharsetBytes);
    }
    const bool has_zero = std::find(body.begin(), body.end(), 0) != body.end();
    if (bytes[7] == ' ' && charset.size() == 7 && !has_zero) {
      return decode_8_bit(bytes, end);  // a text about UNICODE
    }
    if (charset == "JIS") return decode_jis(body, end);
    if (charset == "UNICODE") {
      return decode_utf16(body, tiff_order, end);
    }
    return decode_guessed(body, end);
  }
  // Eight NULs are "undefined".
  if (begins_with(bytes, std::string_view("\0\0\0\0\0\0\0\0", 8))) {
    bytes = bytes.subspan(8);
  } else if (has_damaged_charset(bytes)) {
    bytes = bytes.subspan(8);
  }
  return decode_guessed(bytes, end);
}

}  // namespace

Text decode_user_comment(Bytes bytes, ByteOrder tiff_order, TextEnd end) {
  Text text = decode_named_comment(bytes, tiff_order, end);
  remove_names(text.value);
  return text;
}

Text decode_markup(Bytes bytes, TextEnd end) {
  using namespace std::string_view_literals;
  if (std::optional<Text> text = decode_by_bom(bytes, end))
    return *std::move(text);
  if (begins_with(bytes, "<\0\0\0"sv)) {
    return decode_utf32_as(bytes, ByteOrder::kLittle);
  }
  if (begins_with(bytes, "\0\0\0<"sv)) {
    return decode_utf32_as(bytes, ByteOrder::kBig);
  }
  if (begins_with(bytes, "<\0"sv)) {
    return decode_utf16_as(bytes, ByteOrder::kLittle);
  }
  if (begins_with(bytes, "\0<"sv))
    return decode_utf16_as(bytes, ByteOrder::kBig);
  return decode_8_bit(bytes, end);
}

}  // namespace sdmeta
