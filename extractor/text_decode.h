// The one place where bytes of unknown encoding become UTF-8. Writers' own
// claims are weak evidence (a "UNICODE" comment may hold either UTF-16 order or
// UTF-8, a Latin-1 chunk holds UTF-8 more often than not), so the bytes decide.
#pragma once

#include <optional>
#include <string>

#include "extractor/byte_cursor.h"
#include "extractor/raw_fields.h"
#include "extractor/utf8.h"

namespace sdmeta {

struct Text {
  /// No BOM, no trailing NULs; everything else as it stood, CRLF included. Has
  /// spare capacity of 64 bytes unless it is short, so that a JSON parser need
  /// not copy it.
  std::string value;
  Encoding encoding = Encoding::kUtf8;
  /// Some of it could not be decoded and stands as U+FFFD, or (kBytes) all of
  /// it stands undecoded.
  bool is_damaged = false;
};

/// What a caller knows about the end of its bytes: cut text may end inside a
/// character, which is then dropped instead of speaking against UTF-8.
enum class TextEnd : std::uint8_t { kWhole, kCut };

/// kCut if less of a text is there than there should be.
constexpr TextEnd end_of_text(bool is_cut) noexcept {
  return is_cut ? TextEnd::kCut : TextEnd::kWhole;
}

/// UTF-8 if it is valid, UTF-16 or UTF-32 if a BOM says so, else windows-1252
/// (of which Latin-1 is a part). Text that is UTF-8 but for few bytes stays
/// UTF-8 and is damaged.
Text decode_text(Bytes bytes, TextEnd end = TextEnd::kWhole);

/// As decode_text, and UTF-16 without a BOM where its first four characters are
/// ASCII: for carriers in which NULs stand between texts of 8 bits.
Text decode_text_or_utf16(Bytes bytes, TextEnd end = TextEnd::kWhole);

/// As decode_text, and UTF-16 without a BOM is told by its zero bytes.
Text decode_guessed(Bytes bytes, TextEnd end = TextEnd::kWhole);

/// What should be UTF-16, of unknown byte order: a BOM decides, else zero
/// bytes, else which of the two readings looks like text, else `hint`, else big
/// endian. UTF-8 without any zero byte is read as such: Exif 3.0 and some tools
/// write it where UTF-16 belongs.
Text decode_utf16(Bytes bytes, std::optional<ByteOrder> hint = {},
                  TextEnd end = TextEnd::kWhole);

/// Value of the Exif tag UserComment: 8 bytes that name the encoding, then the
/// text; either may be missing or wrong. `tiff_order` is a last resort: the
/// block's byte order says little about the comment's.
Text decode_user_comment(Bytes bytes, ByteOrder tiff_order,
                         TextEnd end = TextEnd::kWhole);

/// Markup (XMP) in UTF-8, UTF-16 or UTF-32, told by a BOM or by how its first
/// character, which is ASCII, is stored.
Text decode_markup(Bytes bytes, TextEnd end = TextEnd::kWhole);

}  // namespace sdmeta
