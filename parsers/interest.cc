#include "parsers/interest.h"

#include <algorithm>
#include <array>

#include "parsers/text.h"

namespace sdmeta {
namespace {

// Exif and TIFF have some hundred tags, of which people and tools write prose
// only into these. Camera makes and models count when they hold JSON.
constexpr std::array<std::string_view, 10> kProseTags = {
    "UserComment", "ImageDescription", "XPComment", "XPTitle",    "XPSubject",
    "XPKeywords",  "MakerNote",        "Comment",   "DocumentName", "PageName"};

// Qualified XMP names that hold prose; editors write dozens of others.
constexpr std::array<std::string_view, 9> kProseXmp = {
    "exif:UserComment",     "dc:description",  "dc:title",
    "sdcpp:parameters",     "tiff:ImageDescription",
    "photoshop:Headline",   "xmp:Description", "exif:ImageDescription",
    "photoshop:Instructions"};

// PNG keywords and video tags that never hold prose.
constexpr std::array<std::string_view, 27> kNoiseKeys = {
    "Software",       "Author",        "Copyright",        "Creation Time",
    "Disclaimer",     "Warning",       "Source",           "CreationTime",
    "create-date",    "modify-date",   "signature",        "encoder",
    "major_brand",    "minor_version", "compatible_brands", "creation_time",
    "handler_name",   "vendor_id",     "duration",         "language",
    "ENCODER",        "DURATION",      "XML:com.adobe.xmp", "AspectRatio",
    "Thumbnail",      "software",      "date:timestamp"};

// Families of ImageMagick and thumbnailers, and what muxers, phones and cameras
// write into videos; FFmpeg puts the names in capitals for Matroska.
constexpr auto kNoiseKeyPrefixes = std::to_array<std::string_view>(
    {"date:", "exif:", "icc:", "Thumb::", "png:", "tiff:", "xmp:", "jpeg:",
     "photoshop:", "Raw profile type", "major_brand", "minor_version",
     "compatible_brands", "handler_name", "vendor_id", "com.android.",
     "com.apple.quicktime.make", "com.apple.quicktime.model",
     "com.apple.quicktime.software", "com.apple.quicktime.creationdate",
     "com.apple.quicktime.location", "©too", "©swr", "©enc", "©day", "©mak",
     "©mod", "©xyz"});

// What programs write into a comment by themselves.
constexpr std::array<std::string_view, 19> kNoiseComments = {
    "Created with",       "CREATOR: gd-jpeg",   "Edited with",
    "File written by",    "Lavc",               "Lavf",
    "Optimized by",       "Optimized with",     "Compressed by",
    "LEAD Technologies",  "Intel(R) JPEG",      "AppleMark",
    "Processed By",       "Handmade Software",  "OLYMPUS DIGITAL CAMERA",
    "SONY DSC",           "KODAK",              "DIGITAL CAMERA",
    "Screenshot"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& set, std::string_view key) {
  return std::find(set.begin(), set.end(), key) != set.end();
}

template <std::size_t N>
bool begins_with_one_of(const std::array<std::string_view, N>& set,
                        std::string_view text) {
  return std::any_of(set.begin(), set.end(), [&](std::string_view prefix) {
    return starts_with_ignoring_case(text, prefix);
  });
}

bool is_prose_key(const Payload& payload) {
  const RawField& field = payload.field();
  if (is_content_label(payload.key(), payload.text())) return false;
  // A label in front of JSON was split off: some saver put it there.
  if (payload.key() != field.key || payload.looks_like_json()) return true;
  switch (field.carrier) {
    case Carrier::kExifIfd0:
    case Carrier::kExifIfd:
    case Carrier::kExifIfd1:
      return contains(kProseTags, field.key);
    case Carrier::kXmp:
      return contains(kProseXmp, field.key);
    default:
      return !contains(kNoiseKeys, field.key) &&
             !begins_with_one_of(kNoiseKeyPrefixes, field.key);
  }
}

}  // namespace

bool is_text_of_interest(const Payload& payload) {
  return !payload.text().empty() &&
         payload.field().encoding != Encoding::kBytes &&
         is_prose_key(payload) &&
         !begins_with_one_of(kNoiseComments, payload.text());
}

bool has_text_of_interest(const Payloads& payloads) {
  return std::any_of(payloads.all().begin(), payloads.all().end(),
                     is_text_of_interest);
}

}  // namespace sdmeta
