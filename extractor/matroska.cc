#include "extractor/matroska.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <string>

#include "extractor/byte_cursor.h"
#include "extractor/text_decode.h"

namespace sdmeta {
namespace {

// Element ids with their length marker, as the standards print them.
enum : std::uint32_t {
  kEbmlHeader = 0x1A45DFA3,
  kDocType = 0x4282,
  kSegment = 0x18538067,
  kInfo = 0x1549A966,
  kTitle = 0x7BA9,
  kTracks = 0x1654AE6B,
  kTrackEntry = 0xAE,
  kVideo = 0xE0,
  kPixelWidth = 0xB0,
  kPixelHeight = 0xBA,
  kCluster = 0x1F43B675,
  kTags = 0x1254C367,
  kTag = 0x7373,
  kSimpleTag = 0x67C8,
  kTagName = 0x45A3,
  kTagString = 0x4487,
};

// Children of Segment have ids of four bytes, and nothing below them has: this
// is how the end of an element of unknown size is known.
bool is_child_of_segment(std::uint32_t id) { return id > 0x0FFFFFFF; }

struct Element {
  std::uint32_t id = 0;
  std::uint64_t start = 0;  // of the payload, in bytes from the start of file
  std::uint64_t end = 0;    // never behind the end of what holds the element
  bool has_known_end = true;

  std::uint64_t size() const { return end - start; }
};

class ElementWalk {
 public:
  ElementWalk(ByteWindow& in, FieldCollector& out, std::uint64_t begin,
              std::uint64_t end, bool has_known_end = true)
      : in_(in),
        out_(out),
        next_(begin),
        end_(end),
        has_known_end_(has_known_end) {}
  ElementWalk(ByteWindow& in, FieldCollector& out, const Element& parent)
      : ElementWalk(in, out, parent.start, parent.end, parent.has_known_end) {}

  /// Nothing at the end and at what is no element (reported as damage). An
  /// element that is longer than what holds it is cut there, with a report.
  std::optional<Element> next();

  /// Where the next element begins: behind an element of unknown size only its
  /// reader knows.
  void go_on_at(std::uint64_t offset) { next_ = std::max(next_, offset); }
  std::uint64_t position() const { return next_; }

 private:
  std::nullopt_t stop() {
    end_ = next_;
    return std::nullopt;
  }

  ByteWindow& in_;
  FieldCollector& out_;
  std::uint64_t next_;
  std::uint64_t end_;
  bool has_known_end_;
};

std::optional<Element> ElementWalk::next() {
  constexpr std::size_t kMaxHeader = 4 + 8;
  if (next_ >= end_ || !out_.may_walk_on()) return std::nullopt;
  const std::uint64_t at = next_;
  const bool is_file_end = end_ == in_.size();
  ByteCursor header(
      in_.view(at, std::min<std::uint64_t>(kMaxHeader, end_ - at)));

  Element element;
  const Bytes rest = header.rest();
  if (rest.empty()) return stop();
  const std::size_t id_bytes =
      static_cast<std::size_t>(std::countl_zero(rest[0])) + 1;
  element.id = static_cast<std::uint32_t>(
      id_bytes <= 4 ? header.number(id_bytes, ByteOrder::kBig) : 0);
  const std::size_t size_bytes =
      header.remaining() == 0
          ? 1
          : static_cast<std::size_t>(std::countl_zero(header.rest()[0])) + 1;
  std::uint64_t size = 0;
  if (size_bytes <= 8) {
    const std::uint64_t mask = (std::uint64_t{1} << (7 * size_bytes)) - 1;
    size = header.number(size_bytes, ByteOrder::kBig) & mask;
    element.has_known_end = size != mask;
  }
  if (id_bytes > 4 || size_bytes > 8) {
    out_.damage(ErrorCode::kCorrupt, "no EBML element", at);
    return stop();
  }
  if (header.is_overrun()) {
    out_.damage(is_file_end ? ErrorCode::kTruncated : ErrorCode::kCorrupt,
                "header of an EBML element ends too early", at);
    return stop();
  }
  if (!has_known_end_ && is_child_of_segment(element.id)) return stop();

  element.start = at + header.position();
  const std::uint64_t room = end_ - element.start;
  if (!element.has_known_end) {
    size = room;
  } else if (size > room) {
    // Where one level ends too early the levels in it do too.
    if (!out_.image().damage)
      out_.damage(is_file_end ? ErrorCode::kTruncated : ErrorCode::kCorrupt,
                  "EBML element declares " + std::to_string(size) + " bytes, " +
                      (is_file_end ? "file" : "what holds it") +
                      " ends after " + std::to_string(room),
                  at);
    size = room;
  }
  element.end = element.start + size;
  next_ = element.has_known_end ? element.end : element.start;
  return element;
}

class Reader {
 public:
  Reader(ByteWindow& in, FieldCollector& out) : in_(in), out_(out) {}

  void run() {
    ElementWalk walk(in_, out_, 0, in_.size());
    while (const std::optional<Element> element = walk.next()) {
      if (element->id == kEbmlHeader) read_header(*element);
      // Several segments may follow each other; unknown size means to the end.
      if (element->id == kSegment) walk.go_on_at(read_segment(*element));
    }
  }

 private:
  void read_header(const Element& header) {
    ElementWalk walk(in_, out_, header);
    while (const std::optional<Element> element = walk.next())
      if (element->id == kDocType && as_text(bytes_of(*element, 8)) == "webm")
        out_.image().container = Container::kWebm;
  }

  std::uint64_t read_segment(const Element& segment) {
    // An unknown size ends at the next segment, whose id is of four bytes as
    // its children's are; so the walk may not stop at those.
    ElementWalk walk(in_, out_, segment.start, segment.end);
    while (const std::optional<Element> element = walk.next()) {
      switch (element->id) {
        case kInfo: walk.go_on_at(read_info(*element)); break;
        case kTracks: walk.go_on_at(read_tracks(*element)); break;
        case kTags: walk.go_on_at(read_tags(*element)); break;
        default:
          if (!element->has_known_end) walk.go_on_at(end_of(*element));
          break;
      }
    }
    return segment.end;
  }

  /// Walks an element of unknown size to its end.
  std::uint64_t end_of(const Element& element) {
    ElementWalk walk(in_, out_, element);
    while (walk.next()) {
    }
    return walk.position();
  }

  std::uint64_t read_info(const Element& info) {
    ElementWalk walk(in_, out_, info);
    while (const std::optional<Element> element = walk.next())
      if (element->id == kTitle) add("Title", *element);
    return walk.position();
  }

  std::uint64_t read_tracks(const Element& tracks) {
    ElementWalk walk(in_, out_, tracks);
    while (const std::optional<Element> track = walk.next()) {
      if (track->id != kTrackEntry) continue;
      ElementWalk parts(in_, out_, *track);
      while (const std::optional<Element> part = parts.next())
        if (part->id == kVideo) read_size(*part);
    }
    return walk.position();
  }

  void read_size(const Element& video) {
    ImageFields& image = out_.image();
    if (image.width) return;  // of the first video track
    ElementWalk walk(in_, out_, video);
    while (const std::optional<Element> element = walk.next()) {
      if (element->id == kPixelWidth) image.width = number_of(*element);
      if (element->id == kPixelHeight) image.height = number_of(*element);
    }
  }

  std::uint64_t read_tags(const Element& tags) {
    ElementWalk walk(in_, out_, tags);
    while (const std::optional<Element> tag = walk.next()) {
      if (tag->id != kTag) continue;
      ElementWalk parts(in_, out_, *tag);
      while (const std::optional<Element> part = parts.next())
        if (part->id == kSimpleTag) parts.go_on_at(read_simple_tag(*part, 1));
      walk.go_on_at(parts.position());
    }
    return walk.position();
  }

  // Tags may hold tags: the text of one comes before that of those in it.
  std::uint64_t read_simple_tag(const Element& tag, std::size_t depth) {
    if (depth > out_.limits().max_box_depth) {
      out_.note(ErrorCode::kTooManyFields, "tags are nested too deeply",
                tag.start);
      return tag.end;
    }
    std::string name;
    std::optional<Element> value;
    const auto add_value = [&] {
      if (value) add(name, *value);
      value.reset();
    };
    ElementWalk walk(in_, out_, tag);
    while (const std::optional<Element> part = walk.next()) {
      if (part->id == kTagName)
        name = decode_text(bytes_of(*part, kMaxNameBytes)).value;
      if (part->id == kTagString) value = part;
      if (part->id != kSimpleTag) continue;
      if (!name.empty()) add_value();
      walk.go_on_at(read_simple_tag(*part, depth + 1));
    }
    add_value();
    return walk.position();
  }

  void add(const std::string& key, const Element& text) {
    const std::size_t admitted = out_.admit(text.size(), key, text.start);
    const Bytes bytes = bytes_of(text, admitted);
    const bool is_cut = admitted < text.size() || text.end == in_.size();
    out_.add(Carrier::kMatroskaTag, key,
             decode_text(bytes, end_of_text(is_cut)));
  }

  Bytes bytes_of(const Element& element, std::size_t max_bytes) {
    return in_.view(element.start,
                    static_cast<std::size_t>(
                        std::min<std::uint64_t>(element.size(), max_bytes)));
  }

  std::uint32_t number_of(const Element& element) {
    const Bytes bytes = bytes_of(element, 8);
    return static_cast<std::uint32_t>(
        ByteCursor(bytes).number(bytes.size(), ByteOrder::kBig));
  }

  static constexpr std::size_t kMaxNameBytes = 256;

  ByteWindow& in_;
  FieldCollector& out_;
};

}  // namespace

void read_matroska(ByteWindow& in, FieldCollector& out) {
  out.image().container = Container::kMatroska;
  Reader(in, out).run();
}

}  // namespace sdmeta
