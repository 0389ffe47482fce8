#include "extractor/jpeg.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/block_search.h"
#include "extractor/jpeg_segment.h"
#include "extractor/jpeg_texts.h"

namespace sdmeta {
namespace jpeg {
namespace {

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
  AppKind kind_at(const Segment& segment);
  void check_end(std::uint64_t scan_offset);

  ByteWindow& in_;
  FieldCollector& out_;
  SegmentTexts texts_{in_, out_};
  // A scan in front of it may stand in what a segment of wrong length holds.
  std::uint64_t claimed_end_ = 0;
  BlockSearch search_{in_, out_.limits().max_search_bytes};
};

void JpegReader::read() {
  read_segments();
  texts_.finish();
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
    texts_.read(*segment, kind_at(*segment));
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

AppKind JpegReader::kind_at(const Segment& segment) {
  if (is_standalone(segment.marker)) return AppKind::kOther;
  return kind_of(in_.view(segment.payload_offset, kLongestAppHeader));
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
}  // namespace jpeg

void read_jpeg(ByteWindow& in, FieldCollector& out) {
  jpeg::JpegReader(in, out).read();
}

}  // namespace sdmeta
