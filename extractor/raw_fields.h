// What the extractor hands on: the pieces of text an image carries, each with
// the place it was found in, and what was noticed on the way. Knows containers;
// knows no tool. Everything is an owned value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extractor/error.h"

namespace sdmeta {

/// File types told apart by magic bytes, never by name.
enum class Container : std::uint8_t {
  kUnknown,
  kPng,
  kJpeg,
  kWebp,
  kGif,
  kTiff,
  kBmp,
  kAvif,
  kHeif,
  kJxl,
  kMp4,
  kMov,
  kWebm,
  kMatroska,
};

/// Lower-case name as in `image.format`: "png", "jpeg", "webp", ... ;
/// empty for kUnknown.
std::string_view container_name(Container container) noexcept;

/// Where in the container a field was found.
enum class Carrier : std::uint8_t {
  kPngText,      // tEXt
  kPngZtxt,      // zTXt
  kPngItxt,      // iTXt
  kPngComf,      // comf, ComfyUI's private chunk of animated PNGs
  kJpegComment,  // COM
  kGifComment,
  kExifIfd0,
  kExifIfd,      // the Exif IFD (0x8769)
  kExifIfd1,
  kXmp,
  kIptc,         // Photoshop 8BIM / IPTC-IIM
  kMp4Ilst,      // iTunes style, key such as "©cmt"
  kMp4Mdta,      // QuickTime keys, key such as "prompt"
  kMatroskaTag,
  kStealthAlpha,
  kStealthRgb,
};

/// Name as in `raw[].carrier`, e.g. "png:tEXt", "exif:IFD0", "jpeg:COM".
std::string_view carrier_name(Carrier carrier) noexcept;

/// The label that Chinese services must put into what they generate: XMP `AIGC`
/// of the namespace TC260, PNG `AIGC`, or JSON in a comment. It says who made a
/// picture, and nothing that was asked for. GB 45438-2025, annex E.
bool is_content_label(std::string_view key, std::string_view text) noexcept;

/// How `RawField::value` was decoded.
enum class Encoding : std::uint8_t {
  kUtf8,     // was valid UTF-8 (ASCII included)
  kLatin1,   // was not UTF-8; read as windows-1252
  kUtf16Le,
  kUtf16Be,
  kJis,
  kBytes,    // not decodable; value holds the bytes as they are
};

struct RawField {
  Carrier carrier = Carrier::kPngText;
  Encoding encoding = Encoding::kUtf8;
  /// PNG keyword; Exif tag name ("UserComment", "ImageDescription", "Make",
  /// "XPComment", ...); XMP qualified name ("exif:UserComment",
  /// "sdcpp:parameters"); keyword in front of a NUL in a COM payload, else
  /// "Comment"; tag name in videos. Stealth data has the key "parameters".
  std::string key;
  /// UTF-8 without BOM and without trailing NULs, line ends as found; bytes
  /// only where `encoding` is kBytes. May be empty.
  std::string value;

  bool operator==(const RawField&) const = default;
};

struct ImageFields {
  Container container = Container::kUnknown;
  /// Pixels, from the container's header.
  std::optional<std::uint32_t> width;
  std::optional<std::uint32_t> height;
  std::uint64_t bytes = 0;  // size of the file or archive member
  /// In file order; keys may repeat.
  std::vector<RawField> fields;
  /// Set when the container itself is broken, is no image, or cannot be read:
  /// one of kTruncated, kCorrupt, kNotAnImage, kUnsupportedFormat, kUnreadable;
  /// of archive members also kMemberTooLarge, kEncrypted, kArchiveBroken.
  /// Fields found before the break are kept.
  std::optional<Error> damage;
  /// Lesser findings: bad checksums, fields cut by a limit, provenance marks.
  std::vector<Error> notes;
  /// Something was left out for its size (kFieldTooLarge, kMemberTooLarge).
  bool has_passed_limit = false;
};

}  // namespace sdmeta
