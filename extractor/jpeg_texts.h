// What the segments of a JPEG hold: Exif, XMP, IPTC, comments, provenance, and
// the size of the picture. Some is spread over several segments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "extractor/byte_window.h"
#include "extractor/extended_xmp.h"
#include "extractor/field_collector.h"
#include "extractor/jpeg_segment.h"
#include "extractor/text_decode.h"

namespace sdmeta::jpeg {

class SegmentTexts {
 public:
  /// Both must outlive this.
  SegmentTexts(ByteWindow& in, FieldCollector& out) : in_(in), out_(out) {}

  /// Reads the next segment of the file, of `kind`.
  void read(const Segment& segment, AppKind kind) {
    if (!comment_.empty() && segment.marker != kCom) flush_comment(kWhole);
    if (!exif_.empty() && segment.marker != kApp1) flush_exif(kWhole);
    if (is_of_use(segment.marker, kind)) read_payload(segment, kind);
  }

  /// Reads what waited for more segments: behind the last one.
  void finish();

 private:
  static constexpr TextEnd kWhole = TextEnd::kWhole;

  static bool is_of_use(std::uint8_t marker, AppKind kind) noexcept {
    return kind != AppKind::kOther || marker == kApp1 || marker == kApp11 ||
           marker == kCom || is_frame(marker);
  }
  void read_payload(const Segment& segment, AppKind kind);
  void read_app(AppKind kind, const Segment& segment, Bytes payload,
                TextEnd end);
  void read_size(Bytes payload);
  void read_exif_segment(const Segment& segment, Bytes payload, TextEnd end);
  void continue_exif(const Segment& segment, Bytes payload, TextEnd end);
  void flush_exif(TextEnd end);
  void read_comment(const Segment& segment, Bytes payload, TextEnd end);
  void flush_comment(TextEnd end);
  void add_comment(Bytes comment, TextEnd end);
  void keep(std::string& store, Bytes payload);

  ByteWindow& in_;
  FieldCollector& out_;
  // What may go on in the next segment.
  std::string exif_;
  std::uint64_t exif_offset_ = 0;
  std::string comment_;
  // What is spread over segments anywhere in the file.
  std::string photoshop_;
  std::string manifest_;
  std::vector<ExtendedXmpPart> extended_xmp_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace sdmeta::jpeg
