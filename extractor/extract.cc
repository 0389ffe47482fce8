#include "extractor/extract.h"

#include <new>
#include <optional>
#include <string>

#include "extractor/byte_window.h"
#include "extractor/container.h"
#include "extractor/field_collector.h"

namespace sdmeta {

namespace {

void read_image(ByteSource& source, const ExtractOptions& options,
                ImageFields& image) {
  ByteWindow in(source);
  FieldCollector out(image, options.limits);
  const Bytes head = in.view(0, ByteWindow::kHeadBytes);
  const ContainerRow* row = find_container(head);
  if (row == nullptr) {
    out.damage(ErrorCode::kNotAnImage, std::string(describe_non_image(head)));
  } else {
    image.container = row->container;
    if (row->read == nullptr) {
      out.damage(ErrorCode::kUnsupportedFormat, std::string(row->name));
    } else {
      row->read(in, out);
    }
  }
  // What looks like an early end after a failed read is no fault of the file.
  if (in.error()) image.damage = in.error();
}

}  // namespace

void init_extractor() {}

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
