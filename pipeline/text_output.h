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

namespace sdmeta {

class TextOutput {
 public:
  /// "-" is standard output.
  static Result<std::unique_ptr<TextOutput>> create(const std::string& path);
  /// Removes the .partial file of an unfinished output.
  ~TextOutput();
  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;

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

  TextOutput(std::string path, int fd);
  std::optional<Error> flush();
  std::string place() const;  // in messages
  bool is_stdout() const { return path_ == "-"; }
  bool is_in_place() const { return partial_path_ == path_; }

  std::string path_;
  std::string partial_path_;  // what is open: a device is written in place
  Compression compression_;
  int fd_;
  std::string buffer_;
};

}  // namespace sdmeta
