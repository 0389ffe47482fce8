#include "extractor/jpeg.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "extractor/exif.h"
#include "extractor/iptc.h"
#include "extractor/provenance.h"
#include "extractor/text_decode.h"
#include "extractor/xmp.h"

namespace sdmeta {

namespace {

using namespace std::string_view_literals;

// Second bytes of markers, ITU T.81 table B.1.
constexpr std::uint8_t kTem = 0x01;
constexpr std::uint8_t kSof0 = 0xC0;
constexpr std::uint8_t kDht = 0xC4;
constexpr std::uint8_t kJpg = 0xC8;
constexpr std::uint8_t kDac = 0xCC;
constexpr std::uint8_t kSof15 = 0xCF;
constexpr std::uint8_t kRst0 = 0xD0;
constexpr std::uint8_t kSoi = 0xD8;
constexpr std::uint8_t kEoi = 0xD9;
constexpr std::uint8_t kSos = 0xDA;
constexpr std::uint8_t kApp1 = 0xE1;
constexpr std::uint8_t kApp11 = 0xEB;
constexpr std::uint8_t kApp13 = 0xED;
constexpr std::uint8_t kCom = 0xFE;

constexpr std::size_t kMaxPayloadBytes = 65533;

constexpr std::string_view kExifHeader = "Exif\0"sv;  // a sixth byte is padding
constexpr std::string_view kXmpHeader = "http://ns.adobe.com/xap/1.0/\0"sv;
constexpr std::string_view kExtendedXmpHeader =
    "http://ns.adobe.com/xmp/extension/\0"sv;
constexpr std::string_view kPhotoshopHeader = "Photoshop 3.0\0"sv;

struct Segment {
  std::uint64_t offset = 0;  // of the FF in front of its marker
  std::uint8_t marker = 0;
  std::size_t length = 0;  // of the payload

  std::uint64_t payload_offset() const noexcept { return offset + 4; }
  std::uint64_t end() const noexcept { return payload_offset() + length; }
  bool is_full() const noexcept { return length == kMaxPayloadBytes; }
};

struct ExtendedXmpPart {
  std::string guid;
  std::uint32_t offset = 0;
  std::uint64_t file_offset = 0;
  std::string bytes;
};

class JpegReader {
 public:
  JpegReader(ByteWindow& in, FieldCollector& out) : in_(in), out_(out) {}

  void read();

 private:
  void read_segments();
  bool find_marker(std::uint64_t& offset, std::uint8_t& marker);
  void read_payload(const Segment& segment);
  void read_size(Bytes payload);
  void read_app1(const Segment& segment, Bytes payload, TextEnd end);
  void read_exif_segment(const Segment& segment, Bytes payload, TextEnd end);
  void continue_exif(const Segment& segment, Bytes payload, TextEnd end);
  void flush_exif(TextEnd end);
  void read_comment(const Segment& segment, Bytes payload, TextEnd end);
  void flush_comment(TextEnd end);
  void add_comment(Bytes comment, TextEnd end);
  void keep(std::string& store, Bytes payload);
  void read_extended_xmp();
  void check_end(std::uint64_t scan_offset);

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

void JpegReader::read() {
  read_segments();
  flush_exif(TextEnd::kWhole);
  flush_comment(TextEnd::kWhole);
  read_extended_xmp();
  if (!photoshop_.empty()) read_photoshop_resources(as_bytes(photoshop_), out_);
  if (!manifest_.empty()) note_c2pa(as_bytes(manifest_), out_);
}

void JpegReader::read_segments() {
  std::uint64_t offset = 2;
  std::uint8_t marker = 0;
  while (out_.may_walk_on() && find_marker(offset, marker)) {
    if (marker == kSos) return check_end(offset);
    if (marker == kEoi) return;
    if (marker == kTem || (marker >= kRst0 && marker <= kSoi)) {
      offset += 2;
      continue;
    }
    ByteCursor header(in_.view(offset, 4), 2);
    const std::uint16_t length = header.be16();
    if (header.is_overrun()) {
      return out_.damage(ErrorCode::kTruncated,
                         "file ends after " + std::to_string(in_.size()) +
                             " bytes inside a segment header",
                         offset);
    }
    if (length < 2) {
      out_.note(ErrorCode::kCorrupt,
                "segment at byte " + std::to_string(offset) + " has length " +
                    std::to_string(length),
                offset);
      offset += 4;
      continue;
    }
    const Segment segment{offset, marker, length - std::size_t{2}};
    if (marker != kCom) flush_comment(TextEnd::kWhole);
    if (marker != kApp1) flush_exif(TextEnd::kWhole);
    read_payload(segment);
    if (segment.end() > in_.size()) {
      return out_.damage(ErrorCode::kTruncated,
                         "segment at byte " + std::to_string(offset) +
                             " declares " + std::to_string(segment.length) +
                             " bytes, file ends after " +
                             std::to_string(in_.size()),
                         offset);
    }
    offset = segment.end();
  }
}

// Moves `offset` to the next marker: over fill bytes, and over garbage, with a
// note. False at the end of the file.
bool JpegReader::find_marker(std::uint64_t& offset, std::uint8_t& marker) {
  const std::uint64_t start = offset;
  bool is_garbage = false;
  bool has_prefix = false;  // the byte in front of `offset` is FF
  while (offset - start <= out_.limits().max_garbage_bytes) {
    const Bytes bytes = in_.view(offset, is_garbage ? 4096 : 4);
    if (bytes.empty()) {
      out_.damage(ErrorCode::kTruncated,
                  "file ends after " + std::to_string(in_.size()) +
                      " bytes, before its image data",
                  in_.size());
      return false;
    }
    for (const std::uint8_t byte : bytes) {
      if (has_prefix && byte != 0xFF && byte != 0) {
        marker = byte;
        --offset;
        if (is_garbage) {
          out_.note(ErrorCode::kCorrupt,
                    std::to_string(offset - start) +
                        " bytes between segments at byte " +
                        std::to_string(start),
                    start);
        }
        return true;
      }
      is_garbage = is_garbage || byte != 0xFF;
      has_prefix = byte == 0xFF;
      ++offset;
    }
  }
  out_.damage(ErrorCode::kCorrupt,
              "no marker behind byte " + std::to_string(start), start);
  return false;
}

void JpegReader::read_payload(const Segment& segment) {
  const std::uint8_t marker = segment.marker;
  const bool is_frame = marker >= kSof0 && marker <= kSof15 && marker != kDht &&
                        marker != kJpg && marker != kDac;
  const bool is_text =
      marker == kApp1 || marker == kApp11 || marker == kApp13 || marker == kCom;
  if (!is_frame && !is_text) return;
  // The length counts no more than 64 KiB; no limit is needed here.
  const Bytes payload = in_.view(segment.payload_offset(), segment.length);
  const TextEnd end =
      payload.size() < segment.length ? TextEnd::kCut : TextEnd::kWhole;
  if (is_frame) return read_size(payload);
  switch (marker) {
    case kApp1: return read_app1(segment, payload, end);
    case kCom: return read_comment(segment, payload, end);
    case kApp13:
      if (begins_with(payload, kPhotoshopHeader)) {
        keep(photoshop_, payload.subspan(kPhotoshopHeader.size()));
      }
      return;
    case kApp11: {
      // JUMBF in "JP", an instance and a packet number (ISO 19566-5 annex D).
      constexpr std::size_t kJumbfHeaderBytes = 8;
      if (!begins_with(payload, "JP")) return;
      if (manifest_.size() >= kMaxManifestBytes) return;
      return keep(manifest_, clipped(payload, kJumbfHeaderBytes));
    }
    default: return;
  }
}

void JpegReader::read_size(Bytes payload) {
  ByteCursor cursor(payload, 1);  // bits of a sample
  const std::uint16_t height = cursor.be16();
  const std::uint16_t width = cursor.be16();
  if (cursor.is_overrun() || out_.image().width) return;
  out_.image().width = width;
  // 0 says that the number of lines follows the first scan.
  if (height != 0) out_.image().height = height;
}

void JpegReader::read_app1(const Segment& segment, Bytes payload, TextEnd end) {
  if (begins_with(payload, kExifHeader)) {
    return read_exif_segment(segment, payload, end);
  }
  const bool is_xmp = begins_with(payload, kXmpHeader);
  const bool is_extended_xmp = begins_with(payload, kExtendedXmpHeader);
  if (!is_xmp && !is_extended_xmp) {
    // ImageMagick (coders/jpeg.c, WriteProfiles) repeats no header.
    return continue_exif(segment, payload, end);
  }
  flush_exif(TextEnd::kWhole);
  if (is_xmp) {
    return read_xmp(payload.subspan(kXmpHeader.size()),
                    segment.payload_offset() + kXmpHeader.size(), out_, end);
  }
  constexpr std::size_t kGuidBytes = 32;
  ByteCursor cursor(payload, kExtendedXmpHeader.size());
  ExtendedXmpPart part;
  part.guid = as_text(cursor.take(kGuidBytes));
  cursor.skip(4);  // size of the whole
  part.offset = cursor.be32();
  part.file_offset = segment.payload_offset();
  if (cursor.is_overrun()) return;
  keep(part.bytes, cursor.rest());
  extended_xmp_.push_back(std::move(part));
}

// Blocks that do not fit into a segment go on in the next, which then has no
// TIFF header (exiftool).
void JpegReader::read_exif_segment(const Segment& segment, Bytes payload,
                                   TextEnd end) {
  const bool is_new = find_tiff_header(payload) != SIZE_MAX;
  if (!is_new && !exif_.empty()) {
    constexpr std::size_t kPaddedHeaderBytes = 6;
    return continue_exif(segment, clipped(payload, kPaddedHeaderBytes), end);
  }
  flush_exif(TextEnd::kWhole);
  if (!segment.is_full()) {
    return read_exif(payload, segment.payload_offset(), out_, end);
  }
  exif_offset_ = segment.payload_offset();
  keep(exif_, payload);
}

void JpegReader::continue_exif(const Segment& segment, Bytes payload,
                               TextEnd end) {
  if (exif_.empty()) return;
  keep(exif_, payload);
  if (!segment.is_full()) flush_exif(end);
}

void JpegReader::flush_exif(TextEnd end) {
  if (exif_.empty()) return;
  read_exif(as_bytes(exif_), exif_offset_, out_, end);
  exif_.clear();
}

void JpegReader::read_comment(const Segment& segment, Bytes payload,
                              TextEnd end) {
  if (comment_.empty() && !segment.is_full()) return add_comment(payload, end);
  keep(comment_, payload);
  if (!segment.is_full()) flush_comment(end);
}

void JpegReader::flush_comment(TextEnd end) {
  if (comment_.empty()) return;
  add_comment(as_bytes(comment_), end);
  comment_.clear();
}

// stable-diffusion.cpp and OnnxStream write a keyword and a NUL in front, as in
// PNG.
void JpegReader::add_comment(Bytes comment, TextEnd end) {
  constexpr std::size_t kMaxKeywordBytes = 79;
  const std::size_t nul =
      as_text(clipped(comment, 0, kMaxKeywordBytes + 1)).find('\0');
  if (nul != std::string_view::npos && nul > 0) {
    const std::string_view keyword = as_text(comment.first(nul));
    const bool is_ascii =
        std::all_of(keyword.begin(), keyword.end(),
                    [](char c) { return c >= ' ' && c < '\x7F'; });
    Text text = decode_text(comment.subspan(nul + 1), end);
    if (is_ascii && !text.value.empty()) {
      return out_.add(Carrier::kJpegComment, std::string(keyword),
                      std::move(text));
    }
  }
  Text text = decode_guessed(comment, end);
  if (!text.value.empty()) {
    out_.add(Carrier::kJpegComment, "Comment", std::move(text));
  }
}

// A million segments may be meant to be joined.
void JpegReader::keep(std::string& store, Bytes payload) {
  const std::size_t room = out_.limits().max_field_bytes -
                           std::min(kept_bytes_, out_.limits().max_field_bytes);
  if (payload.size() > room) {
    out_.note(ErrorCode::kFieldTooLarge,
              "joined segments have more than " +
                  std::to_string(out_.limits().max_field_bytes) +
                  " bytes, which are kept");
  }
  const Bytes kept = clipped(payload, 0, room);
  store.append(as_text(kept));
  kept_bytes_ += kept.size();
}

void JpegReader::read_extended_xmp() {
  std::stable_sort(extended_xmp_.begin(), extended_xmp_.end(),
                   [](const ExtendedXmpPart& a, const ExtendedXmpPart& b) {
                     return a.guid != b.guid ? a.guid < b.guid
                                             : a.offset < b.offset;
                   });
  for (std::size_t i = 0; i < extended_xmp_.size();) {
    const std::string& guid = extended_xmp_[i].guid;
    const std::uint64_t file_offset = extended_xmp_[i].file_offset;
    std::string packet;
    for (; i < extended_xmp_.size() && extended_xmp_[i].guid == guid; ++i) {
      const ExtendedXmpPart& part = extended_xmp_[i];
      if (part.offset > packet.size()) {
        out_.note(ErrorCode::kBadXmp,
                  "extended packet lacks bytes " +
                      std::to_string(packet.size()) + " to " +
                      std::to_string(part.offset),
                  part.file_offset);
      }
      if (part.offset < packet.size()) continue;  // a repetition
      packet += part.bytes;
    }
    read_xmp(as_bytes(packet), file_offset, out_);
  }
}

// Missing lines at the end are for --verify. But where it costs nothing, or the
// size is that of a download of the first so many bytes, a missing EOI is seen.
void JpegReader::check_end(std::uint64_t scan_offset) {
  constexpr std::uint64_t kRoundBytes = 1024;
  constexpr std::uint64_t kTailBytes = 4096;
  const std::uint64_t rest = in_.size() - scan_offset;
  if (!in_.holds(scan_offset, static_cast<std::size_t>(rest)) &&
      in_.size() % kRoundBytes != 0) {
    return;
  }
  const std::uint64_t tail_bytes = std::min(rest, kTailBytes);
  const Bytes tail =
      in_.view(in_.size() - tail_bytes, static_cast<std::size_t>(tail_bytes));
  if (as_text(tail).find("\xFF\xD9") != std::string_view::npos) return;
  out_.damage(ErrorCode::kTruncated,
              "file ends after " + std::to_string(in_.size()) +
                  " bytes without an end marker",
              in_.size());
}

}  // namespace

void read_jpeg(ByteWindow& in, FieldCollector& out) {
  JpegReader(in, out).read();
}

}  // namespace sdmeta
