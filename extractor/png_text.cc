#include "extractor/png_text.h"

#include <algorithm>
#include <string>
#include <utility>

#include "extractor/inflate.h"
#include "extractor/raw_profile.h"
#include "extractor/xmp.h"

namespace sdmeta::png {

namespace {

// RFC 1950, 2.2: deflate with a window of 32 KiB.
bool begins_as_zlib(Bytes stream) noexcept {
  return stream.size() > 2 && stream[0] == 0x78 &&
         (stream[0] * 256 + stream[1]) % 31 == 0;
}

void add_text(const Chunk& chunk, Carrier carrier, Bytes keyword, Bytes text,
              TextEnd end, FieldCollector& out) {
  constexpr std::string_view kRawProfile = "Raw profile type ";
  // Some writers call the packet by another name.
  if (as_text(keyword) == "XML:com.adobe.xmp" || looks_like_xmp(text)) {
    return read_xmp(text, chunk.data_offset(), out, end);
  }
  if (begins_with(keyword, kRawProfile) &&
      read_raw_profile(as_text(keyword).substr(kRawProfile.size()),
                       as_text(text), chunk.data_offset(), out, end)) {
    return;
  }
  out.add(carrier, decode_text(keyword).value, decode_text_or_utf16(text, end));
}

void add_inflated(const Chunk& chunk, Carrier carrier, Bytes keyword,
                  Bytes stream, TextEnd end, FieldCollector& out) {
  // A bomb is cut where a field of its size would be.
  const std::size_t room = out.room();
  std::string text;
  switch (inflate_text(stream, room, text)) {
    case InflateEnd::kComplete: break;
    case InflateEnd::kInputEnded:
      if (end == TextEnd::kWhole) {
        out.note(ErrorCode::kBadCompression,
                 chunk.place() + " holds an unfinished stream", chunk.offset);
      }
      end = TextEnd::kCut;
      break;
    case InflateEnd::kCorrupt:
      out.note(ErrorCode::kBadCompression,
               chunk.place() + " inflates to " + std::to_string(text.size()) +
                   " bytes and then breaks",
               chunk.offset);
      // Some writers set the flag and forget to compress.
      if (text.empty() && is_printable(as_text(stream)))
        return add_text(chunk, carrier, keyword, stream, end, out);
      end = TextEnd::kCut;
      break;
    case InflateEnd::kTooLarge:
      out.note(ErrorCode::kFieldTooLarge,
               chunk.place() + " inflates to more than " +
                   std::to_string(room) + " bytes, which are kept",
               chunk.offset);
      end = TextEnd::kCut;
      break;
  }
  if (text.empty() && end == TextEnd::kCut) return;
  add_text(chunk, carrier, keyword, as_bytes(text), end, out);
}

// iTXt: `cursor` stands behind the keyword.
void add_international(const Chunk& chunk, Bytes keyword, ByteCursor cursor,
                       TextEnd end, FieldCollector& out) {
  const Bytes behind = cursor.rest();
  // As tEXt has it: no flag, no language. A flag may be wrong, too.
  const auto is_ascii = [](std::uint8_t c) { return c >= ' ' && c < 0x7F; };
  const bool has_flags = behind.size() < 2 || behind[0] <= 1 ||
                         (behind[1] == 0 && !is_ascii(behind[0]));
  if (!has_flags)
    return add_text(chunk, Carrier::kPngItxt, keyword, behind, end, out);
  const std::uint8_t flag = cursor.u8();
  cursor.skip(1);
  // Language and translated keyword.
  for (int skipped = 0; skipped < 2; ++skipped) {
    const std::size_t length = as_text(cursor.rest()).find('\0');
    if (length == std::string_view::npos) {
      if (end == TextEnd::kCut) return;
      // Without a language, or without a translated keyword.
      out.note(ErrorCode::kBadText,
               chunk.place() + " lacks a part in front of its text",
               chunk.offset);
      break;
    }
    cursor.skip(length + 1);
  }
  // A zlib header is no UTF-8; some writers forget the flag.
  const Bytes text = cursor.rest();
  const bool is_compressed =
      flag == 1 || (begins_as_zlib(text) && (flag != 0 || text[1] >= 0x80));
  if (is_compressed)
    return add_inflated(chunk, Carrier::kPngItxt, keyword, text, end, out);
  add_text(chunk, Carrier::kPngItxt, keyword, text, end, out);
}

}  // namespace

void read_text_chunk(const Chunk& chunk, Bytes data, TextEnd end,
                     FieldCollector& out) {
  const auto nul = std::find(data.begin(), data.end(), 0);
  if (nul == data.end()) {
    if (const std::size_t key_bytes = generation_key_before(as_text(data))) {
      return add_text(chunk, Carrier::kPngText, data.first(key_bytes),
                      data.subspan(key_bytes), end, out);
    }
    // A bare keyword, or a text whose writer forgot the keyword.
    const bool is_keyword = data.size() <= kMaxKeywordBytes;
    if (end == TextEnd::kCut && is_keyword) return;
    return add_text(chunk, Carrier::kPngText, is_keyword ? data : Bytes(),
                    is_keyword ? Bytes() : data, end, out);
  }
  const Bytes keyword(data.begin(), nul);
  ByteCursor cursor(data, keyword.size() + 1);
  if (chunk.type == kText || chunk.type == kComf) {
    const Carrier carrier =
        chunk.type == kText ? Carrier::kPngText : Carrier::kPngComf;
    return add_text(chunk, carrier, keyword, cursor.rest(), end, out);
  }
  if (chunk.type == kZtxt) {
    // The method; there is only one, and no stream begins with its number.
    const bool has_method = as_text(cursor.rest()).starts_with('\0') ||
                            begins_as_zlib(clipped(cursor.rest(), 1));
    if (has_method) cursor.skip(1);
    return add_inflated(chunk, Carrier::kPngZtxt, keyword, cursor.rest(), end,
                        out);
  }
  add_international(chunk, keyword, cursor, end, out);
}

}  // namespace sdmeta::png
