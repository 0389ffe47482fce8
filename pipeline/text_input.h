// The bytes of a file in order, as they were before compression: plain text,
// gzip (any number of members) or zstd (any number of frames), told apart by
// their first bytes, never by the name.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "extractor/error.h"

namespace sdmeta {

class TextInput {
 public:
  /// "-" is standard input. An error is kUnreadable and names the file.
  static Result<std::unique_ptr<TextInput>> open(const std::string& path);
  virtual ~TextInput() = default;

  /// Fills `out` with up to `size` bytes; 0 at the end. As in
  /// DecompressedText, what can be decompressed comes before an error
  /// (kTruncated, kBadCompression, kUnreadable).
  virtual Result<std::size_t> read(char* out, std::size_t size) = 0;
  virtual bool is_compressed() const { return true; }
};

}  // namespace sdmeta
