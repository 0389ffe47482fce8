#include "extractor/jpeg.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "extractor/block_search.h"
#include "extractor/exif.h"
#include "extractor/iptc.h"
#include "extractor/loose_text.h"
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
constexpr std::uint8_t kEoi = 0xD9;
constexpr std::uint8_t kSos = 0xDA;
constexpr std::uint8_t kApp1 = 0xE1;
constexpr std::uint8_t kApp11 = 0xEB;
constexpr std::uint8_t kCom = 0xFE;

constexpr std::uint8_t kDqt = 0xDB;
constexpr std::uint8_t kDri = 0xDD;
constexpr std::uint8_t kSof2 = 0xC2;
constexpr std::uint8_t kApp0 = 0xE0;
constexpr std::uint8_t kSof55 = 0xF7;  // JPEG-LS, ITU T.87

// With nothing behind them.
bool is_standalone(std::uint8_t marker) noexcept {
  return marker == kTem || (marker >= kRst0 && marker <= kEoi);
}

bool holds_text(std::uint8_t marker) noexcept {
  return (marker & 0xF0) == kApp0 || marker == kCom;
}

// Of those that stand in front of the pixels in most files.
bool is_usual(std::uint8_t marker) noexcept {
  return holds_text(marker) || marker == kDqt || marker == kDht ||
         marker == kDri || marker == kSos ||
         (marker >= kSof0 && marker <= kSof2);
}

constexpr std::size_t kMaxPayloadBytes = 65533;

constexpr std::string_view kExifHeader = "Exif\0"sv;  // a sixth byte is padding
constexpr std::string_view kXmpHeader = "http://ns.adobe.com/xap/1.0/"sv;
constexpr std::string_view kExtendedXmpHeader =
    "http://ns.adobe.com/xmp/extension/\0"sv;
constexpr std::string_view kPhotoshopHeader = "Photoshop 3.0\0"sv;

constexpr std::size_t kLongestAppHeader = kExtendedXmpHeader.size();

enum class AppKind : std::uint8_t {
  kOther,
  kExif,
  kXmp,
  kExtendedXmp,
  kPhotoshop
};

// Told by what the payload begins with: markers are damaged more easily.
AppKind kind_of(Bytes payload) noexcept {
  const std::string_view text = as_text(payload);
  if (text.starts_with(kExifHeader)) return AppKind::kExif;
  if (text.starts_with(kXmpHeader)) return AppKind::kXmp;
  if (text.starts_with(kExtendedXmpHeader)) return AppKind::kExtendedXmp;
  if (text.starts_with(kPhotoshopHeader)) return AppKind::kPhotoshop;
  return AppKind::kOther;
}

// Of bytes that begin with FF: a usual marker, and behind its segment the next,
// or text in it. (UTF-16's BOM looks like a comment's marker.)
bool looks_like_segment(Bytes bytes) noexcept {
  if (bytes.size() < 6 || !is_usual(bytes[1])) return false;
  const std::size_t end = 2 + ByteCursor(bytes, 2).be16();
  if (end < 4) return false;
  if (end >= bytes.size() || bytes[end] == 0xFF) return true;
  ByteCursor cursor(bytes, 4);
  const std::size_t length = end - 4;
  constexpr std::size_t kTableBytes = 65;  // of quantization
  if (bytes[1] == kDqt) return length % kTableBytes == 0;
  if (bytes[1] == kSos) return length == 4 + std::size_t{2} * cursor.u8();
  if (bytes[1] >= kSof0 && bytes[1] <= kSof2) {
    cursor.skip(5);
    return length == 6 + std::size_t{3} * cursor.u8();
  }
  const bool looks_like_utf16 = bytes[3] == 0 && bytes[5] == 0;
  return holds_text(bytes[1]) && !looks_like_utf16;
}

struct Segment {
  std::uint64_t offset = 0;  // of the FF in front of its marker
  std::uint8_t marker = 0;
  std::uint64_t payload_offset = 0;
  std::size_t length = 0;  // of the payload

  std::uint64_t end() const noexcept { return payload_offset + length; }
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
  std::optional<Segment> segment_at(std::uint64_t offset);
  std::optional<Segment> find_segment(std::uint64_t offset);
  bool is_followed(const Segment& segment);
  bool is_scan(const Segment& segment);
  std::uint64_t fit_length(Segment& segment);
  void read_payload(const Segment& segment);
  AppKind kind_at(const Segment& segment);
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
  // A scan in front of it may stand in what a segment of wrong length holds.
  std::uint64_t claimed_end_ = 0;
  BlockSearch search_{in_, out_.limits().max_search_bytes};
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
  std::optional<std::uint64_t> scan_offset;
  while (out_.may_walk_on() && offset < in_.size()) {
    std::optional<Segment> segment = segment_at(offset);
    if (!segment) {
      segment = find_segment(offset);
      if (!segment) break;
      out_.note(ErrorCode::kIrregular,
                std::to_string(segment->offset - offset) +
                    " bytes between segments at byte " + std::to_string(offset),
                offset);
    }
    const bool is_end = segment->marker == kEoi && segment->end() == in_.size();
    if (is_end || is_scan(*segment)) {
      scan_offset = segment->offset;
      if (offset >= claimed_end_) break;
    }
    std::uint64_t next = segment->end();
    if (!is_followed(*segment)) next = fit_length(*segment);
    if (segment->marker != kCom) flush_comment(TextEnd::kWhole);
    if (segment->marker != kApp1) flush_exif(TextEnd::kWhole);
    read_payload(*segment);
    if (next > in_.size()) {
      return out_.damage(ErrorCode::kTruncated,
                         "segment at byte " + std::to_string(segment->offset) +
                             " declares " + std::to_string(segment->length) +
                             " bytes, file ends after " +
                             std::to_string(in_.size()),
                         segment->offset);
    }
    offset = next;
  }
  if (scan_offset) return check_end(*scan_offset);
  if (offset + out_.limits().max_search_bytes < in_.size()) {
    return out_.damage(ErrorCode::kCorrupt,
                       "no marker behind byte " + std::to_string(offset),
                       offset);
  }
  out_.damage(ErrorCode::kTruncated,
              "file ends after " + std::to_string(in_.size()) +
                  " bytes, before its image data",
              in_.size());
}

// The segment whose marker, or fill bytes in front of it, stand at `offset`.
std::optional<Segment> JpegReader::segment_at(std::uint64_t offset) {
  while (true) {
    ByteCursor cursor(in_.view(offset, 4));
    if (cursor.u8() != 0xFF) return std::nullopt;
    const std::uint8_t marker = cursor.u8();
    if (cursor.is_overrun() || marker == 0) return std::nullopt;
    if (marker == 0xFF) {
      ++offset;
      continue;
    }
    if (is_standalone(marker)) return Segment{offset, marker, offset + 2, 0};
    const std::uint16_t length = cursor.be16();
    return Segment{offset, marker, offset + 4,
                   std::max<std::size_t>(length, 2) - 2};
  }
}

// The next segment of a usual kind that begins at `offset` or behind; or the
// Exif block or XMP packet of one that has lost its marker.
std::optional<Segment> JpegReader::find_segment(std::uint64_t offset) {
  constexpr std::size_t kOverlap = 64;
  const auto look = [this](Bytes block,
                           std::uint64_t at) -> std::optional<Segment> {
    const std::size_t last = std::min(block.size(), BlockSearch::kBlock);
    for (std::size_t i = 0; i < last; ++i) {
      const Bytes rest = block.subspan(i);
      if (rest[0] == 0xFF && looks_like_segment(rest))
        return segment_at(at + i);
      // Without its marker.
      if (kind_of(rest) != AppKind::kOther)
        return Segment{at + i, kApp1, at + i, 0};
    }
    return std::nullopt;
  };
  return search_.find(offset, UINT64_MAX, kOverlap, look);
}

bool JpegReader::is_scan(const Segment& segment) {
  constexpr std::size_t kMaxComponents = 4;
  if (segment.marker != kSos) return false;
  const std::uint8_t components =
      ByteCursor(in_.view(segment.payload_offset, 1)).u8();
  return components >= 1 && components <= kMaxComponents &&
         segment.length == 4 + std::size_t{2} * components;
}

// Whether a marker stands behind the segment.
bool JpegReader::is_followed(const Segment& segment) {
  if (is_standalone(segment.marker)) return true;
  // It stands in what another of wrong length holds, and goes on behind that.
  if (segment.offset < claimed_end_ && segment.end() > claimed_end_)
    return false;
  // A text is read in the same go.
  const bool is_text = segment.marker == kCom || segment.marker == kApp1;
  const std::uint64_t start = is_text ? segment.payload_offset : segment.end();
  const std::size_t before = is_text ? segment.length : 0;
  const Bytes there = in_.view(start, before + 1);
  return there.size() > before && there.back() == 0xFF;
}

// The length is wrong, or garbage follows: the next segment that can be found
// says where this one ends, which is returned. What a block of Exif or XMP has
// behind it does no harm; a comment would be longer by it.
std::uint64_t JpegReader::fit_length(Segment& segment) {
  const std::uint64_t start = segment.payload_offset;
  const bool has_name = kind_at(segment) != AppKind::kOther;
  // The header may be nothing but damage.
  const std::optional<Segment> next =
      find_segment(has_name ? start + kExifHeader.size() : segment.offset + 1);
  if (next && next->offset < start) return next->offset;
  if (!next) {
    // To the end, for what a block has behind it does no harm.
    if (has_name && segment.length < kExifHeader.size())
      segment.length =
          std::min<std::uint64_t>(kMaxPayloadBytes, in_.size() - start);
    return segment.end();
  }
  const std::size_t length =
      std::min<std::size_t>(next->offset - start, kMaxPayloadBytes);
  const bool is_longer = length > segment.length;
  if (segment.marker == kCom && is_longer) {
    // A text that has its end, or control characters behind it, is whole.
    const std::size_t kept =
        segment.length - std::min<std::size_t>(segment.length, 1);
    const Bytes more = in_.view(start + kept, length - kept);
    if (!is_printable(as_text(more))) return next->offset;
  }
  // What follows a segment may be junk that some program has put there.
  out_.note(is_longer ? ErrorCode::kIrregular : ErrorCode::kCorrupt,
            "segment at byte " + std::to_string(segment.offset) + " declares " +
                std::to_string(segment.length) +
                " bytes, the next one is at byte " +
                std::to_string(next->offset),
            segment.offset);
  claimed_end_ = std::max(claimed_end_, segment.end());
  if (is_longer || segment.marker == kCom) segment.length = length;
  return next->offset;
}

void JpegReader::read_payload(const Segment& segment) {
  const std::uint8_t marker = segment.marker;
  const bool is_frame = (marker >= kSof0 && marker <= kSof15 &&
                         marker != kDht && marker != kJpg && marker != kDac) ||
                        marker == kSof55;
  const AppKind kind = kind_at(segment);
  const bool is_text = kind != AppKind::kOther || marker == kApp1 ||
                       marker == kApp11 || marker == kCom;
  if (!is_frame && !is_text) return;
  // The length counts no more than 64 KiB; no limit is needed here.
  const Bytes payload = in_.view(segment.payload_offset, segment.length);
  const TextEnd end = end_of_text(payload.size() < segment.length);
  if (kind != AppKind::kOther) return read_app(kind, segment, payload, end);
  if (is_frame) return read_size(payload);
  if (marker == kApp1) {
    // ImageMagick (coders/jpeg.c, WriteProfiles) repeats no header.
    if (!exif_.empty()) return continue_exif(segment, payload, end);
    if (find_tiff_header(payload) != SIZE_MAX || looks_like_xmp(payload))
      read_exif(payload, segment.payload_offset, out_, end);
    return;
  }
  if (marker == kCom) return read_comment(segment, payload, end);
  // JUMBF in "JP", an instance and a packet number (ISO 19566-5 annex D).
  constexpr std::size_t kJumbfHeaderBytes = 8;
  if (!begins_with(payload, "JP")) return;
  if (manifest_.size() >= kMaxManifestBytes) return;
  keep(manifest_, clipped(payload, kJumbfHeaderBytes));
}

AppKind JpegReader::kind_at(const Segment& segment) {
  if (is_standalone(segment.marker)) return AppKind::kOther;
  return kind_of(in_.view(segment.payload_offset, kLongestAppHeader));
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

void JpegReader::read_app(AppKind kind, const Segment& segment, Bytes payload,
                          TextEnd end) {
  if (kind == AppKind::kExif) return read_exif_segment(segment, payload, end);
  flush_exif(TextEnd::kWhole);
  if (kind == AppKind::kPhotoshop)
    return keep(photoshop_, clipped(payload, kPhotoshopHeader.size()));
  if (kind == AppKind::kXmp) {
    return read_xmp(payload, segment.payload_offset, out_, end);
  }
  constexpr std::size_t kGuidBytes = 32;
  ByteCursor cursor(payload, kExtendedXmpHeader.size());
  ExtendedXmpPart part;
  part.guid = as_text(cursor.take(kGuidBytes));
  cursor.skip(4);  // size of the whole
  part.offset = cursor.be32();
  part.file_offset = segment.payload_offset;
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
    return read_exif(payload, segment.payload_offset, out_, end);
  }
  exif_offset_ = segment.payload_offset;
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
  if (starts_with_charset(as_text(comment))) {
    return out_.add(Carrier::kJpegComment, "Comment",
                    decode_user_comment(comment, ByteOrder::kBig, end));
  }
  const std::size_t nul =
      as_text(clipped(comment, 0, kMaxKeywordBytes + 1)).find('\0');
  const bool is_utf16 = nul == 1 && comment.size() > 3 && comment[3] == 0;
  if (nul != std::string_view::npos && nul > 0 && !is_utf16) {
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
      // What two parts hold, or a repetition.
      const std::size_t known =
          packet.size() - std::min<std::size_t>(packet.size(), part.offset);
      if (known < part.bytes.size()) packet += part.bytes.substr(known);
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
