#include "extractor/extract.h"

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "extractor/byte_window.h"
#include "extractor/container.h"
#include "extractor/field_collector.h"
#include "extractor/loose_text.h"
#include "extractor/misplaced_image.h"
#include "extractor/packed_image.h"
#include "extractor/provenance.h"
#include "extractor/stealth.h"
#include "extractor/verify.h"

namespace sdmeta {

namespace {

bool wants_stealth(const FieldCollector& out, StealthMode mode) {
  switch (mode) {
    case StealthMode::kNever: return false;
    case StealthMode::kAlways: return true;
    case StealthMode::kAuto: break;
  }
  return !out.has_generation_text();
}

void read_pixels(ByteSource& source, const ExtractOptions& options,
                 FieldCollector& out) {
  ImageFields& image = out.image();
  if (wants_stealth(out, options.stealth)) {
    StealthResult stealth =
        read_stealth(source, image.container, options.limits);
    for (Error& note : stealth.notes)
      out.note(note.code, std::move(note.detail), note.offset);
    if (stealth.found)
      out.add(stealth.found->carrier, "parameters",
              decode_text(as_bytes(stealth.found->text)));
  }
  if (!options.verify || image.damage) return;
  if (std::optional<Error> error =
          verify_pixels(source, image.container, options.limits)) {
    const bool is_broken = error->code == ErrorCode::kTruncated ||
                           error->code == ErrorCode::kCorrupt ||
                           error->code == ErrorCode::kUnreadable;
    if (is_broken)
      out.damage(error->code, std::move(error->detail), error->offset);
    else
      out.note(error->code, std::move(error->detail), error->offset);
  }
}

void read_image(ByteSource& source, const ExtractOptions& options,
                ImageFields& image);

void read_replaced(ByteSource& source, const MisplacedImage& place,
                   const ExtractOptions& options, ImageFields& image) {
  ReplacedSource replaced(source, place);
  read_image(replaced, options, image);
  if (image.damage) return;
  image.damage =
      Error{ErrorCode::kCorrupt,
            place.missing.empty()
                ? std::to_string(place.offset) + " bytes in front of the image"
                : "signature is missing",
            0};
}

// What was found, from nothing to everything.
enum class Worth { kNothing, kPicture, kText, kGeneration };

Worth worth_of(ImageFields& image, const Limits& limits) {
  if (FieldCollector(image, limits).has_generation_text_from(0))
    return Worth::kGeneration;
  return image.fields.empty() ? Worth::kPicture : Worth::kText;
}

// The image that stands somewhere in `head`, the first bytes of the file. What
// looks like the first may be junk, or another picture in front of the one that
// has a text.
std::optional<MisplacedImage> choose_misplaced(Bytes head, ByteSource& source,
                                               ExtractOptions options) {
  constexpr int kMostTried = 4;
  // No image begins inside of what another is told by.
  constexpr std::size_t kToldBy = 16;
  options.verify = false;  // of the chosen one
  std::optional<MisplacedImage> best;
  Worth worth = Worth::kNothing;
  std::size_t from = 0;
  for (int i = 0; i < kMostTried && worth != Worth::kGeneration; ++i) {
    const auto place = find_misplaced_image(head, from);
    if (!place) break;
    from = static_cast<std::size_t>(place->offset) + kToldBy;
    ImageFields found;
    read_replaced(source, *place, options, found);
    const Worth its = worth_of(found, options.limits);
    if (its > worth) best = place;
    worth = std::max(worth, its);
    if (found.has_passed_limit) break;  // each may cost as much
  }
  return best;
}

void read_packed(ByteWindow& in, ImagePacking packing,
                 const ExtractOptions& options, ImageFields& image) {
  const UnpackedImage unpacked = unpack_image(in, packing, options.limits);
  if (in.error()) {
    image.damage = in.error();
    return;
  }
  MemorySource source(as_bytes(unpacked.bytes));
  read_image(source, options, image);
  const std::string what(packing_name(packing));
  const auto damage = [&image](ErrorCode code, std::string detail) {
    if (!image.damage) image.damage = Error{code, std::move(detail), {}};
  };
  switch (unpacked.end) {
    case InflateEnd::kComplete: break;
    case InflateEnd::kInputEnded:
      damage(ErrorCode::kTruncated, what + " data ends too early");
      break;
    case InflateEnd::kCorrupt:
      damage(ErrorCode::kCorrupt, what + " data is broken");
      break;
    case InflateEnd::kTooLarge:
      image.damage =
          Error{ErrorCode::kMemberTooLarge,
                "only the first " + std::to_string(unpacked.bytes.size()) +
                    " bytes of a packed image are unpacked",
                {}};
      image.has_passed_limit = true;
      break;
  }
  image.notes.push_back(
      {ErrorCode::kIrregular, "image is packed by " + what, std::nullopt});
}

// A picture without a size has lost its header: there is nothing to show.
bool lacks_picture(const ImageFields& image) noexcept {
  switch (image.container) {
    case Container::kPng:
    case Container::kJpeg:
    case Container::kWebp:
    case Container::kBmp:
    case Container::kAvif:
    case Container::kHeif: return image.width.value_or(0) == 0;
    default: return false;
  }
}

void read_image(ByteSource& source, const ExtractOptions& options,
                ImageFields& image) {
  ByteWindow in(source);
  FieldCollector out(image, options.limits);
  const Bytes head = in.view(0, ByteWindow::kHeadBytes);
  const ContainerRow* row = find_container(head);
  if (row == nullptr || row->read == nullptr) {
    if (const std::optional<ImagePacking> packing = packing_of_image(head))
      return read_packed(in, *packing, options, image);
  }
  if (row == nullptr) {
    const std::string_view what = describe_non_image(head);
    if (const auto place =
            choose_misplaced(in.view(0, kMisplacedBytes), source, options))
      return read_replaced(source, *place, options, image);
    out.damage(ErrorCode::kNotAnImage, std::string(what));
  } else {
    image.container = row->container;
    if (row->read == nullptr) {
      out.damage(ErrorCode::kUnsupportedFormat, std::string(row->name));
    } else {
      row->read(in, out);
      if (lacks_picture(image) && !image.damage)
        out.damage(ErrorCode::kCorrupt, "no size of a picture is stated");
      if (row->loose_carrier && image.damage && image.fields.empty())
        search_loose_texts(in, *row->loose_carrier, out);
      if (!in.error()) read_pixels(source, options, out);
      note_marks(out);
    }
  }
  // What looks like an early end after a failed read is no fault of the file.
  if (in.error()) image.damage = in.error();
  if (image.damage && image.damage->code == ErrorCode::kMemberTooLarge)
    image.has_passed_limit = true;
}

}  // namespace

ImageFields extract_fields(ByteSource& source,
                           const ExtractOptions& options) noexcept {
  ImageFields image;
  image.bytes = source.size();
  // The details are short enough to need no memory.
  try {
    read_image(source, options, image);
  } catch (const std::bad_alloc&) {
    image.damage = Error{ErrorCode::kUnreadable, "out of memory", {}};
  } catch (...) {
    image.damage = Error{ErrorCode::kUnreadable, "library error", {}};
  }
  return image;
}

}  // namespace sdmeta
