// Which container a file is, by its first bytes, and who reads it. A new
// container is one reader and one row of the table.
#pragma once

#include <optional>
#include <string_view>

#include "extractor/byte_cursor.h"
#include "extractor/byte_window.h"
#include "extractor/field_collector.h"
#include "extractor/raw_fields.h"

namespace sdmeta {

struct ContainerRow {
  Container container = Container::kUnknown;
  std::string_view name;  // for messages
  /// `head` is the first 4 KiB of the file, or all of a shorter one. A file cut
  /// inside its magic bytes counts as theirs if at least two are left.
  bool (*matches)(Bytes head) noexcept = nullptr;
  /// Adds what it finds; may set a more exact ImageFields::container. May throw
  /// std::bad_alloc. Null for formats that are known and not read.
  void (*read)(ByteWindow& in, FieldCollector& out) = nullptr;
  /// For readers that do not search damaged files themselves: what texts found
  /// by their looks are taken for.
  std::optional<Carrier> loose_carrier = {};
  /// All that the file has to begin with where `matches` is null.
  std::string_view magic = {};
};

/// The first row of the table that matches, or null.
const ContainerRow* find_container(Bytes head) noexcept;

/// What a file that no row claims is: "empty file", "web page", "JSON text",
/// "unknown data".
std::string_view describe_non_image(Bytes head) noexcept;

}  // namespace sdmeta
