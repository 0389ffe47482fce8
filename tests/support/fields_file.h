// Fixtures as text: the raw fields of one image, as the extractor would hand
// them on, in a file that people can read and diff.
//
//   # how it was made, with which tool version
//   container: png
//   size: 832x1216
//   note: photo: camera                 (optional, repeatable)
//   --- png:tEXt parameters
//   a prompt
//   Steps: 20, ...
//   --- exif:ExifIFD UserComment
//   ...
//
// A field's text runs to the line end before the next `--- `; `\` at the end of
// a `--- carrier key` line means that the file's escapes \r \n \t \0 \xHH \\ in
// the text are to be resolved.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "extractor/raw_fields.h"

namespace sdmeta {

/// Throws std::runtime_error naming file and line if the file is not of this
/// form: a broken fixture is a broken test.
ImageFields read_fields_file(const std::filesystem::path& path);

/// Every fixtures/<tool>/<case>.fields, sorted by path.
std::vector<std::filesystem::path> all_fields_files();

/// An ImageFields with one field, for tests that need no file.
ImageFields fields(std::string key, std::string value,
                   Carrier carrier = Carrier::kPngText);

}  // namespace sdmeta
