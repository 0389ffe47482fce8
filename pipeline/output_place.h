// Where an output of a given name goes: links are followed, so that what they
// lead to is replaced and not they, and /dev/stdout is standard output, which
// may be a file somebody else has opened.
#pragma once

#include <string>

namespace sdmeta {

struct OutputPlace {
  /// No link; there need not be such a file.
  std::string path;
  /// Of this process, to be written as it stands; -1: `path` is to be opened.
  int descriptor = -1;
};

/// "-" is standard output, as are /dev/stdout, /dev/fd/1 and links to them.
OutputPlace output_place(const std::string& path);

}  // namespace sdmeta
