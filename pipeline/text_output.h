// Text to a file or to standard output, all or nothing: a file is written as
// PATH.partial and gets its name when it is complete. Compressed if PATH ends
// in .gz or .zst.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "extractor/error.h"
#include "pipeline/compress.h"
#include "pipeline/sink.h"

namespace sdmeta {

class TextOutput {
 public:
  /// "-" is standard output. Two runs cannot write the same file at once.
  static Result<std::unique_ptr<TextOutput>> create(const std::string& path);
  /// Append to this, then call flush_if_full().
  std::string& buffer() { return buffer_; }
  std::optional<Error> flush_if_full() {
    if (buffer_.size() < kBufferBytes) return std::nullopt;
    return flush();
  }
  /// Everything is written and has its name.
  std::optional<Error> finish();

 private:
  static constexpr std::size_t kBufferBytes = 256 << 10;

  TextOutput(const std::string& path, std::unique_ptr<Sink> sink);
  std::optional<Error> flush();

  std::string name_;  // in messages
  Compression compression_;
  std::unique_ptr<Sink> sink_;
  std::string buffer_;
};

}  // namespace sdmeta
