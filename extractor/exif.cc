#include "extractor/exif.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "extractor/iptc.h"
#include "extractor/loose_text.h"
#include "extractor/utf16_guess.h"
#include "extractor/xmp.h"

namespace sdmeta {

namespace {

using namespace std::string_view_literals;

// For a note: no more than a name's length, and nothing of a damaged tag.
std::string name_of_camera(const std::string& text) {
  constexpr std::size_t kLongestName = 64;
  std::string name(text.c_str());
  cut_utf8(name, kLongestName);
  return is_printable(name) ? name : std::string();
}

enum class TagKind : std::uint8_t {
  kText,
  kUserComment,
  kUtf16,      // Windows' own tags
  kMakerNote,  // text of one AI tool; binary in every camera
  kXmp,
  kIptc,
  kPhotoshop,
  kExifIfd,
  kWidth,
  kHeight,
  kExposure,  // only a camera writes it
};

struct Tag {
  std::uint16_t id;
  TagKind kind;
  std::string_view name;  // as exiftool and Exiv2 call it
};

// Sorted by id.
constexpr auto kTags = std::to_array<Tag>({
    {0x0100, TagKind::kWidth, "ImageWidth"},
    {0x0101, TagKind::kHeight, "ImageLength"},
    {0x010D, TagKind::kText, "DocumentName"},
    {0x010E, TagKind::kText, "ImageDescription"},
    {0x010F, TagKind::kText, "Make"},
    {0x0110, TagKind::kText, "Model"},
    {0x0131, TagKind::kText, "Software"},
    {0x0132, TagKind::kText, "DateTime"},
    {0x013B, TagKind::kText, "Artist"},
    {0x013C, TagKind::kText, "HostComputer"},
    {0x02BC, TagKind::kXmp, "XMLPacket"},
    {0x8298, TagKind::kText, "Copyright"},
    {0x829A, TagKind::kExposure, "ExposureTime"},
    {0x829D, TagKind::kExposure, "FNumber"},
    {0x83BB, TagKind::kIptc, "IPTCNAA"},
    {0x8649, TagKind::kPhotoshop, "ImageResources"},
    {0x8769, TagKind::kExifIfd, "ExifTag"},
    {0x9003, TagKind::kText, "DateTimeOriginal"},
    {0x9004, TagKind::kText, "DateTimeDigitized"},
    {0x927C, TagKind::kMakerNote, "MakerNote"},
    {0x9286, TagKind::kUserComment, "UserComment"},
    {0x9C9B, TagKind::kUtf16, "XPTitle"},
    {0x9C9C, TagKind::kUtf16, "XPComment"},
    {0x9C9D, TagKind::kUtf16, "XPAuthor"},
    {0x9C9E, TagKind::kUtf16, "XPKeywords"},
    {0x9C9F, TagKind::kUtf16, "XPSubject"},
    {0xA420, TagKind::kText, "ImageUniqueID"},
});

const Tag* find_tag(std::uint16_t id) noexcept {
  const auto tag = std::lower_bound(
      kTags.begin(), kTags.end(), id,
      [](const Tag& t, std::uint16_t wanted) { return t.id < wanted; });
  return tag != kTags.end() && tag->id == id ? &*tag : nullptr;
}

constexpr std::uint16_t kAscii = 2;
constexpr std::uint16_t kUtf8 = 129;  // Exif 3.0

std::uint64_t bytes_of_type(std::uint16_t type) noexcept {
  constexpr std::array<std::uint8_t, 14> kBytes = {1, 1, 1, 2, 4, 8, 1,
                                                   1, 2, 4, 8, 4, 8, 4};
  return type < kBytes.size() ? kBytes[type] : 1;
}

constexpr std::size_t kEntryBytes = 12;

struct Entry {
  std::uint16_t id = 0;
  std::uint16_t type = 0;
  std::uint64_t value_bytes = 0;
  std::uint64_t value_at = 0;  // from the TIFF header
};

struct Directory {
  std::uint64_t offset;  // from the TIFF header
  Carrier carrier;
};

std::string hex_tag(std::uint16_t id) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string name = "0x";
  for (int shift = 12; shift >= 0; shift -= 4)
    name += kDigits[id >> shift & 15];
  return name;
}

// What the walk is about: offsets in a TIFF structure count from its header.
struct TiffPlace {
  std::uint64_t base = 0;         // of the header in the window
  std::uint64_t file_offset = 0;  // of the window in the file
  TextEnd end = TextEnd::kWhole;
  bool is_file = false;  // a TIFF file, not a block in another file
};

class TiffWalk {
 public:
  TiffWalk(ByteWindow& in, const TiffPlace& place, FieldCollector& out)
      : in_(in),
        place_(place),
        out_(out),
        size_(in.size() - place.base),
        // Values do not overlap in a sound block; in a hostile one thousands of
        // tags share one.
        value_budget_(2 * size_) {}

  void run();

 private:
  Bytes view(std::uint64_t offset, std::uint64_t count) {
    if (offset >= size_) return {};
    count = std::min(count, size_ - offset);
    return in_.view(place_.base + offset, static_cast<std::size_t>(count));
  }

  std::uint64_t number(std::uint64_t offset, std::size_t count) {
    return ByteCursor(view(offset, count)).number(count, order_);
  }

  void queue(std::uint64_t offset, Carrier carrier);
  void read_directory(Directory directory);
  Entry read_entry(std::uint64_t at);
  void read_value(const Entry& entry, Carrier carrier);
  void add_value(const Tag* tag, const Entry& entry, Carrier carrier,
                 Bytes value, TextEnd end);
  Bytes aligned_comment(const Entry& entry, Bytes value);
  void note_photo();
  void report(std::string detail, std::uint64_t offset,
              ErrorCode code = ErrorCode::kTruncated);

  ByteWindow& in_;
  TiffPlace place_;
  FieldCollector& out_;
  std::uint64_t size_;  // from the TIFF header to the end
  std::uint64_t value_budget_;
  ByteOrder order_ = ByteOrder::kLittle;
  std::vector<Directory> directories_;  // found so far, in order of reading
  bool has_exposure_ = false;
  std::string camera_make_;
  std::string camera_model_;
};

// `code` is for a file: a block is a part of what is there.
void TiffWalk::report(std::string detail, std::uint64_t offset,
                      ErrorCode code) {
  if (place_.end == TextEnd::kCut) return;  // the container has said so
  const std::uint64_t at = place_.file_offset + place_.base + offset;
  if (place_.is_file) {
    out_.damage(code, std::move(detail), at);
  } else {
    out_.note(ErrorCode::kBadExif, std::move(detail), at);
  }
}

void TiffWalk::queue(std::uint64_t offset, Carrier carrier) {
  if (offset == 0) return;
  const bool is_known =
      std::any_of(directories_.begin(), directories_.end(),
                  [offset](const Directory& d) { return d.offset == offset; });
  if (is_known) {
    out_.note(ErrorCode::kBadExif, "directories form a loop",
              place_.file_offset + place_.base + offset);
  } else if (directories_.size() >= out_.limits().max_ifds) {
    out_.note(ErrorCode::kTooManyFields,
              "only the first " + std::to_string(out_.limits().max_ifds) +
                  " image file directories are read");
  } else {
    directories_.push_back({offset, carrier});
  }
}

void TiffWalk::run() {
  order_ = begins_with(view(0, 2), "MM") ? ByteOrder::kBig : ByteOrder::kLittle;
  constexpr std::uint64_t kHeaderBytes = 8;
  if (size_ < kHeaderBytes) return report("block ends inside its header", 0);
  const std::uint64_t first = number(4, 4);
  if (first == 0) return report("no directory", 4, ErrorCode::kCorrupt);
  directories_.reserve(4);
  queue(first, Carrier::kExifIfd0);
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    read_directory(directories_[i]);
  }
  note_photo();
}

void TiffWalk::read_directory(Directory directory) {
  const Bytes head = view(directory.offset, 2);
  if (head.size() < 2) {
    return report("directory at byte " + std::to_string(directory.offset) +
                      ", block ends after " + std::to_string(size_),
                  directory.offset);
  }
  const std::uint64_t declared = ByteCursor(head).number(2, order_);
  const std::uint64_t first = directory.offset + 2;
  std::uint64_t count = std::min((size_ - first) / kEntryBytes, declared);
  if (count < declared) {
    report("directory declares " + std::to_string(declared) +
               " entries, block ends after " + std::to_string(size_),
           directory.offset);
  }
  if (count > out_.limits().max_ifd_entries) {
    count = out_.limits().max_ifd_entries;
    out_.note(ErrorCode::kTooManyFields,
              "only the first " + std::to_string(count) + " of " +
                  std::to_string(declared) + " tags are read",
              place_.file_offset + place_.base + directory.offset);
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    read_value(read_entry(first + i * kEntryBytes), directory.carrier);
  }
  // Only the main chain has a next one; piexif writes none behind an Exif IFD,
  // where the comment follows at once.
  const std::uint64_t next_at = first + declared * kEntryBytes;
  if (directory.carrier != Carrier::kExifIfd && count == declared &&
      next_at + 4 <= size_) {
    queue(number(next_at, 4), Carrier::kExifIfd1);
  }
}

Entry TiffWalk::read_entry(std::uint64_t at) {
  ByteCursor cursor(view(at, kEntryBytes));
  Entry entry;
  entry.id = static_cast<std::uint16_t>(cursor.number(2, order_));
  entry.type = static_cast<std::uint16_t>(cursor.number(2, order_));
  entry.value_bytes = bytes_of_type(entry.type) * cursor.number(4, order_);
  entry.value_at = entry.value_bytes <= 4 ? at + 8 : cursor.number(4, order_);
  return entry;
}

void TiffWalk::read_value(const Entry& entry, Carrier carrier) {
  const Tag* tag = find_tag(entry.id);
  const bool is_text = entry.type == kAscii || entry.type == kUtf8;
  if (tag == nullptr && !is_text) return;
  const std::string_view name = tag != nullptr ? tag->name : "a text tag";

  const std::uint64_t there =
      entry.value_at >= size_
          ? 0
          : std::min(entry.value_bytes, size_ - entry.value_at);
  const std::size_t admitted = out_.admit(
      there, name, place_.file_offset + place_.base + entry.value_at);
  if (admitted > value_budget_) {
    return out_.note(ErrorCode::kBadExif, "values overlap");
  }
  value_budget_ -= admitted;
  const Bytes value = view(entry.value_at, admitted);
  const bool is_cut = value.size() < entry.value_bytes;
  if (there < entry.value_bytes) {
    report("tag " + std::string(name) + " declares " +
               std::to_string(entry.value_bytes) + " bytes, block ends after " +
               std::to_string(size_),
           entry.value_at);
  }
  if (!value.empty()) {
    add_value(tag, entry, carrier, value, end_of_text(is_cut));
  }
}

void TiffWalk::add_value(const Tag* tag, const Entry& entry, Carrier carrier,
                         Bytes value, TextEnd end) {
  const std::uint64_t file_offset =
      place_.file_offset + place_.base + entry.value_at;
  if (tag == nullptr) {
    // ComfyUI counts tags down from Make, one for each workflow part, so that
    // any tag may hold one.
    if (as_text(value).find('{') == std::string_view::npos) return;
    return out_.add(carrier, hex_tag(entry.id), decode_guessed(value, end));
  }
  Text text;
  switch (tag->kind) {
    case TagKind::kText:
      text = decode_guessed(value, end);
      if (tag->name == "Make") camera_make_ = name_of_camera(text.value);
      if (tag->name == "Model") camera_model_ = name_of_camera(text.value);
      break;
    case TagKind::kUserComment:
      text = decode_user_comment(aligned_comment(entry, value), order_, end);
      break;
    case TagKind::kUtf16:
      text = decode_utf16(value, ByteOrder::kLittle, end);
      break;
    case TagKind::kMakerNote:  // may be what the comment's tag points to
      text = decode_user_comment(value, order_, end);
      if (!is_printable(text.value)) return;
      break;
    case TagKind::kXmp: return read_xmp(value, file_offset, out_, end);
    case TagKind::kIptc: return read_iptc(value, out_);
    case TagKind::kPhotoshop: return read_photoshop_resources(value, out_);
    case TagKind::kExifIfd:
      return queue(ByteCursor(value).number(value.size() < 4 ? 2 : 4, order_),
                   Carrier::kExifIfd);
    case TagKind::kWidth:
    case TagKind::kHeight: {
      if (!place_.is_file) return;
      std::optional<std::uint32_t>& size = tag->kind == TagKind::kWidth
                                               ? out_.image().width
                                               : out_.image().height;
      // Later directories hold thumbnails and further pages.
      if (carrier == Carrier::kExifIfd0 && !size) {
        size = static_cast<std::uint32_t>(ByteCursor(value).number(
            std::min<std::size_t>(value.size(), 4), order_));
      }
      return;
    }
    case TagKind::kExposure: has_exposure_ = true; return;
  }
  if (text.value.empty()) return;
  out_.add(carrier, std::string(tag->name), std::move(text));
}

// The comment from the name of its encoding on, if that stands a few bytes off:
// farther where the value begins inside of UTF-16 and reaches beyond the block,
// for its offset counts from another place then, as the file's first byte.
Bytes TiffWalk::aligned_comment(const Entry& entry, Bytes value) {
  constexpr std::uint64_t kNear = 16;
  constexpr std::uint64_t kFar = 1024;
  if (starts_with_charset(as_text(value))) return value;
  const bool is_inside = value.size() < entry.value_bytes && value.size() > 3 &&
                         begins_as_utf16(value, 3);
  const std::uint64_t reach = is_inside ? kFar : kNear;
  const std::uint64_t before = std::min(reach, entry.value_at);
  const Bytes wider = view(entry.value_at - before, before + value.size());
  for (std::size_t at = 0; at < std::min<std::size_t>(wider.size(), 2 * reach);
       ++at) {
    if (starts_with_charset(as_text(wider.subspan(at))))
      return wider.subspan(at);
  }
  return value;
}

void TiffWalk::note_photo() {
  if (!has_exposure_ || camera_make_.empty()) return;
  if (camera_make_.find('{') != camera_make_.npos) return;
  std::string camera = std::move(camera_make_);
  // Many makers begin the model with their own name.
  if (camera_model_.starts_with(camera)) camera.clear();
  if (!camera.empty() && !camera_model_.empty()) camera += ' ';
  camera += camera_model_;
  out_.note(ErrorCode::kPhoto, "camera " + camera);
}

}  // namespace

std::size_t find_tiff_header(Bytes block) noexcept {
  constexpr std::size_t kLastStart = 16;
  for (std::size_t at = 0; at <= kLastStart; ++at) {
    const Bytes rest = clipped(block, at, 4);
    if (begins_with(rest, std::string_view("II*\0", 4)) ||
        begins_with(rest, std::string_view("MM\0*", 4))) {
      return at;
    }
  }
  return SIZE_MAX;
}

void read_exif(Bytes block, std::uint64_t file_offset, FieldCollector& out,
               TextEnd end) {
  const std::size_t first_field = out.image().fields.size();
  const std::size_t first_note = out.image().notes.size();
  const std::size_t header = find_tiff_header(block);
  if (header == SIZE_MAX && looks_like_xmp(block))
    return read_xmp(block, file_offset, out, end);
  if (header == SIZE_MAX) {
    out.note(ErrorCode::kBadExif, "no TIFF header", file_offset);
  } else {
    ByteWindow in(block);
    TiffWalk(in, {header, file_offset, end, false}, out).run();
  }
  if (out.has_generation_text_from(first_field)) return;
  const std::vector<Error>& notes = out.image().notes;
  const bool is_damaged =
      end == TextEnd::kCut || out.image().fields.size() == first_field ||
      std::any_of(
          notes.begin() + static_cast<std::ptrdiff_t>(first_note), notes.end(),
          [](const Error& note) { return note.code == ErrorCode::kBadExif; });
  read_loose_texts(block, file_offset, Carrier::kExifIfd,
                   is_damaged ? LooseMarks::kAll : LooseMarks::kNames, out);
}

void read_tiff(ByteWindow& in, FieldCollector& out) {
  TiffWalk(in, {0, 0, TextEnd::kWhole, true}, out).run();
}

}  // namespace sdmeta
