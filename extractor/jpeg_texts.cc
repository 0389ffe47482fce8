#include "extractor/jpeg_texts.h"

#include <algorithm>
#include <utility>

#include "extractor/exif.h"
#include "extractor/iptc.h"
#include "extractor/loose_text.h"
#include "extractor/provenance.h"
#include "extractor/utf16_guess.h"
#include "extractor/xmp.h"

namespace sdmeta::jpeg {

void SegmentTexts::read_payload(const Segment& segment, AppKind kind) {
  const std::uint8_t marker = segment.marker;
  // The length counts no more than 64 KiB; no limit is needed here.
  const Bytes payload = in_.view(segment.payload_offset, segment.length);
  const TextEnd end = end_of_text(payload.size() < segment.length);
  if (kind != AppKind::kOther) return read_app(kind, segment, payload, end);
  if (is_frame(marker)) return read_size(payload);
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

void SegmentTexts::read_size(Bytes payload) {
  ByteCursor cursor(payload, 1);  // bits of a sample
  const std::uint16_t height = cursor.be16();
  const std::uint16_t width = cursor.be16();
  if (cursor.is_overrun() || out_.image().width) return;
  out_.image().width = width;
  // 0 says that the number of lines follows the first scan.
  if (height != 0) out_.image().height = height;
}

void SegmentTexts::read_app(AppKind kind, const Segment& segment, Bytes payload,
                            TextEnd end) {
  if (kind == AppKind::kExif) return read_exif_segment(segment, payload, end);
  flush_exif(kWhole);
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
void SegmentTexts::read_exif_segment(const Segment& segment, Bytes payload,
                                     TextEnd end) {
  const bool is_new = find_tiff_header(payload) != SIZE_MAX;
  if (!is_new && !exif_.empty()) {
    constexpr std::size_t kPaddedHeaderBytes = 6;
    return continue_exif(segment, clipped(payload, kPaddedHeaderBytes), end);
  }
  flush_exif(kWhole);
  if (!segment.is_full()) {
    return read_exif(payload, segment.payload_offset, out_, end);
  }
  exif_offset_ = segment.payload_offset;
  keep(exif_, payload);
}

void SegmentTexts::continue_exif(const Segment& segment, Bytes payload,
                                 TextEnd end) {
  if (exif_.empty()) return;
  keep(exif_, payload);
  if (!segment.is_full()) flush_exif(end);
}

void SegmentTexts::flush_exif(TextEnd end) {
  if (exif_.empty()) return;
  read_exif(as_bytes(exif_), exif_offset_, out_, end);
  exif_.clear();
}

void SegmentTexts::read_comment(const Segment& segment, Bytes payload,
                                TextEnd end) {
  if (comment_.empty() && !segment.is_full()) return add_comment(payload, end);
  keep(comment_, payload);
  if (!segment.is_full()) flush_comment(end);
}

void SegmentTexts::flush_comment(TextEnd end) {
  if (comment_.empty()) return;
  add_comment(as_bytes(comment_), end);
  comment_.clear();
}

// stable-diffusion.cpp and OnnxStream write a keyword and a NUL in front, as in
// PNG.
void SegmentTexts::add_comment(Bytes comment, TextEnd end) {
  constexpr std::size_t kMaxKeywordBytes = 79;
  if (starts_with_charset(as_text(comment))) {
    return out_.add(Carrier::kJpegComment, "Comment",
                    decode_user_comment(comment, ByteOrder::kBig, end));
  }
  const std::size_t nul =
      as_text(clipped(comment, 0, kMaxKeywordBytes + 1)).find('\0');
  // No keyword has one letter: UTF-16, be its first words damaged.
  const bool has_keyword =
      nul != std::string_view::npos && nul > 1 && !begins_as_utf16(comment);
  if (has_keyword) {
    const std::string_view keyword = as_text(comment.first(nul));
    const bool is_ascii =
        std::all_of(keyword.begin(), keyword.end(),
                    [](char c) { return c >= ' ' && c < '\x7F'; });
    Text text = decode_text_or_utf16(comment.subspan(nul + 1), end);
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
void SegmentTexts::keep(std::string& store, Bytes payload) {
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

void SegmentTexts::finish() {
  flush_exif(kWhole);
  flush_comment(kWhole);
  if (!extended_xmp_.empty()) read_extended_xmp(std::move(extended_xmp_), out_);
  if (!photoshop_.empty()) read_photoshop_resources(as_bytes(photoshop_), out_);
  if (!manifest_.empty()) note_c2pa(as_bytes(manifest_), out_);
}

}  // namespace sdmeta::jpeg
